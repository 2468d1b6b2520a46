// A rate limit as client-go counts it: qps tokens a second, at most burst saved up. Whole numbers only: time is
// scaled by qps, so no fraction of a token is lost. Not a queue: it only says when the next call may go.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::fakeapi {

class TokenBucket {
 public:
  // qps 0 means no limit. burst >= 1.
  TokenBucket(int qps, int burst) : qps_(qps), burst_(burst) { CHECK(qps >= 0 && burst >= 1); }

  // Takes the next token, if need be one of the future: the instant (>= now) at which its owner may go.
  TimeUs reserve(TimeUs now) {
    if (qps_ == 0) return now;
    const std::int64_t scaled_now = now * qps_;
    spent_until_ = std::max(spent_until_, scaled_now) + kSecondUs;
    const std::int64_t due = spent_until_ - burst_ * kSecondUs;
    return due <= scaled_now ? now : (due + qps_ - 1) / qps_;
  }

  // Takes a token only if there is one now.
  bool try_take(TimeUs now) {
    if (qps_ == 0) return true;
    const std::int64_t scaled_now = now * qps_;
    if (std::max(spent_until_, scaled_now) + kSecondUs - burst_ * kSecondUs > scaled_now) return false;
    spent_until_ = std::max(spent_until_, scaled_now) + kSecondUs;
    return true;
  }

 private:
  std::int64_t qps_;
  std::int64_t burst_;
  std::int64_t spent_until_ = INT64_MIN / 2;  // scaled time at which the bucket is full again
};

}  // namespace podramp::fakeapi
