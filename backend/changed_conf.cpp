#include "backend/changed_conf.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace podramp::backend {
namespace {

// The 2.2 fork has the first two.
constexpr std::array<std::string_view, 17> kChangeable{"spark.kubernetes.allocation.batch.size",
                                                       "spark.kubernetes.allocation.batch.delay",
                                                       "spark.kubernetes.allocation.maximum",
                                                       "spark.kubernetes.allocation.maxPendingPods",
                                                       "spark.kubernetes.allocation.maxPendingPodsPerRp",
                                                       "spark.kubernetes.allocation.executor.timeout",
                                                       "spark.kubernetes.executor.apiPollingInterval",
                                                       "spark.kubernetes.executor.eventProcessingInterval",
                                                       "spark.kubernetes.executor.missingPodDetectDelta",
                                                       "spark.dynamicAllocation.minExecutors",
                                                       "spark.dynamicAllocation.maxExecutors",
                                                       "spark.dynamicAllocation.executorAllocationRatio",
                                                       "spark.dynamicAllocation.schedulerBacklogTimeout",
                                                       "spark.dynamicAllocation.sustainedSchedulerBacklogTimeout",
                                                       "spark.dynamicAllocation.executorIdleTimeout",
                                                       "spark.dynamicAllocation.cachedExecutorIdleTimeout",
                                                       "spark.dynamicAllocation.shuffleTracking.timeout"};
constexpr std::size_t kOfTheFork = 2;

}  // namespace

std::vector<std::string_view> changeable_keys(Compat compat) {
  const std::size_t count = compat == Compat::fork_2_2 ? kOfTheFork : kChangeable.size();
  return {kChangeable.begin(), kChangeable.begin() + static_cast<std::ptrdiff_t>(count)};
}

ConfOutcome changed_conf(const Conf& now, const StringMap& changes, ConfOptions options) {
  const std::vector<std::string_view> allowed = changeable_keys(now.compat);
  FieldErrors refused;
  StringMap raw = now.raw;
  for (const auto& [key, value] : changes) {
    if (std::ranges::find(allowed, key) == allowed.end()) {
      const ConfPlace place = options.places[key];
      refused.push_back(
          {place.file, place.line, options.path_prefix + key,
           fmt::format("cannot change while the application runs; these can: {}", fmt::join(allowed, ", "))});
    }
    raw[key] = value;
  }
  options.unknown_keys = UnknownKeys::kWarn;  // those it started with have been judged
  options.assumed_image = "spark";
  ConfOutcome outcome = make_conf(raw, now.compat, options);
  outcome.errors.insert(outcome.errors.begin(), refused.begin(), refused.end());
  if (!outcome.errors.empty()) outcome.conf.reset();
  return outcome;
}

}  // namespace podramp::backend
