// Groups, versions and resources for clients, in the plain and in the aggregated form, and /version (discovery.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/answers.h"
#include "fakeapi/http/discovery.h"
#include "fakeapi/http/media_types.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

struct Listed {
  std::string group;
  std::string version;
  std::string plural;
  std::string singular;
  std::string kind;
  bool namespaced = false;
  std::vector<std::string> verbs;
  std::vector<std::string_view> short_names;
  std::vector<std::string_view> categories;
  struct Subresource {
    std::string name;
    std::string group;
    std::string version;
    std::string kind;
    std::vector<std::string> verbs;
  };
  std::vector<Subresource> subresources;
};

Listed::Subresource subresource_of(const Listed& resource, std::string_view name) {
  Listed::Subresource sub{
      std::string(name), resource.group, resource.version, resource.kind, {"get", "patch", "update"}};
  if (name == "log") sub.verbs = {"get"};
  if (name == "scale") {
    sub.group = "autoscaling";
    sub.kind = "Scale";
  } else if (name == "eviction") {
    sub.group = "policy";
    sub.kind = "Eviction";
    sub.verbs = {"create"};
  } else if (name == "binding") {
    sub.kind = "Binding";
    sub.verbs = {"create"};
  } else if (name == "finalize") {
    sub.verbs = {"update"};
  }
  return sub;
}

// Stored kinds first, then what is made up on the spot.
const std::vector<Listed>& listed_resources() {
  static const std::vector<Listed> kAll = [] {
    std::vector<Listed> all;
    for (const ServedResource& served : served_resources()) {
      const ResourceType& type = resource_type(served.kind);
      Listed one{std::string(type.group),
                 std::string(type.version),
                 std::string(type.plural),
                 std::string(served.singular),
                 std::string(type.kind),
                 type.namespaced,
                 {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"},
                 served.short_names,
                 {},
                 {}};
      if (served.in_all) one.categories.push_back("all");
      for (const std::string_view name : served.subresources) one.subresources.push_back(subresource_of(one, name));
      all.push_back(std::move(one));
    }
    const std::string metrics(kMetricsGroup);
    all.push_back({metrics, "v1beta1", "nodes", "", "NodeMetrics", false, {"get", "list"}, {}, {}, {}});
    all.push_back({metrics, "v1beta1", "pods", "", "PodMetrics", true, {"get", "list"}, {}, {}, {}});
    all.push_back({std::string(kAuthorizationGroup),
                   "v1",
                   "selfsubjectaccessreviews",
                   "selfsubjectaccessreview",
                   "SelfSubjectAccessReview",
                   false,
                   {"create"},
                   {},
                   {},
                   {}});
    all.push_back({std::string(kAuthorizationGroup),
                   "v1",
                   "selfsubjectrulesreviews",
                   "selfsubjectrulesreview",
                   "SelfSubjectRulesReview",
                   false,
                   {"create"},
                   {},
                   {},
                   {}});
    all.push_back({std::string(kAuthenticationGroup),
                   "v1",
                   "selfsubjectreviews",
                   "selfsubjectreview",
                   "SelfSubjectReview",
                   false,
                   {"create"},
                   {},
                   {},
                   {}});
    return all;
  }();
  return kAll;
}

std::string version_of_group(std::string_view group) { return group == kMetricsGroup ? "v1beta1" : "v1"; }

json group_json(std::string_view group) {
  const std::string version = version_of_group(group);
  const json entry{{"groupVersion", fmt::format("{}/{}", group, version)}, {"version", version}};
  return json{{"name", group}, {"versions", json::array({entry})}, {"preferredVersion", entry}};
}

json resource_list(std::string_view group, std::string_view version) {
  json resources = json::array();
  for (const Listed& one : listed_resources()) {
    if (one.group != group) continue;
    json entry{{"name", one.plural},
               {"singularName", one.singular},
               {"namespaced", one.namespaced},
               {"kind", one.kind},
               {"verbs", one.verbs}};
    if (!one.short_names.empty()) entry["shortNames"] = one.short_names;
    if (!one.categories.empty()) entry["categories"] = one.categories;
    resources.push_back(std::move(entry));
    for (const Listed::Subresource& sub : one.subresources) {
      json under{{"name", one.plural + "/" + sub.name},
                 {"singularName", ""},
                 {"namespaced", one.namespaced},
                 {"kind", sub.kind},
                 {"verbs", sub.verbs}};
      if (sub.group != one.group) {
        under["group"] = sub.group;
        under["version"] = sub.version;
      }
      resources.push_back(std::move(under));
    }
  }
  const std::string name = group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
  return json{{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", name}, {"resources", resources}};
}

// One group of the aggregated form.
json aggregated_group(std::string_view group) {
  const std::string version = version_of_group(group);
  json resources = json::array();
  for (const Listed& one : listed_resources()) {
    if (one.group != group) continue;
    const auto gvk = [](const std::string& g, const std::string& v, const std::string& k) {
      return json{{"group", g}, {"version", v}, {"kind", k}};
    };
    json entry{{"resource", one.plural},
               {"responseKind", gvk(one.group, one.version, one.kind)},
               {"scope", one.namespaced ? "Namespaced" : "Cluster"},
               {"singularResource", one.singular},
               {"verbs", one.verbs}};
    if (!one.short_names.empty()) entry["shortNames"] = one.short_names;
    if (!one.categories.empty()) entry["categories"] = one.categories;
    for (const Listed::Subresource& sub : one.subresources) {
      entry["subresources"].push_back(json{
          {"subresource", sub.name}, {"responseKind", gvk(sub.group, sub.version, sub.kind)}, {"verbs", sub.verbs}});
    }
    resources.push_back(std::move(entry));
  }
  json metadata{{"creationTimestamp", nullptr}};
  if (!group.empty()) metadata["name"] = group;
  const json served{{"version", version}, {"resources", resources}, {"freshness", "Current"}};
  return json{{"metadata", metadata}, {"versions", json::array({served})}};
}

http::Response aggregated(const std::string& version, bool core) {
  json items = json::array();
  if (core) {
    items.push_back(aggregated_group(""));
  } else {
    for (const std::string_view group : served_groups()) items.push_back(aggregated_group(group));
  }
  const json list{{"kind", "APIGroupDiscoveryList"},
                  {"apiVersion", "apidiscovery.k8s.io/" + version},
                  {"metadata", json::object()},
                  {"items", items}};
  return json_response(200, list.dump(),
                       fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version));
}

// "k8s-1.32" -> 1.32; other profiles are of 1.32.
http::Response version_answer(std::string_view profile) {
  const std::string minor = profile.starts_with("k8s-1.") ? std::string(profile.substr(6)) : "32";
  const json version{
      {"major", "1"},    {"minor", minor},          {"gitVersion", fmt::format("v1.{}.0+podramp", minor)},
      {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
      {"goVersion", ""}, {"compiler", ""},          {"platform", "linux/amd64"}};
  return json_response(200, version.dump());
}

http::Response text_answer(std::string text) {
  http::Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = std::move(text);
  return response;
}

http::Response groups_answer() {
  json groups = json::array();
  for (const std::string_view group : served_groups()) groups.push_back(group_json(group));
  return json_response(200, json{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}}.dump());
}

http::Response one_group(const std::string& group) {
  json answer = group_json(group);
  answer["kind"] = "APIGroup";
  answer["apiVersion"] = "v1";
  return json_response(200, answer.dump());
}

bool serves(const std::string& group) {
  const auto& groups = served_groups();
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

http::Response root_answer() {
  json paths = json::array({"/api", "/api/v1", "/apis"});
  for (const std::string_view group : served_groups()) {
    paths.push_back(fmt::format("/apis/{}", group));
    paths.push_back(fmt::format("/apis/{}/{}", group, version_of_group(group)));
  }
  for (const char* path : {"/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"}) {
    paths.push_back(path);
  }
  return json_response(200, json{{"paths", paths}}.dump());
}

}  // namespace

std::optional<http::Response> discover(const RequestTarget& target, const http::Headers& headers,
                                       std::string_view profile) {
  const auto& at = target.segments;
  if (at.empty()) return root_answer();
  const std::string& first = at.front();
  if (first == "version" && at.size() == 1) return version_answer(profile);
  if (first == "healthz" || first == "livez" || first == "readyz") return text_answer("ok");
  if (first == "openapi") return openapi(target);
  const std::string wanted = accepted_discovery(headers);
  if (first == "api") {
    if (at.size() == 1 && !wanted.empty()) return aggregated(wanted, true);
    if (at.size() == 1) {
      const json versions{{"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", json::array()}};
      return json_response(200, versions.dump());
    }
    if (at.size() == 2 && at[1] == "v1") return json_response(200, resource_list("", "v1").dump());
    return std::nullopt;
  }
  if (first != "apis") return std::nullopt;
  if (at.size() == 1) return wanted.empty() ? groups_answer() : aggregated(wanted, false);
  if (!serves(at[1])) return std::nullopt;
  if (at.size() == 2) return one_group(at[1]);
  if (at.size() > 3 || at[2] != version_of_group(at[1])) return std::nullopt;
  return json_response(200, resource_list(at[1], at[2]).dump());
}

}  // namespace podramp::fakeapi::rest
