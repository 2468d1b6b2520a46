// Storage classes and the claims that are there from the start, read and written.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

constexpr std::array<std::string_view, 4> kModes{"ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"};

void read_classes(ReadState& state, ObjectReader& cluster) {
  auto& classes = state.scenario.cluster.storage_classes;
  cluster.each_item("storage_classes", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::StorageClassSpec one;
    reader.require("name", one.name, as_dns_subdomain);
    reader.choose("binding", one.immediate, {{"immediate", true}, {"first_consumer", false}});
    reader.read("expandable", one.expandable, as_flag);
    reader.read("provisions", one.provisions, as_flag);
    reader.finish();
    if (std::ranges::find(classes, one.name, &fakeapi::StorageClassSpec::name) != classes.end()) {
      reader.error("name", fmt::format("there is a storage class \"{}\" already", one.name));
    }
    classes.push_back(std::move(one));
  });
}

}  // namespace

void read_claims(ReadState& state, ObjectReader& cluster) {
  read_classes(state, cluster);
  auto& claims = state.scenario.cluster.claims;
  cluster.each_item("claims", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::ExistingClaim claim;
    claim.ns = "default";
    reader.read("namespace", claim.ns, as_dns_label);
    reader.require("name", claim.name, as_dns_subdomain);
    reader.require("size", claim.spec.request_bytes, as_bytes);
    std::string storage_class;
    if (reader.read("storage_class", storage_class, as_text)) claim.spec.storage_class = storage_class;
    if (reader.has("access_modes")) claim.spec.access_modes = reader.texts("access_modes");
    for (const std::string& mode : claim.spec.access_modes) {
      if (std::ranges::find(kModes, mode) == kModes.end()) {
        reader.error("access_modes", fmt::format("\"{}\" is not one of {}", mode, fmt::join(kModes, ", ")));
      }
    }
    read_labels(reader, "labels", claim.labels);
    reader.finish();
    const bool known = std::ranges::any_of(
        claims, [&](const auto& other) { return other.ns == claim.ns && other.name == claim.name; });
    if (known) reader.error("name", fmt::format("namespace \"{}\" has a claim \"{}\" already", claim.ns, claim.name));
    claims.push_back(std::move(claim));
  });
}

void write_claims(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster) {
  using Json = nlohmann::ordered_json;
  for (const fakeapi::StorageClassSpec& one : config.storage_classes) {
    cluster["storage_classes"].push_back(Json{{"name", one.name},
                                              {"binding", one.immediate ? "immediate" : "first_consumer"},
                                              {"expandable", one.expandable},
                                              {"provisions", one.provisions}});
  }
  for (const fakeapi::ExistingClaim& claim : config.claims) {
    Json entry{{"namespace", claim.ns}, {"name", claim.name}, {"size", format_bytes(claim.spec.request_bytes)}};
    if (claim.spec.storage_class) entry["storage_class"] = *claim.spec.storage_class;
    if (!claim.spec.access_modes.empty()) entry["access_modes"] = claim.spec.access_modes;
    if (!claim.labels.empty()) {
      for (const auto& [key, value] : claim.labels) entry["labels"][key] = value;
    }
    cluster["claims"].push_back(std::move(entry));
  }
}

}  // namespace podramp::sim
