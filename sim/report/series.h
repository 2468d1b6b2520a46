// Numbers over time as charts show them: steps that hold until the next one, and means of equal slices of time, so that
// a long run is no larger on paper than a short one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/wait_slices.h"

namespace podramp::sim {

struct Point {
  TimeUs t = 0;
  double value = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
using Steps = std::vector<Point>;  // rising in t; a value holds until the next point

struct Window {
  TimeUs from_us = 0;
  TimeUs to_us = kSecondUs;  // > from_us
};

// Keeps first, lowest, highest and last of each of `buckets` slices of the window: the picture stays the same.
Steps thinned(const Steps& steps, const Window& window, std::size_t buckets);
// The value at an instant; 0 before the first point.
double value_at(const Steps& steps, TimeUs t);
// The sum of several, with a point wherever one of them has one.
Steps sum_of(const std::vector<Steps>& all);

// How many are in a state over time, as the mean of each slice of the window: exact however short a stay is.
class Occupancy {
 public:
  Occupancy(const Window& window, std::size_t buckets);
  void add(TimeUs from_us, TimeUs to_us);  // one is in it from .. to
  Steps means() const;

 private:
  Window window_;
  std::size_t buckets_;
  std::vector<double> part_;   // of a slice, by those that come or go within it
  std::vector<double> whole_;  // differences of how many fill the slice
};

// Each averaged with the two beside it: rounds that come and go every second do not flicker.
Steps smoothed(const Steps& slices);

// How often something happened, a second, as the mean of each slice.
Steps rate_per_s(const std::vector<TimeUs>& times, const Window& window, std::size_t buckets);

}  // namespace podramp::sim
