// The clock of a live run: microseconds since the last whole second before it began, so that its zero is an instant
// that Kubernetes can write (K3). Never goes back. The only clock that a live run reads.
#pragma once

#include <chrono>

#include "backend/port/wall_time.h"

namespace podramp::live {

class LiveClock {
 public:
  LiveClock() {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(wall);
    zero_.unix_s = whole.count();
    started_ = std::chrono::steady_clock::now() - std::chrono::duration_cast<std::chrono::nanoseconds>(wall - whole);
  }

  WallZero zero() const { return zero_; }
  TimeUs now() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  WallZero zero_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace podramp::live
