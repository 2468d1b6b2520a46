// A LimitRange's document as what is enforced (limit_range.h).
#include <nlohmann/json.hpp>

#include "backend/port/kube_json.h"
#include "fakeapi/limit_range.h"

namespace podramp::fakeapi {
namespace {

using nlohmann::json;

// Amounts that are none are left out.
Resources limit_amounts(const json& limit, const char* member) {
  Resources amounts;
  const auto found = limit.find(member);
  if (found == limit.end() || !found->is_object()) return amounts;
  for (const auto& [name, value] : found->items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (name == "cpu") {
      if (const auto milli = parse_cpu_milli(text)) amounts.cpu_milli = *milli;
    } else if (name == "memory") {
      if (const auto bytes = parse_bytes(text)) amounts.memory_bytes = *bytes;
    } else if (const auto amount = name.ends_with("storage") ? parse_bytes(text) : parse_count(text)) {
      amounts.other[name] = *amount;
    }
  }
  return amounts;
}

}  // namespace

std::vector<LimitRangeSpec> limit_ranges_of(const Manifest& object) {
  std::vector<LimitRangeSpec> ranges;
  const auto tree = parse_json(object.extra_json.empty() ? "{}" : object.extra_json);
  if (!tree || !tree->is_object()) return ranges;
  const json none = json::object();
  const json spec = tree->value("spec", none);
  const json limits = spec.is_object() ? spec.value("limits", json::array()) : none;
  if (!limits.is_array()) return ranges;
  for (const json& limit : limits) {
    const auto type = limit.is_object() ? limit.find("type") : limit.end();
    if (type == limit.end() || *type != "Container") continue;
    LimitRangeSpec range{object.ns,
                         object.name,
                         limit_amounts(limit, "defaultRequest"),
                         limit_amounts(limit, "default"),
                         limit_amounts(limit, "min"),
                         limit_amounts(limit, "max")};
    ranges.push_back(with_own_defaults(std::move(range)));
  }
  return ranges;
}

}  // namespace podramp::fakeapi
