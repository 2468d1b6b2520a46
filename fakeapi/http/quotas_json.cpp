// Quotas and limit ranges as objects and as what is enforced (quotas.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/port/pod_parts_json.h"
#include "fakeapi/http/quotas.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

bool is_cpu(std::string_view resource) { return resource == "cpu" || resource.ends_with(".cpu"); }
bool is_bytes(std::string_view resource) {
  return resource.ends_with("memory") || resource.ends_with("storage") || resource.find("hugepages") != resource.npos;
}

std::string amount_text(const std::string& resource, std::int64_t amount) {
  if (is_cpu(resource)) return format_cpu_milli(amount);
  return is_bytes(resource) ? format_bytes(amount) : fmt::format("{}", amount);
}

json amounts(const fact::Usage& usage) {
  json object = json::object();
  for (const auto& [resource, amount] : usage) object[resource] = amount_text(resource, amount);
  return object;
}

}  // namespace

Result<QuotaSpec> quota_of(const Manifest& object) {
  QuotaSpec quota;
  quota.ns = object.ns;
  quota.name = object.name;
  const auto tree = parse_json(object.extra_json.empty() ? "{}" : object.extra_json);
  if (!tree || !tree->is_object()) return quota;
  const json none = json::object();
  const json spec = tree->value("spec", none);
  if (!spec.is_object()) return quota;
  const json hard = spec.value("hard", none);
  for (const auto& [resource, value] : hard.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    const auto amount = is_cpu(resource)     ? parse_cpu_milli(text)
                        : is_bytes(resource) ? parse_bytes(text)
                                             : parse_count(text);
    if (!amount) return tl::unexpected(Error{fmt::format("spec.hard[{}]: {}", resource, amount.error().message)});
    quota.hard[resource] = *amount;
  }
  const json scopes = spec.value("scopes", json::array());
  for (const json& scope : scopes) {
    if (scope.is_string()) quota.scopes.push_back(scope.get<std::string>());
  }
  return quota;
}

Manifest quota_document(const QuotaSpec& quota) {
  Manifest object;
  object.kind = podramp::Kind::resource_quota;
  object.ns = quota.ns;
  object.name = quota.name;
  json spec{{"hard", amounts(quota.hard)}};
  if (!quota.scopes.empty()) spec["scopes"] = quota.scopes;
  object.extra_json = json{{"spec", spec}}.dump();
  return object;
}

Manifest limit_range_document(const LimitRangeSpec& range) {
  Manifest object;
  object.kind = podramp::Kind::limit_range;
  object.ns = range.ns;
  object.name = range.name;
  json limit{{"type", "Container"}};
  const auto put = [&](const char* name, const Resources& of) {
    if (json shown = amounts_json(of); !shown.empty()) limit[name] = std::move(shown);
  };
  put("default", range.default_limit);
  put("defaultRequest", range.default_request);
  put("min", range.min);
  put("max", range.max);
  object.extra_json = json{{"spec", {{"limits", json::array({limit})}}}}.dump();
  return object;
}

void add_quota_status(json& tree, const Manifest& object, const Scene& scene) {
  const auto known = scene.state.quotas().find(object.ns + "/" + object.name);
  if (known == scene.state.quotas().end() || !known->second.counted) return;
  tree["status"] = json{{"hard", amounts(known->second.hard)}, {"used", amounts(known->second.used)}};
}

}  // namespace podramp::fakeapi::rest
