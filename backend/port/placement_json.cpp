// A Placement as Kubernetes writes it in a pod's spec (declared in placement.h).
#include <nlohmann/json.hpp>

#include "backend/port/placement.h"

namespace podramp {
namespace {

using Json = nlohmann::ordered_json;

std::string_view operator_name(SelectorOp op) {
  switch (op) {
    case SelectorOp::equals:
    case SelectorOp::in: return "In";
    case SelectorOp::not_equals:
    case SelectorOp::not_in: return "NotIn";
    case SelectorOp::exists: return "Exists";
    case SelectorOp::not_exists: return "DoesNotExist";
    case SelectorOp::greater: return "Gt";
    case SelectorOp::less: return "Lt";
  }
  return "";
}

Json expressions(const std::vector<Requirement>& all) {
  Json list = Json::array();
  for (const Requirement& r : all) {
    Json one{{"key", r.key}, {"operator", operator_name(r.op)}};
    if (!r.values.empty()) one["values"] = r.values;
    list.push_back(std::move(one));
  }
  return list;
}

Json selector_json(const LabelSelector& selector) {
  Json object = Json::object();
  std::vector<Requirement> rest;
  for (const Requirement& r : selector.all) {
    if (r.op == SelectorOp::equals) {
      object["matchLabels"][r.key] = r.values.at(0);
    } else {
      rest.push_back(r);
    }
  }
  if (!rest.empty()) object["matchExpressions"] = expressions(rest);
  return object;
}

Json node_term(const NodeTerm& term) {
  Json object = Json::object();
  if (!term.expressions.empty()) object["matchExpressions"] = expressions(term.expressions);
  if (!term.names.empty()) object["matchFields"] = expressions(term.names);
  return object;
}

Json pod_term(const PodTerm& term) {
  Json object = Json::object();
  if (term.selector) object["labelSelector"] = selector_json(*term.selector);
  if (!term.namespaces.empty()) object["namespaces"] = term.namespaces;
  if (term.namespace_selector) object["namespaceSelector"] = selector_json(*term.namespace_selector);
  object["topologyKey"] = term.topology_key;
  return object;
}

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

Json pod_rules(const std::vector<PodTerm>& required, const std::vector<PodPreference>& preferred) {
  Json object = Json::object();
  for (const PodTerm& term : required) object[kRequired].push_back(pod_term(term));
  for (const PodPreference& one : preferred) {
    object[kPreferred].push_back(Json{{"weight", one.weight}, {"podAffinityTerm", pod_term(one.term)}});
  }
  return object;
}

Json affinity(const Placement& p) {
  Json object = Json::object();
  Json nodes = Json::object();
  for (const NodeTerm& term : p.required_nodes) nodes[kRequired]["nodeSelectorTerms"].push_back(node_term(term));
  for (const NodePreference& one : p.preferred_nodes) {
    nodes[kPreferred].push_back(Json{{"weight", one.weight}, {"preference", node_term(one.term)}});
  }
  if (!nodes.empty()) object["nodeAffinity"] = std::move(nodes);
  if (Json pods = pod_rules(p.required_pods, p.preferred_pods); !pods.empty()) object["podAffinity"] = std::move(pods);
  if (Json pods = pod_rules(p.forbidden_pods, p.shunned_pods); !pods.empty()) {
    object["podAntiAffinity"] = std::move(pods);
  }
  return object;
}

Json spread(const SpreadConstraint& one) {
  Json object{{"maxSkew", one.max_skew},
              {"topologyKey", one.topology_key},
              {"whenUnsatisfiable", one.hard ? "DoNotSchedule" : "ScheduleAnyway"}};
  if (one.selector) object["labelSelector"] = selector_json(*one.selector);
  if (one.min_domains != 1) object["minDomains"] = one.min_domains;
  if (one.any_node) object["nodeAffinityPolicy"] = "Ignore";
  if (one.honor_taints) object["nodeTaintsPolicy"] = "Honor";
  return object;
}

}  // namespace

std::string placement_json(const Placement& placement) {
  Json spec = Json::object();
  if (Json object = affinity(placement); !object.empty()) spec["affinity"] = std::move(object);
  for (const std::string& gate : placement.gates) spec["schedulingGates"].push_back(Json{{"name", gate}});
  for (const SpreadConstraint& one : placement.spread) spec["topologySpreadConstraints"].push_back(spread(one));
  return spec.empty() ? "" : spec.dump();
}

}  // namespace podramp
