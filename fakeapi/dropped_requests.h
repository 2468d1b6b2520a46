// How long a refused client is told to wait (K92): a level's Retry-After doubles while it refuses many requests, and
// shrinks by one a second while it refuses few. After kubernetes/apiserver dropped_requests_tracker.go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

namespace podramp::fakeapi {

class DroppedRequests {
 public:
  static constexpr std::int64_t kRetryAfterMaxS = 32;

  // One more request is refused in this second of the run. The value moves only with the first of a second.
  void record(std::int64_t second) {
    if (second == second_) {
      ++count_;
      return;
    }
    remember();
    second_ = second;
    count_ = 1;
    update();
  }
  std::int64_t retry_after_s() const { return retry_after_s_; }

 private:
  void remember() {
    history_.emplace_back(second_, count_);
    const std::int64_t longest = std::min(2 * retry_after_s_, kRetryAfterMaxS);
    while (!history_.empty() && second_ - history_.front().first > longest) history_.pop_front();
  }

  // What was refused in the last retry_after_s_ seconds, this one not among them, decides.
  void update() {
    std::int64_t dropped = 0;
    for (const auto& [second, count] : history_) {
      if (second < second_ && second_ - second <= retry_after_s_) dropped += count;
    }
    if (second_ - raised_second_ >= retry_after_s_ && dropped >= 3 * retry_after_s_) {
      retry_after_s_ = std::min(2 * retry_after_s_, kRetryAfterMaxS);
      raised_second_ = second_;
    } else if (dropped < retry_after_s_ && retry_after_s_ > 1) {
      --retry_after_s_;
    }
  }

  static constexpr std::int64_t kLongAgo = -1'000'000;  // the first refusals may raise it at once

  std::deque<std::pair<std::int64_t, std::int64_t>> history_;  // second, refusals in it
  std::int64_t second_ = kLongAgo;
  std::int64_t count_ = 0;
  std::int64_t retry_after_s_ = 1;
  std::int64_t raised_second_ = kLongAgo;
};

}  // namespace podramp::fakeapi
