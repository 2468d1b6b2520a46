#include "sim/fuzz/dice.h"

#include <algorithm>

namespace podramp::sim {

std::int64_t Dice::size(std::string_view name, std::int64_t high, std::uint64_t n) const {
  Draw draw(seed_, "fuzz.size", name, n);
  std::int64_t bits = 1;
  while ((std::int64_t{1} << bits) <= high) ++bits;
  const std::int64_t top = (std::int64_t{1} << draw.uniform(1, bits)) - 1;
  return draw.uniform(1, std::min(top, high));
}

}  // namespace podramp::sim
