#include "backend/yaml/placement_fields.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace podramp::yaml {
namespace {

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

constexpr std::array<std::pair<std::string_view, SelectorOp>, 6> kOperators{{{"In", SelectorOp::in},
                                                                             {"NotIn", SelectorOp::not_in},
                                                                             {"Exists", SelectorOp::exists},
                                                                             {"DoesNotExist", SelectorOp::not_exists},
                                                                             {"Gt", SelectorOp::greater},
                                                                             {"Lt", SelectorOp::less}}};

// {key, operator, values}; Gt and Lt are of nodes only.
Requirement read_requirement(const YamlValue& value, const std::string& path, Faults& faults, bool of_nodes) {
  ManifestFields fields(&value, path, faults);
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
  faults.add(value.line, fields.path_of("operator"),
             fmt::format("must be In, NotIn, Exists{} DoesNotExist{} (got the string \"{}\")", of_nodes ? "," : " or",
                         of_nodes ? ", Gt or Lt" : "", op));
  return requirement;
}

std::vector<Requirement> read_requirements(ManifestFields& fields, std::string_view name, bool of_nodes) {
  std::vector<Requirement> list;
  fields.each(name, [&](const YamlValue& item, const std::string& at) {
    list.push_back(read_requirement(item, at, fields.faults(), of_nodes));
  });
  return list;
}

std::optional<LabelSelector> read_selector(ManifestFields& around, std::string_view name) {
  const YamlValue* value = around.take(name);
  if (value == nullptr) return std::nullopt;
  ManifestFields fields(value, around.path_of(name), around.faults());
  LabelSelector selector;
  for (const auto& [key, text] : fields.map("matchLabels")) {
    selector.all.push_back({key, SelectorOp::equals, {text}});
  }
  for (Requirement& one : read_requirements(fields, "matchExpressions", false)) {
    selector.all.push_back(std::move(one));
  }
  return selector;
}

NodeTerm read_node_term(const YamlValue* value, const std::string& path, Faults& faults) {
  ManifestFields fields(value, path, faults);
  return {read_requirements(fields, "matchExpressions", true), read_requirements(fields, "matchFields", true)};
}

std::int64_t read_weight(ManifestFields& fields, const YamlValue& at) {
  const std::int64_t weight = fields.whole("weight").value_or(0);
  if (weight < 1 || weight > 100) fields.error(at, "weight", "must be in the range 1-100");
  return weight;
}

void read_node_affinity(ManifestFields& affinity, Placement& into) {
  const YamlValue* value = affinity.take("nodeAffinity");
  if (value == nullptr) return;
  Faults& faults = affinity.faults();
  ManifestFields nodes(value, affinity.path_of("nodeAffinity"), faults);
  if (const YamlValue* required = nodes.take(kRequired)) {
    ManifestFields terms(required, nodes.path_of(kRequired), faults);
    terms.each("nodeSelectorTerms", [&](const YamlValue& item, const std::string& at) {
      into.required_nodes.push_back(read_node_term(&item, at, faults));
    });
    if (into.required_nodes.empty()) terms.error(*required, "nodeSelectorTerms", "must have at least one term");
  }
  nodes.each(kPreferred, [&](const YamlValue& item, const std::string& at) {
    ManifestFields one(&item, at, faults);
    const std::int64_t weight = read_weight(one, item);
    into.preferred_nodes.push_back({weight, read_node_term(one.take("preference"), one.path_of("preference"), faults)});
  });
  affinity.put_back("nodeAffinity", nodes);
}

// What is not read of a term (matchLabelKeys) is told as a mistake: it would change which pods are meant.
void nothing_left(const ManifestFields& fields, const YamlValue& value, const std::string& path, Faults& faults) {
  for (const YamlValue& item : fields.rest().items) {
    faults.add(value.line, path, fmt::format("{} is not modelled", item.key));
  }
}

PodTerm read_pod_term(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  PodTerm term;
  term.topology_key = fields.text("topologyKey");
  if (term.topology_key.empty()) fields.error(value, "topologyKey", "can not be empty");
  term.selector = read_selector(fields, "labelSelector");
  term.namespaces = fields.texts("namespaces");
  term.namespace_selector = read_selector(fields, "namespaceSelector");
  nothing_left(fields, value, path, faults);
  return term;
}

void read_pod_affinity(ManifestFields& affinity, std::string_view name, std::vector<PodTerm>& required,
                       std::vector<PodPreference>& preferred) {
  const YamlValue* value = affinity.take(name);
  if (value == nullptr) return;
  Faults& faults = affinity.faults();
  ManifestFields pods(value, affinity.path_of(name), faults);
  pods.each(kRequired,
            [&](const YamlValue& item, const std::string& at) { required.push_back(read_pod_term(item, at, faults)); });
  pods.each(kPreferred, [&](const YamlValue& item, const std::string& at) {
    ManifestFields one(&item, at, faults);
    PodPreference preference;
    preference.weight = read_weight(one, item);
    if (const YamlValue* term = one.take("podAffinityTerm")) {
      preference.term = read_pod_term(*term, one.path_of("podAffinityTerm"), faults);
    } else {
      one.error(item, "podAffinityTerm", "is missing");
    }
    preferred.push_back(std::move(preference));
  });
  affinity.put_back(name, pods);
}

SpreadConstraint read_spread(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  SpreadConstraint one;
  one.max_skew = fields.whole("maxSkew").value_or(0);
  if (one.max_skew < 1) fields.error(value, "maxSkew", "must be greater than zero");
  one.topology_key = fields.text("topologyKey");
  if (one.topology_key.empty()) fields.error(value, "topologyKey", "can not be empty");
  const std::string when = fields.text("whenUnsatisfiable");
  one.hard = when == "DoNotSchedule";
  if (!one.hard && when != "ScheduleAnyway") {
    fields.error(value, "whenUnsatisfiable",
                 fmt::format("must be DoNotSchedule or ScheduleAnyway (got the string \"{}\")", when));
  }
  one.selector = read_selector(fields, "labelSelector");
  one.min_domains = fields.whole("minDomains").value_or(1);
  one.any_node = fields.text("nodeAffinityPolicy") == "Ignore";
  one.honor_taints = fields.text("nodeTaintsPolicy") == "Honor";
  nothing_left(fields, value, path, faults);
  return one;
}

}  // namespace

Placement read_placement(ManifestFields& spec) {
  Placement placement;
  Faults& faults = spec.faults();
  if (const YamlValue* value = spec.take("affinity")) {
    ManifestFields affinity(value, spec.path_of("affinity"), faults);
    read_node_affinity(affinity, placement);
    read_pod_affinity(affinity, "podAffinity", placement.required_pods, placement.preferred_pods);
    read_pod_affinity(affinity, "podAntiAffinity", placement.forbidden_pods, placement.shunned_pods);
    spec.put_back("affinity", affinity);
  }
  spec.each("topologySpreadConstraints", [&](const YamlValue& item, const std::string& at) {
    placement.spread.push_back(read_spread(item, at, faults));
  });
  spec.each("schedulingGates", [&](const YamlValue& item, const std::string& at) {
    ManifestFields gate(&item, at, faults);
    placement.gates.push_back(gate.text("name"));
  });
  return placement;
}

}  // namespace podramp::yaml
