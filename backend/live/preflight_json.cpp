// The JSON of what the preflight asks and reads (declared in preflight.h).
#include <nlohmann/json.hpp>

#include "backend/live/preflight.h"
#include "backend/port/kube_json.h"

namespace podramp::live {
namespace {

using nlohmann::json;

json member(const json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && it != object.end() ? *it : json();
}

Result<std::int64_t> amount(const std::string& resource, const json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (resource == "requests.cpu") return parse_cpu_milli(text);
  return resource == "pods" ? parse_count(text) : parse_bytes(text);
}

}  // namespace

std::string access_review_text(const Need& need, const std::string& ns) {
  json attributes{{"namespace", ns}, {"verb", need.verb}, {"group", need.group}, {"resource", need.resource}};
  if (!need.subresource.empty()) attributes["subresource"] = need.subresource;
  return json_text({{"apiVersion", "authorization.k8s.io/v1"},
                    {"kind", "SelfSubjectAccessReview"},
                    {"spec", {{"resourceAttributes", attributes}}}});
}

Result<bool> access_review_allows(std::string_view body) {
  const auto tree = parse_json(body);
  if (!tree) return tl::unexpected(tree.error());
  const json allowed = member(member(*tree, "status"), "allowed");
  if (!allowed.is_boolean()) return tl::unexpected(Error{"status.allowed is missing"});
  return allowed.get<bool>();
}

std::vector<QuotaRoom> quota_rooms(std::string_view list_body) {
  std::vector<QuotaRoom> rooms;
  const auto tree = parse_json(list_body);
  if (!tree) return rooms;
  const json items = member(*tree, "items");
  for (const json& quota : items) {
    const json spec = member(quota, "spec");
    if (!member(spec, "scopes").is_null() || !member(spec, "scopeSelector").is_null()) continue;
    const json status = member(quota, "status");
    const json name = member(member(quota, "metadata"), "name");
    const json limits = member(status, "hard");
    for (const auto& [written, hard] : limits.items()) {
      std::string resource = written;
      if (resource == "cpu" || resource == "memory") resource = "requests." + resource;
      if (resource == "count/pods") resource = "pods";
      if (resource != "pods" && resource != "requests.cpu" && resource != "requests.memory") continue;
      const json used = member(member(status, "used"), written.c_str());
      const auto hard_amount = amount(resource, hard);
      const auto used_amount = amount(resource, used.is_null() ? json("0") : used);
      if (!hard_amount || !used_amount) continue;
      rooms.push_back({name.is_string() ? name.get<std::string>() : "", resource, *hard_amount, *used_amount});
    }
  }
  return rooms;
}

}  // namespace podramp::live
