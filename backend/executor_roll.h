// Which executor the roll plugin decommissions next (02 4.5, S-K1): ExecutorRollPlugin of Spark 3.3 and later, as one
// pure function of what the status store says. Floats where Spark has them. Not here: when it is asked (every
// interval, the first time after one), and the decommissioning, which leaves the target as it is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "backend/port/fields.h"
#include "backend/port/ids.h"
#include "backend/port/time.h"

namespace podramp::backend {

enum class RollPolicy : std::uint8_t {
  id,
  add_time,
  total_gc_time,
  total_duration,
  average_duration,
  failed_tasks,
  peak_jvm_onheap_memory,
  peak_jvm_offheap_memory,
  total_shuffle_write,
  disk_used,
  outlier,
  outlier_no_fallback,
};

struct RollSettings {
  DurationUs interval_us = 0;
  RollPolicy policy = RollPolicy::outlier;
  std::int64_t min_tasks = 0;
};

inline constexpr ExecutorId kDriverSummary = 0;  // the status store lists the driver among the executors

// An active executor, as the status store describes it.
struct ExecutorSummary {
  ExecutorId executor = kDriverSummary;
  TimeUs added_us = 0;
  std::int64_t total_tasks = 0;
  std::int64_t failed_tasks = 0;
  std::int64_t total_duration_ms = 0;
  std::int64_t total_gc_ms = 0;
  std::int64_t shuffle_write_bytes = 0;
  std::int64_t disk_used_bytes = 0;
  std::int64_t peak_onheap_bytes = 0;
  std::int64_t peak_offheap_bytes = 0;
};

// The executor to roll, of summaries in the store's own order; nothing when no one qualifies. Among equals the last in
// that order goes, but the first for id and add_time (02 4.5).
std::optional<ExecutorId> choose_to_roll(const std::vector<ExecutorSummary>& summaries, const RollSettings& settings);

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::RollPolicy> {
  static constexpr std::array<std::string_view, 12> names{"ID",
                                                          "ADD_TIME",
                                                          "TOTAL_GC_TIME",
                                                          "TOTAL_DURATION",
                                                          "AVERAGE_DURATION",
                                                          "FAILED_TASKS",
                                                          "PEAK_JVM_ONHEAP_MEMORY",
                                                          "PEAK_JVM_OFFHEAP_MEMORY",
                                                          "TOTAL_SHUFFLE_WRITE",
                                                          "DISK_USED",
                                                          "OUTLIER",
                                                          "OUTLIER_NO_FALLBACK"};
};
