// Zones with a link of their own, the zones of registries, and the API server's link, read and written.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

// Zones that a node is in, or may be in when it joins.
std::vector<std::string> zones_of_nodes(const fakeapi::ClusterConfig& cluster) {
  std::set<std::string> zones;
  for (const fakeapi::NodeSpec& node : cluster.nodes) {
    if (const std::string zone = node_zone(node.node); !zone.empty()) zones.insert(zone);
  }
  return {zones.begin(), zones.end()};
}

void read_registry_zones(ReadState& state, ObjectReader& cluster, const std::vector<std::string>& known) {
  auto& registries = state.scenario.cluster.registries;
  std::size_t index = 0;
  cluster.each_item("registries", [&](const JsonValue& value, const std::string& path) {
    const std::size_t own = index++;
    if (value.kind != JsonKind::object || value.find("zone") == nullptr) return;
    ObjectReader reader(state.reading, value, path);
    std::string& zone = registries[own].zone;
    if (!reader.read("zone", zone, as_text) || state.nodes_unreadable()) return;
    if (std::ranges::find(known, zone) == known.end()) {
      reader.error("zone", fmt::format("no node is in a zone \"{}\"{}", zone, did_you_mean(zone, known)));
    }
  });
}

void read_zone_links(ReadState& state, ObjectReader& cluster, const std::vector<std::string>& known) {
  auto& zones = state.scenario.cluster.zones;
  cluster.each_item("zones", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::ZoneSpec zone;
    if (reader.require("name", zone.name, as_text)) {
      if (std::ranges::find(zones, zone.name, &fakeapi::ZoneSpec::name) != zones.end()) {
        reader.error("name", fmt::format("the zone \"{}\" is there already", zone.name));
      } else if (!state.nodes_unreadable() && std::ranges::find(known, zone.name) == known.end()) {
        reader.error("name", fmt::format("no node is in a zone \"{}\"{}", zone.name, did_you_mean(zone.name, known)));
      }
    }
    reader.require("bandwidth", zone.bytes_per_s, as_bandwidth);
    reader.finish();
    zones.push_back(std::move(zone));
  });
}

}  // namespace

void read_zones(ReadState& state, ObjectReader& cluster) {
  const std::vector<std::string> known = zones_of_nodes(state.scenario.cluster);
  read_registry_zones(state, cluster, known);
  read_zone_links(state, cluster, known);
}

void read_api_server(ReadState& state, ObjectReader& cluster) {
  const JsonValue* value = cluster.find("api_server");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, cluster.path_of("api_server"));
  fakeapi::ApiServerSpec& spec = state.scenario.cluster.api_server;
  reader.require("bandwidth", spec.bytes_per_s, as_bandwidth);
  if (reader.read("pod_size", spec.pod_bytes, as_bytes) && spec.pod_bytes == 0) {
    reader.error("pod_size", "must be above zero");
  }
  reader.finish();
}

void write_zones(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster) {
  for (const fakeapi::ZoneSpec& zone : config.zones) {
    cluster["zones"].push_back(
        nlohmann::ordered_json{{"name", zone.name}, {"bandwidth", format_bandwidth(zone.bytes_per_s)}});
  }
  if (config.api_server == fakeapi::ApiServerSpec{}) return;
  cluster["api_server"] = nlohmann::ordered_json{{"bandwidth", format_bandwidth(config.api_server.bytes_per_s)},
                                                 {"pod_size", format_bytes(config.api_server.pod_bytes)}};
}

}  // namespace podramp::sim
