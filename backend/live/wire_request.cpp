#include "backend/live/wire_request.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/kube_json.h"
#include "backend/port/reply_json.h"
#include "backend/port/resource.h"

namespace podramp::live {
namespace {

constexpr const char* kJson = "application/json";

std::string_view method_of(Verb verb) {
  switch (verb) {
    case Verb::create: return "POST";
    case Verb::get:
    case Verb::list:
    case Verb::watch: return "GET";
    case Verb::patch: return "PATCH";
    case Verb::update: return "PUT";
    case Verb::remove:
    case Verb::remove_collection: return "DELETE";
  }
  return "GET";
}

std::string query_of(const ApiRequest& request) {
  std::vector<std::pair<std::string_view, std::string>> all;
  const auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) all.emplace_back(name, std::move(value));
  };
  const auto number = [](const std::optional<std::int64_t>& n) { return n ? fmt::format("{}", *n) : ""; };
  add("labelSelector", to_string(request.label_selector));
  add("fieldSelector", to_string(request.field_selector));
  if (request.verb == Verb::get || request.verb == Verb::list || request.verb == Verb::watch) {
    add("resourceVersion", request.resource_version);
  }
  add("limit", number(request.limit));
  add("continue", request.continue_token);
  if (request.verb == Verb::watch) {
    add("watch", "true");
    add("allowWatchBookmarks", request.allow_bookmarks ? "true" : "");
    add("sendInitialEvents", request.initial_events ? "true" : "");
    add("resourceVersionMatch", request.initial_events ? "NotOlderThan" : "");  // K25: demanded with it
    add("timeoutSeconds", number(request.watch_s));
  }
  add("dryRun", request.dry_run ? "All" : "");
  std::string query;
  for (const auto& [name, value] : all) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encode(value));
  }
  return query;
}

// What Spark's client patches: a set's replicas go to its scale, a pod's memory to its resize.
std::string subresource_of(const ApiRequest& request) {
  if (!request.subresource.empty()) return "/" + request.subresource;
  if (request.verb != Verb::patch) return "";
  if (request.replicas) return "/scale";
  return request.set_bytes && request.kind == Kind::pod ? "/resize" : "";
}

}  // namespace

WireRequest wire_request(const ApiRequest& request, WallZero zero) {
  WireRequest wire;
  wire.method = method_of(request.verb);
  wire.target = resource_path(request.kind, request.ns, request.name) + subresource_of(request) + query_of(request);
  switch (request.verb) {
    case Verb::create:
    case Verb::update:
      wire.content_type = kJson;
      if (request.body != nullptr) wire.body = pod_text(*request.body, zero);
      if (request.manifest != nullptr) wire.body = manifest_text(*request.manifest, zero);
      break;
    case Verb::patch:
      // A Scale has no lists to merge, and servers need not know it as a strategic type.
      wire.content_type = request.replicas ? "application/merge-patch+json" : "application/strategic-merge-patch+json";
      wire.body = patch_text(request);
      break;
    case Verb::remove:
    case Verb::remove_collection:
      wire.body = delete_options_text(request);
      if (!wire.body.empty()) wire.content_type = kJson;
      break;
    default: break;
  }
  return wire;
}

}  // namespace podramp::live
