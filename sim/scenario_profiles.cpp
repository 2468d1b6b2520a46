// Resource profiles of an application, read and written: what a stage asks for besides the default executor.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kMib = 1LL << 20;

struct MibField {
  std::string_view name;
  std::optional<std::int64_t> backend::ResourceProfile::*member;
};
constexpr std::array<MibField, 4> kSizes{{{"memory", &backend::ResourceProfile::memory_mib},
                                          {"overhead", &backend::ResourceProfile::overhead_mib},
                                          {"pyspark", &backend::ResourceProfile::pyspark_mib},
                                          {"off_heap", &backend::ResourceProfile::off_heap_mib}}};

void read_custom_resources(ReadState& state, ObjectReader& reader, backend::ResourceProfile& into) {
  reader.each_item("custom_resources", [&](const JsonValue& value, const std::string& path) {
    ObjectReader item(state.reading, value, path);
    backend::CustomResource resource;
    item.require("name", resource.name, as_text);
    item.require("amount", resource.amount, whole_between(1, 1'000'000));
    item.read("vendor", resource.vendor, as_text);
    item.finish();
    into.custom_resources.push_back(std::move(resource));
  });
}

}  // namespace

void read_profiles(ReadState& state, ObjectReader& application, ApplicationSpec& into) {
  application.each_item("profiles", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    backend::ResourceProfile profile;
    std::int64_t id = 0;
    if (reader.require("id", id, whole_between(1, std::numeric_limits<ProfileId>::max()))) {
      profile.id = static_cast<ProfileId>(id);
      if (has_profile(into, profile.id)) reader.error("id", fmt::format("there is a profile {} already", id));
    }
    std::int64_t number = 0;
    if (reader.read("cores", number, whole_between(1, 100'000))) profile.cores = number;
    for (const MibField& field : kSizes) {
      if (!reader.read(field.name, number, as_bytes)) continue;
      if (number % kMib != 0) reader.error(field.name, "must be a whole number of Mi, as in Spark");
      profile.*field.member = number / kMib;
    }
    read_custom_resources(state, reader, profile);
    reader.finish();
    into.profiles.push_back(std::move(profile));
  });
}

nlohmann::ordered_json profile_json(const backend::ResourceProfile& profile) {
  nlohmann::ordered_json object{{"id", profile.id}};
  if (profile.cores) object["cores"] = *profile.cores;
  for (const MibField& field : kSizes) {
    if (profile.*field.member) object[field.name] = format_bytes(*(profile.*field.member) * kMib);
  }
  for (const backend::CustomResource& resource : profile.custom_resources) {
    nlohmann::ordered_json item{{"name", resource.name}, {"amount", resource.amount}};
    if (!resource.vendor.empty()) item["vendor"] = resource.vendor;
    object["custom_resources"].push_back(std::move(item));
  }
  return object;
}

}  // namespace podramp::sim
