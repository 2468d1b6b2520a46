// The least OpenAPI that kubectl needs (06 1.4). /openapi/v2 is empty, which every version takes for "no schemas". The
// documents of /openapi/v3 say that a PATCH of each kind takes fieldValidation, so that newer versions leave validation
// to the server; their schemas have the fields that all objects have, which is what `kubectl explain` shows.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/answers.h"
#include "fakeapi/http/discovery.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

constexpr std::string_view kContent = "application/json";

std::string schema_name(const ResourceType& type) {
  return fmt::format("io.k8s.api.{}.{}.{}", type.group.empty() ? "core" : type.group.substr(0, type.group.find('.')),
                     type.version, type.kind);
}

json gvk_of(const ResourceType& type) {
  return json{{"group", type.group}, {"version", type.version}, {"kind", type.kind}};
}

json operation(const ResourceType& type, std::string_view action) {
  json parameters = json::array();
  if (action != "get") {
    for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"}) {
      parameters.push_back(json{{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
    }
  }
  const json schema{{"$ref", "#/components/schemas/" + schema_name(type)}};
  const json content{{"application/json", {{"schema", schema}}}};
  return json{{"x-kubernetes-action", action},
              {"x-kubernetes-group-version-kind", gvk_of(type)},
              {"parameters", parameters},
              {"responses", {{"200", {{"description", "OK"}, {"content", content}}}}}};
}

json schema_of(const ResourceType& type) {
  const json text{{"type", "string"}};
  const json object{{"type", "object"}};
  return json{{"type", "object"},
              {"description",
               fmt::format("{} as the fake cluster serves it; podramp has no schemas of its fields.", type.kind)},
              {"properties",
               {{"apiVersion", text}, {"kind", text}, {"metadata", object}, {"spec", object}, {"status", object}}},
              {"x-kubernetes-group-version-kind", json::array({gvk_of(type)})}};
}

json document(std::string_view group) {
  json paths = json::object();
  json schemas = json::object();
  for (const ServedResource& served : served_resources()) {
    const ResourceType& type = resource_type(served.kind);
    if (type.group != group) continue;
    std::string path = type.group.empty() ? "/api/v1/" : fmt::format("/apis/{}/{}/", type.group, type.version);
    if (type.namespaced) path += "namespaces/{namespace}/";
    path += type.plural;
    paths[path]["post"] = operation(type, "post");
    path += "/{name}";
    for (const char* verb : {"get", "put", "patch"}) paths[path][verb] = operation(type, verb);
    schemas[schema_name(type)] = schema_of(type);
  }
  return json{{"openapi", "3.0.0"},
              {"info", {{"title", "Kubernetes"}, {"version", "unversioned"}}},
              {"paths", paths},
              {"components", {{"schemas", schemas}}}};
}

std::string path_name(std::string_view group) { return group.empty() ? "api/v1" : fmt::format("apis/{}/v1", group); }

bool is_stored(std::string_view group) {
  return group.empty() || (group != kMetricsGroup && group != kAuthenticationGroup && group != kAuthorizationGroup);
}

http::Response index() {
  json paths = json::object();
  const auto add = [&](std::string_view group) {
    const std::string name = path_name(group);
    paths[name] = json{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash=podramp", name)}};
  };
  add("");
  for (const std::string_view group : served_groups()) {
    if (is_stored(group)) add(group);
  }
  return json_response(200, json{{"paths", paths}}.dump(), kContent);
}

}  // namespace

std::optional<http::Response> openapi(const RequestTarget& target) {
  const auto& at = target.segments;
  if (at.size() < 2) return std::nullopt;
  if (at[1] == "v2") return json_response(200, "", kContent);
  if (at[1] != "v3") return std::nullopt;
  if (at.size() == 2) return index();
  const std::string_view group = at.size() == 5 ? std::string_view(at[3]) : "";
  std::string asked;
  for (std::size_t i = 2; i < at.size(); ++i) asked += (i > 2 ? "/" : "") + at[i];
  const auto& groups = served_groups();
  const bool known = group.empty() || std::find(groups.begin(), groups.end(), group) != groups.end();
  if (!known || !is_stored(group) || asked != path_name(group)) return std::nullopt;
  return json_response(200, document(group).dump(), kContent);
}

}  // namespace podramp::fakeapi::rest
