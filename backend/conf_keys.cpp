#include "backend/conf_keys.h"

#include <algorithm>
#include <map>

#include "backend/conf_key_table.h"

namespace podramp::backend {

std::string_view describe(ValueType type) {
  static constexpr std::array<std::string_view, 13> kTexts{"true or false",
                                                           "whole number",
                                                           "whole number",
                                                           "number",
                                                           "text",
                                                           "comma-separated list",
                                                           "duration (a bare number is milliseconds)",
                                                           "duration (a bare number is seconds)",
                                                           "duration (a bare number is minutes)",
                                                           "size (a bare number is bytes)",
                                                           "size (a bare number is MiB)",
                                                           "Kubernetes cpu quantity",
                                                           "number of cpus"};
  return kTexts.at(static_cast<std::size_t>(type));
}

std::optional<std::string_view> KeySpec::default_at(Compat level) const {
  for (const LevelDefault& row : older) {
    if (!row.value.empty() && level <= row.up_to) return row.value;
  }
  return latest_default;
}

Range KeySpec::range_at(Compat level) const {
  Range at = range;
  // The one range that moved between the levels we have (SPARK-49447, 02 0.2).
  if (name == "spark.kubernetes.allocation.batch.delay" && level == Compat::spark_3_5) at.low = 0;
  return at;
}

ValueType KeySpec::type_at(Compat level) const {
  return type == ValueType::task_cpus && level < Compat::spark_4_4 ? ValueType::integer : type;
}

std::span<const KeySpec> all_keys() { return kKeyTable; }
std::span<const KeyFamily> all_key_families() { return kFamilyTable; }

const KeySpec* find_key(std::string_view name) {
  static const std::map<std::string_view, const KeySpec*> by_name = [] {
    std::map<std::string_view, const KeySpec*> index;
    for (const KeySpec& key : kKeyTable) index.emplace(key.name, &key);
    return index;
  }();
  const auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : it->second;
}

const KeyFamily* find_key_family(std::string_view name) {
  const KeyFamily* best = nullptr;
  for (const KeyFamily& family : kFamilyTable) {
    if (name.size() <= family.prefix.size() || !name.starts_with(family.prefix)) continue;
    if (best == nullptr || family.prefix.size() > best->prefix.size()) best = &family;
  }
  return best;
}

std::span<const KeyAlias> all_key_aliases() {
  // Spark's core migration guide, 4.1: names with "blacklist" are not read any more.
  static constexpr std::array<KeyAlias, 13> kAliases{{
      {"spark.yarn.max.executor.failures", "spark.executor.maxNumFailures", Compat::spark_4_4},
      {"spark.yarn.executor.failuresValidityInterval", "spark.executor.failuresValidityInterval", Compat::spark_4_4},
      {"spark.blacklist.enabled", "spark.excludeOnFailure.enabled", Compat::spark_4_0},
      {"spark.blacklist.timeout", "spark.excludeOnFailure.timeout", Compat::spark_4_0},
      {"spark.blacklist.task.maxTaskAttemptsPerExecutor", "spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor",
       Compat::spark_4_0},
      {"spark.blacklist.task.maxTaskAttemptsPerNode", "spark.excludeOnFailure.task.maxTaskAttemptsPerNode",
       Compat::spark_4_0},
      {"spark.blacklist.stage.maxFailedTasksPerExecutor", "spark.excludeOnFailure.stage.maxFailedTasksPerExecutor",
       Compat::spark_4_0},
      {"spark.blacklist.stage.maxFailedExecutorsPerNode", "spark.excludeOnFailure.stage.maxFailedExecutorsPerNode",
       Compat::spark_4_0},
      {"spark.blacklist.application.maxFailedTasksPerExecutor",
       "spark.excludeOnFailure.application.maxFailedTasksPerExecutor", Compat::spark_4_0},
      {"spark.blacklist.application.maxFailedExecutorsPerNode",
       "spark.excludeOnFailure.application.maxFailedExecutorsPerNode", Compat::spark_4_0},
      {"spark.blacklist.application.fetchFailure.enabled", "spark.excludeOnFailure.application.fetchFailure.enabled",
       Compat::spark_4_0},
      {"spark.blacklist.killBlacklistedExecutors", "spark.excludeOnFailure.killExcludedExecutors", Compat::spark_4_0},
      {"spark.scheduler.blacklist.unschedulableTaskSetTimeout",
       "spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout", Compat::spark_4_0},
  }};
  return kAliases;
}

std::string_view deprecated_alias_of(std::string_view name) {
  const auto all = all_key_aliases();
  const auto it = std::ranges::find(all, name, &KeyAlias::old_name);
  return it == all.end() ? std::string_view() : it->official;
}

bool is_alias_read_at(std::string_view name, Compat level) {
  const auto all = all_key_aliases();
  const auto it = std::ranges::find(all, name, &KeyAlias::old_name);
  return it != all.end() && level <= it->up_to;
}

}  // namespace podramp::backend
