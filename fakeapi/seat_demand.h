// How many seats a priority level wanted lately, and what follows for everybody's seats (K90): each period's mean plus
// standard deviation, smoothed slowly downwards; then all seats are shared out in proportion, between what a level
// must keep and what it may have. After kubernetes/apiserver apf_controller.go; integers, in thousandths of a seat.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/port/time.h"

namespace podramp::fakeapi {

class SeatDemand {
 public:
  // From now on so many seats are wanted. Periods that nobody closes are forgotten.
  void set(int seats, TimeUs now, DurationUs period_us);
  // The period ends now: mean and deviation go into smoothed_milli(). highest() is of this period until begin().
  void close(TimeUs now);
  void begin() { highest_ = seats_; }

  int highest() const { return highest_; }                         // since the period began
  std::int64_t smoothed_milli() const { return smoothed_milli_; }  // of the periods closed

 private:
  void add_up(TimeUs now);

  int seats_ = 0;
  int highest_ = 0;
  TimeUs from_us_ = 0;
  TimeUs counted_us_ = 0;
  std::int64_t sum_ = 0;          // seat-microseconds
  std::int64_t sum_squares_ = 0;  // seat^2-microseconds
  std::int64_t smoothed_milli_ = 0;
};

// What one level asks of the sharing: it gets at least low, and its share of the rest by target.
struct SeatClaim {
  int low = 0;
  std::int64_t target_milli = 0;
};
// Seats per claim: max(low, fraction x target) with one fraction for all, as large as `total` allows.
std::vector<int> share_seats(int total, const std::vector<SeatClaim>& claims);

}  // namespace podramp::fakeapi
