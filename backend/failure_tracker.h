// Failed executors in a sliding window (02 3, "Failure tracker"): a FIFO of times, in whole milliseconds as Spark's
// clock counts. Not here: what counts as a failure (lifecycle.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "backend/port/time.h"

namespace podramp::backend {

class FailureTracker {
 public:
  // validity_us: how long a failure counts; absent or 0 is for ever. failures_max: more than this is too many.
  FailureTracker(std::optional<DurationUs> validity_us, std::int64_t failures_max)
      : validity_us_(validity_us), failures_max_(failures_max) {}

  void add(TimeUs now);
  // Failures that still count: those not older than the window.
  std::int64_t count(TimeUs now);
  bool too_many(TimeUs now) { return count(now) > failures_max_; }
  std::int64_t failures_max() const { return failures_max_; }

 private:
  std::optional<DurationUs> validity_us_;
  std::int64_t failures_max_;
  std::deque<std::int64_t> failures_ms_;
};

inline constexpr int kTooManyFailuresExitCode = 11;

// Why the driver then exits with kTooManyFailuresExitCode.
std::string too_many_failures(FailureTracker& failures, TimeUs now);

}  // namespace podramp::backend
