// metrics.k8s.io: simulated processes use what they ask for, so a pod's use is its requests and a node's the sum of its
// pods'. authorization.k8s.io and authentication.k8s.io: what the caller's token allows.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/answers.h"
#include "fakeapi/http/request_reader.h"
#include "fakeapi/http/virtual_resources.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

json usage(const Resources& amounts) {
  return json{{"cpu", format_cpu_milli(amounts.cpu_milli.value_or(0))},
              {"memory", fmt::format("{}Ki", amounts.memory_bytes.value_or(0) / 1024)}};
}

json metrics_head(const char* kind, const json& metadata, const Scene& scene) {
  json head = metadata;
  head["creationTimestamp"] = format_wall_time(scene.now, scene.zero);
  return json{{"kind", kind},
              {"apiVersion", "metrics.k8s.io/v1beta1"},
              {"metadata", head},
              {"timestamp", format_wall_time(scene.now, scene.zero)},
              {"window", "30s"}};
}

json node_metrics(const NodeRecord& record, const Scene& scene) {
  json metrics = metrics_head("NodeMetrics", {{"name", record.node.name}, {"labels", record.node.labels}}, scene);
  metrics["usage"] = usage(record.requested);
  return metrics;
}

json pod_metrics(const Pod& pod, const Scene& scene) {
  StringMap labels = pod.tmpl->labels;
  for (const auto& [key, value] : pod.own_labels) labels[key] = value;
  json metrics = metrics_head("PodMetrics", {{"name", pod.name}, {"namespace", pod.ns}, {"labels", labels}}, scene);
  metrics["containers"] = json::array();
  for (const Container& c : pod.tmpl->containers) {
    metrics["containers"].push_back(json{{"name", c.name}, {"usage", usage(c.requests)}});
  }
  return metrics;
}

http::Response list(const char* kind, json items) {
  return json_response(200, json{{"kind", kind},
                                 {"apiVersion", "metrics.k8s.io/v1beta1"},
                                 {"metadata", json::object()},
                                 {"items", std::move(items)}}
                                .dump());
}

http::Response unknown_metrics(const char* resource, const std::string& name) {
  return error_response(404, "NotFound", fmt::format("{}.metrics.k8s.io \"{}\" not found", resource, name));
}

http::Response metrics_of_nodes(const RequestTarget& target, const LabelSelector& selector, const Scene& scene) {
  if (target.segments.size() == 5) {
    const NodeRecord* record = scene.state.find_node(target.segments[4]);
    if (record == nullptr) return unknown_metrics("nodes", target.segments[4]);
    return json_response(200, node_metrics(*record, scene).dump());
  }
  json items = json::array();
  for (const auto& [name, record] : scene.state.nodes()) {
    if (selector.matches(record.node.labels)) items.push_back(node_metrics(record, scene));
  }
  return list("NodeMetricsList", std::move(items));
}

// /apis/metrics.k8s.io/v1beta1/pods, or under namespaces/NS, or there with a name.
http::Response metrics_of_pods(const RequestTarget& target, const LabelSelector& selector, const Scene& scene) {
  const bool within = target.segments[3] == "namespaces";
  const std::string prefix = within ? target.segments[4] + "/" : "";
  if (within && target.segments.size() == 7) {
    const PodRecord* record = scene.state.find_pod(prefix + target.segments[6]);
    const bool runs = record != nullptr && record->pod->phase == PodPhase::running;
    if (!runs) return unknown_metrics("pods", prefix + target.segments[6]);
    return json_response(200, pod_metrics(*record->pod, scene).dump());
  }
  json items = json::array();
  const auto& all = scene.state.pods_by_name();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    const Pod& pod = *scene.state.find_pod(it->second)->pod;
    StringMap labels = pod.tmpl->labels;
    for (const auto& [key, value] : pod.own_labels) labels[key] = value;
    if (pod.phase == PodPhase::running && selector.matches(labels)) items.push_back(pod_metrics(pod, scene));
  }
  return list("PodMetricsList", std::move(items));
}

std::optional<http::Response> metrics(const http::Request& request, const RequestTarget& target, const Caller& caller,
                                      const Scene& scene) {
  const auto& at = target.segments;
  const bool nodes = at[3] == "nodes" && at.size() <= 5;
  const bool pods = (at[3] == "pods" && at.size() == 4) ||
                    (at[3] == "namespaces" && (at.size() == 6 || at.size() == 7) && at[5] == "pods");
  if (!nodes && !pods) return std::nullopt;
  if (request.method != "GET") return method_not_allowed();
  if (!caller.may("list", at[3] == "namespaces" ? at[4] : "")) {
    return error_response(403, "Forbidden", fmt::format("User \"{}\" may not read metrics here", caller.user));
  }
  const auto selector = parse_label_selector(target.parameter("labelSelector"));
  if (!selector) return error_response(400, "BadRequest", selector.error().message);
  return nodes ? metrics_of_nodes(target, *selector, scene) : metrics_of_pods(target, *selector, scene);
}

std::optional<http::Response> review(const http::Request& request, const RequestTarget& target, const Caller& caller) {
  const auto& at = target.segments;
  if (at.size() != 4 || at[2] != "v1") return std::nullopt;
  const bool access = at[3] == "selfsubjectaccessreviews";
  const bool rules = at[3] == "selfsubjectrulesreviews";
  const bool self = at[3] == "selfsubjectreviews";
  if (!access && !rules && !self) return std::nullopt;
  if (request.method != "POST") return method_not_allowed();
  json body;
  if (auto wrong = tree_of(request, body)) return wrong;
  if (!body.is_object()) return error_response(400, "BadRequest", "the body of the request must be a JSON object");
  if (access) {
    const json::json_pointer verb("/spec/resourceAttributes/verb");
    const json::json_pointer ns("/spec/resourceAttributes/namespace");
    const auto text = [&](const json::json_pointer& at_path) {
      return body.contains(at_path) && body[at_path].is_string() ? body[at_path].get<std::string>() : std::string();
    };
    body["status"] = json{{"allowed", !body.contains(verb) || caller.may(text(verb), text(ns))}};
  } else if (rules) {
    const json everything = json::array({"*"});
    body["status"] =
        json{{"resourceRules",
              json::array({json{{"verbs", everything}, {"apiGroups", everything}, {"resources", everything}}})},
             {"nonResourceRules", json::array({json{{"verbs", everything}, {"nonResourceURLs", everything}}})},
             {"incomplete", false}};
  } else {
    body["status"]["userInfo"] = json{{"username", caller.user}, {"groups", caller.groups}};
  }
  return json_response(201, json_text(body));
}

}  // namespace

std::optional<http::Response> virtual_resource(const http::Request& request, const RequestTarget& target,
                                               const Caller& caller, const Scene& scene) {
  const auto& at = target.segments;
  if (at.size() < 4 || at[0] != "apis") return std::nullopt;
  if (at[1] == kMetricsGroup && at[2] == "v1beta1") return metrics(request, target, caller, scene);
  if (at[1] == kAuthorizationGroup || at[1] == kAuthenticationGroup) return review(request, target, caller);
  return std::nullopt;
}

}  // namespace podramp::fakeapi::rest
