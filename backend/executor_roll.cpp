#include "backend/executor_roll.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace podramp::backend {
namespace {

using Summaries = std::vector<ExecutorSummary>;
using Whole = std::int64_t ExecutorSummary::*;
using Value = std::function<float(const ExecutorSummary&)>;

// The first in order of the smallest.
template <class Key>
std::optional<ExecutorId> first_smallest(const Summaries& all, Key key) {
  const auto it = std::ranges::min_element(all, {}, key);
  return it == all.end() ? std::nullopt : std::optional(it->executor);
}

// An ascending stable sort reversed: the last in order of the largest.
template <class Key>
std::optional<ExecutorId> last_largest(const Summaries& all, Key key) {
  const ExecutorSummary* best = nullptr;
  for (const ExecutorSummary& one : all) {
    if (best == nullptr || std::invoke(key, one) >= std::invoke(key, *best)) best = &one;
  }
  return best == nullptr ? std::nullopt : std::optional(best->executor);
}

// More than two population standard deviations above the mean; the largest of them. Values, mean and the sum of
// squares are single precision, the root is not.
std::optional<ExecutorId> largest_outlier(const Summaries& all, const Value& value) {
  if (all.empty()) return std::nullopt;
  const auto size = static_cast<float>(all.size());
  float sum = 0.0F;
  for (const ExecutorSummary& one : all) sum += value(one);
  const float mean = sum / size;
  float squares = 0.0F;
  for (const ExecutorSummary& one : all) squares += (value(one) - mean) * (value(one) - mean);
  const double deviation = std::sqrt(static_cast<double>(squares / size));
  Summaries outliers;
  for (const ExecutorSummary& one : all) {
    if (static_cast<double>(value(one) - mean) > 2 * deviation) outliers.push_back(one);
  }
  return last_largest(outliers, value);
}

// In the order of importance that the plugin gives its dimensions.
std::optional<ExecutorId> first_outlier(const Summaries& all) {
  Summaries with_tasks;
  std::ranges::copy_if(all, std::back_inserter(with_tasks), [](const auto& one) { return one.total_tasks > 0; });
  const Value average = [](const ExecutorSummary& one) {
    const std::int64_t whole_ms = one.total_duration_ms / one.total_tasks;
    return static_cast<float>(whole_ms);
  };
  if (const auto found = largest_outlier(with_tasks, average)) return found;
  for (const Whole field :
       {&ExecutorSummary::total_duration_ms, &ExecutorSummary::total_gc_ms, &ExecutorSummary::failed_tasks,
        &ExecutorSummary::peak_onheap_bytes, &ExecutorSummary::peak_offheap_bytes,
        &ExecutorSummary::shuffle_write_bytes, &ExecutorSummary::disk_used_bytes}) {
    const Value value = [field](const ExecutorSummary& one) { return static_cast<float>(one.*field); };
    if (const auto found = largest_outlier(all, value)) return found;
  }
  return std::nullopt;
}

float average_duration(const ExecutorSummary& one) {
  return static_cast<float>(one.total_duration_ms) / static_cast<float>(std::max<std::int64_t>(1, one.total_tasks));
}

}  // namespace

std::optional<ExecutorId> choose_to_roll(const std::vector<ExecutorSummary>& summaries, const RollSettings& settings) {
  Summaries all;
  std::ranges::copy_if(summaries, std::back_inserter(all), [&settings](const ExecutorSummary& one) {
    return one.executor != kDriverSummary && one.total_tasks >= settings.min_tasks;
  });
  switch (settings.policy) {
    case RollPolicy::id: return first_smallest(all, &ExecutorSummary::executor);
    case RollPolicy::add_time: return first_smallest(all, &ExecutorSummary::added_us);
    case RollPolicy::total_gc_time: return last_largest(all, &ExecutorSummary::total_gc_ms);
    case RollPolicy::total_duration: return last_largest(all, &ExecutorSummary::total_duration_ms);
    case RollPolicy::average_duration: return last_largest(all, average_duration);
    case RollPolicy::failed_tasks: return last_largest(all, &ExecutorSummary::failed_tasks);
    case RollPolicy::peak_jvm_onheap_memory: return last_largest(all, &ExecutorSummary::peak_onheap_bytes);
    case RollPolicy::peak_jvm_offheap_memory: return last_largest(all, &ExecutorSummary::peak_offheap_bytes);
    case RollPolicy::total_shuffle_write: return last_largest(all, &ExecutorSummary::shuffle_write_bytes);
    case RollPolicy::disk_used: return last_largest(all, &ExecutorSummary::disk_used_bytes);
    case RollPolicy::outlier_no_fallback: return first_outlier(all);
    case RollPolicy::outlier: break;
  }
  if (const auto found = first_outlier(all)) return found;
  return last_largest(all, &ExecutorSummary::total_duration_ms);
}

}  // namespace podramp::backend
