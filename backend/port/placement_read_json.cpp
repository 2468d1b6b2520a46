// A pod's affinity, spread constraints and gates as Kubernetes writes them -> Placement (pod_parts_json.h). What a
// Placement cannot say (matchLabelKeys) is a mistake: it would change which pods are meant.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "backend/port/pod_parts_json.h"

namespace podramp {
namespace {

using nlohmann::json;

constexpr std::string_view kHard = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kSoft = "preferredDuringSchedulingIgnoredDuringExecution";

constexpr std::array<std::pair<std::string_view, SelectorOp>, 6> kOperators{{{"In", SelectorOp::in},
                                                                             {"NotIn", SelectorOp::not_in},
                                                                             {"Exists", SelectorOp::exists},
                                                                             {"DoesNotExist", SelectorOp::not_exists},
                                                                             {"Gt", SelectorOp::greater},
                                                                             {"Lt", SelectorOp::less}}};

// {key, operator, values}; Gt and Lt are of nodes only.
Requirement read_requirement(const json& value, std::string path, JsonReading& reading, bool of_nodes) {
  JsonFields fields(value, std::move(path), reading);
  Requirement requirement;
  requirement.key = fields.text("key");
  requirement.values = fields.texts("values");
  const std::string op = fields.text("operator");
  const std::size_t known = of_nodes ? kOperators.size() : kOperators.size() - 2;
  for (std::size_t i = 0; i < known; ++i) {
    if (kOperators[i].first != op) continue;
    requirement.op = kOperators[i].second;
    return requirement;
  }
  fields.error("operator", fmt::format("must be In, NotIn, Exists{} DoesNotExist{} (got the string \"{}\")",
                                       of_nodes ? "," : " or", of_nodes ? ", Gt or Lt" : "", op));
  return requirement;
}

std::vector<Requirement> read_requirements(JsonFields& fields, std::string_view name, bool of_nodes) {
  std::vector<Requirement> list;
  fields.each(name, [&](const json& item, std::string at) {
    list.push_back(read_requirement(item, std::move(at), fields.reading(), of_nodes));
  });
  return list;
}

std::optional<LabelSelector> read_selector(JsonFields& around, std::string_view name) {
  JsonFields fields(around, name);
  if (!fields.is_there()) return std::nullopt;
  LabelSelector selector;
  for (const auto& [key, text] : fields.map("matchLabels")) {
    selector.all.push_back({key, SelectorOp::equals, {text}});
  }
  for (Requirement& one : read_requirements(fields, "matchExpressions", false)) {
    selector.all.push_back(std::move(one));
  }
  return selector;
}

NodeTerm read_node_term(JsonFields& fields) {
  return {read_requirements(fields, "matchExpressions", true), read_requirements(fields, "matchFields", true)};
}

std::int64_t read_weight(JsonFields& fields) {
  const std::int64_t weight = fields.whole("weight").value_or(0);
  if (weight < 1 || weight > 100) fields.error("weight", "must be in the range 1-100");
  return weight;
}

void read_node_affinity(JsonFields& affinity, Placement& into) {
  JsonFields nodes(affinity, "nodeAffinity");
  JsonReading& reading = affinity.reading();
  {
    JsonFields required(nodes, kHard);
    required.each("nodeSelectorTerms", [&](const json& item, std::string at) {
      JsonFields term(item, std::move(at), reading);
      into.required_nodes.push_back(read_node_term(term));
    });
    if (required.is_there() && into.required_nodes.empty()) {
      required.error("nodeSelectorTerms", "must have at least one term");
    }
  }
  nodes.each(kSoft, [&](const json& item, std::string at) {
    JsonFields one(item, std::move(at), reading);
    const std::int64_t weight = read_weight(one);
    JsonFields term(one, "preference");
    into.preferred_nodes.push_back({weight, read_node_term(term)});
  });
}

void nothing_left(const JsonFields& fields, const std::string& path, JsonReading& reading) {
  const json left = fields.rest();
  for (const auto& item : left.items()) {
    reading.errors.push_back({"", 0, path, fmt::format("{} is not modelled", item.key())});
  }
}

PodTerm read_pod_term(const json& value, const std::string& path, JsonReading& reading) {
  JsonFields fields(value, path, reading);
  PodTerm term;
  term.topology_key = fields.text("topologyKey");
  if (term.topology_key.empty()) fields.error("topologyKey", "can not be empty");
  term.selector = read_selector(fields, "labelSelector");
  term.namespaces = fields.texts("namespaces");
  term.namespace_selector = read_selector(fields, "namespaceSelector");
  nothing_left(fields, path, reading);
  return term;
}

void read_pod_affinity(JsonFields& affinity, std::string_view name, std::vector<PodTerm>& required,
                       std::vector<PodPreference>& preferred) {
  JsonFields pods(affinity, name);
  JsonReading& reading = affinity.reading();
  pods.each(kHard,
            [&](const json& item, const std::string& at) { required.push_back(read_pod_term(item, at, reading)); });
  pods.each(kSoft, [&](const json& item, std::string at) {
    JsonFields one(item, std::move(at), reading);
    PodPreference preference;
    preference.weight = read_weight(one);
    if (const json* term = one.take("podAffinityTerm")) {
      preference.term = read_pod_term(*term, one.path_of("podAffinityTerm"), reading);
    } else {
      one.error("podAffinityTerm", "is missing");
    }
    preferred.push_back(std::move(preference));
  });
}

SpreadConstraint read_spread(const json& value, const std::string& path, JsonReading& reading) {
  JsonFields fields(value, path, reading);
  SpreadConstraint one;
  one.max_skew = fields.whole("maxSkew").value_or(0);
  if (one.max_skew < 1) fields.error("maxSkew", "must be greater than zero");
  one.topology_key = fields.text("topologyKey");
  if (one.topology_key.empty()) fields.error("topologyKey", "can not be empty");
  const std::string when = fields.text("whenUnsatisfiable");
  one.hard = when == "DoNotSchedule";
  if (!one.hard && when != "ScheduleAnyway") {
    fields.error("whenUnsatisfiable",
                 fmt::format("must be DoNotSchedule or ScheduleAnyway (got the string \"{}\")", when));
  }
  one.selector = read_selector(fields, "labelSelector");
  one.min_domains = fields.whole("minDomains").value_or(1);
  one.any_node = fields.text("nodeAffinityPolicy") == "Ignore";
  one.honor_taints = fields.text("nodeTaintsPolicy") == "Honor";
  nothing_left(fields, path, reading);
  return one;
}

}  // namespace

Placement read_placement(JsonFields& spec) {
  Placement placement;
  JsonReading& reading = spec.reading();
  {
    JsonFields affinity(spec, "affinity");
    read_node_affinity(affinity, placement);
    read_pod_affinity(affinity, "podAffinity", placement.required_pods, placement.preferred_pods);
    read_pod_affinity(affinity, "podAntiAffinity", placement.forbidden_pods, placement.shunned_pods);
  }
  spec.each("topologySpreadConstraints", [&](const json& item, const std::string& at) {
    placement.spread.push_back(read_spread(item, at, reading));
  });
  spec.each("schedulingGates", [&](const json& item, std::string at) {
    JsonFields gate(item, std::move(at), reading);
    placement.gates.push_back(gate.text("name"));
  });
  return placement;
}

std::string only_node_of(const Placement& placement) {
  if (placement.required_nodes.size() != 1) return "";
  const NodeTerm& term = placement.required_nodes.front();
  if (!term.expressions.empty() || term.names.size() != 1) return "";
  const Requirement& name = term.names.front();
  const bool is_one = name.key == "metadata.name" && name.op == SelectorOp::in && name.values.size() == 1;
  return is_one ? name.values.front() : "";
}

}  // namespace podramp
