#include "backend/failure_tracker.h"

#include <fmt/format.h>

namespace podramp::backend {

void FailureTracker::add(TimeUs now) { failures_ms_.push_back(now / kMillisecondUs); }

std::int64_t FailureTracker::count(TimeUs now) {
  const DurationUs validity = validity_us_.value_or(0);
  if (validity > 0) {
    const std::int64_t oldest_ms = now / kMillisecondUs - validity / kMillisecondUs;
    while (!failures_ms_.empty() && failures_ms_.front() < oldest_ms) failures_ms_.pop_front();
  }
  return static_cast<std::int64_t>(failures_ms_.size());
}

std::string too_many_failures(FailureTracker& failures, TimeUs now) {
  return fmt::format("{} executors have failed, more than the {} that spark.executor.maxNumFailures allows",
                     failures.count(now), failures.failures_max());
}

}  // namespace podramp::backend
