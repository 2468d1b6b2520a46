// What a fuzzed scenario is drawn with. Each draw is named and depends on the seed and its name alone, so that one more
// draw elsewhere moves none of the others (design 2.1). Swarm testing: whole features are on or off for a seed, so that
// one run has a few of them and the runs together have all combinations (05 A2, A3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/random.h"
#include "backend/port/time.h"

namespace podramp::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed) {}

  // Whether the seed has this feature at all.
  bool feature(std::string_view name, std::int64_t numerator = 1, std::int64_t denominator = 2) const {
    return Draw(seed_, "fuzz.feature", name).chance(numerator, denominator);
  }
  bool chance(std::string_view name, std::int64_t numerator, std::int64_t denominator, std::uint64_t n = 0) const {
    return Draw(seed_, "fuzz.chance", name, n).chance(numerator, denominator);
  }
  std::int64_t pick(std::string_view name, std::int64_t low, std::int64_t high, std::uint64_t n = 0) const {
    return Draw(seed_, "fuzz.pick", name, n).uniform(low, high);
  }
  // Small numbers as often as large ones: uniform in the number of bits.
  std::int64_t size(std::string_view name, std::int64_t high, std::uint64_t n = 0) const;
  std::string one_of(std::string_view name, const std::vector<std::string>& choices, std::uint64_t n = 0) const {
    return choices[static_cast<std::size_t>(pick(name, 0, static_cast<std::int64_t>(choices.size()) - 1, n))];
  }

 private:
  std::uint64_t seed_;
};

}  // namespace podramp::sim
