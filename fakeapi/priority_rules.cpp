#include "fakeapi/priority_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kPreempts = "PreemptLowerPriority";

// Of several global defaults the lowest counts, as upstream.
const PriorityClassSpec* default_class(const std::vector<PriorityClassSpec>& classes) {
  const PriorityClassSpec* found = nullptr;
  for (const PriorityClassSpec& one : classes) {
    if (one.global_default && (found == nullptr || one.value < found->value)) found = &one;
  }
  return found;
}

const PriorityClassSpec* find_class(const std::string& name, const std::vector<PriorityClassSpec>& classes) {
  for (const auto* list : {&classes, &system_priority_classes()}) {
    const auto it = std::ranges::find(*list, name, &PriorityClassSpec::name);
    if (it != list->end()) return &*it;
  }
  return nullptr;
}

}  // namespace

const std::vector<PriorityClassSpec>& system_priority_classes() {
  static const std::vector<PriorityClassSpec> kClasses{{"system-cluster-critical", 2'000'000'000},
                                                       {"system-node-critical", 2'000'001'000}};
  return kClasses;
}

std::string resolve_priority(PodTemplate& tmpl, const std::vector<PriorityClassSpec>& classes) {
  const PriorityClassSpec* of = nullptr;
  if (tmpl.priority_class.empty()) {
    of = default_class(classes);
    if (of != nullptr) tmpl.priority_class = of->name;
  } else {
    of = find_class(tmpl.priority_class, classes);
    if (of == nullptr) return fmt::format("no PriorityClass with name {} was found", tmpl.priority_class);
  }
  const std::int64_t value = of == nullptr ? 0 : of->value;
  if (tmpl.priority.value_or(value) != value) {
    return fmt::format(
        "the integer value of priority ({}) must not be provided in pod spec; priority admission controller computed "
        "{} from the given PriorityClass name",
        *tmpl.priority, value);
  }
  const std::string_view policy = of == nullptr || of->preempts ? kPreempts : "Never";
  if (!tmpl.preemption_policy.empty() && tmpl.preemption_policy != policy) {
    return fmt::format(
        "the string value of PreemptionPolicy ({}) must not be provided in pod spec; priority admission controller "
        "computed {} from the given PriorityClass name",
        tmpl.preemption_policy, policy);
  }
  tmpl.priority = value == 0 ? std::nullopt : std::optional(value);
  tmpl.preemption_policy = policy == kPreempts ? "" : std::string(policy);
  return "";
}

}  // namespace podramp::fakeapi
