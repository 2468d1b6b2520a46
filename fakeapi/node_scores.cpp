#include "fakeapi/node_scores.h"

#include <algorithm>
#include <bit>

namespace podramp::fakeapi {
namespace {

__extension__ using Wide = __int128;  // cpu in thousandths times memory in bytes

constexpr std::int64_t kImageMinBytes = 23LL << 20;
constexpr std::int64_t kImageMaxBytes = 1000LL << 20;

// Half the distance between the shares in percent, rounded up.
template <class Number>
std::int64_t lost_percent(std::int64_t cpu, std::int64_t cpu_used, std::int64_t memory, std::int64_t memory_used) {
  const Number of_cpu = Number{cpu_used} * memory;
  const Number of_memory = Number{memory_used} * cpu;
  const Number distance = of_cpu > of_memory ? of_cpu - of_memory : of_memory - of_cpu;
  const Number whole = Number{cpu} * memory;
  return static_cast<std::int64_t>((50 * distance + whole - 1) / whole);
}

}  // namespace

std::int64_t fit_score(const Use& use, bool most) {
  std::int64_t sum = 0;
  std::int64_t parts = 0;
  const auto add = [&](std::int64_t all, std::int64_t used) {
    if (all == 0) return;
    ++parts;
    if (most) {
      sum += std::min(used, all) * 100 / all;
    } else if (used < all) {
      sum += (all - used) * 100 / all;
    }
  };
  add(use.cpu, use.cpu_used);
  add(use.memory, use.memory_used);
  return parts == 2 ? sum / 2 : sum;  // of constants the compiler makes no slow division
}

std::int64_t balanced_score(const Use& use) {
  if (use.cpu == 0 || use.memory == 0) return 100;  // one share alone deviates from nothing
  const std::int64_t cpu_used = std::min(use.cpu_used, use.cpu);
  std::int64_t memory_used = std::min(use.memory_used, use.memory);
  std::int64_t memory = use.memory;
  // Memory comes in mebibytes, mostly: without the common powers of two 64 bits will do.
  const int common = std::countr_zero(static_cast<std::uint64_t>(memory | memory_used));
  memory >>= common;
  memory_used >>= common;
  if (std::bit_width(static_cast<std::uint64_t>(use.cpu)) + std::bit_width(static_cast<std::uint64_t>(memory)) <= 56) {
    return 100 - lost_percent<std::int64_t>(use.cpu, cpu_used, memory, memory_used);
  }
  return 100 - lost_percent<Wide>(use.cpu, cpu_used, memory, memory_used);
}

std::int64_t image_score(std::int64_t scaled, std::int64_t containers) {
  const std::int64_t most = kImageMaxBytes * containers;
  if (most <= kImageMinBytes) return 0;
  return 100 * (std::clamp(scaled, kImageMinBytes, most) - kImageMinBytes) / (most - kImageMinBytes);
}

void to_percent_of_highest(std::vector<std::int64_t>& scores, bool reversed) {
  const std::int64_t highest = scores.empty() ? 0 : *std::ranges::max_element(scores);
  for (std::int64_t& score : scores) {
    const std::int64_t share = highest <= 0 ? 0 : 100 * score / highest;
    score = reversed ? 100 - share : share;
  }
}

void to_percent_of_range(std::vector<std::int64_t>& scores) {
  if (scores.empty()) return;
  const auto [low, high] = std::ranges::minmax(scores);
  for (std::int64_t& score : scores) score = high == low ? 0 : 100 * (score - low) / (high - low);
}

std::int64_t ln_micro(std::int64_t n) {
  // log2 in 2^-32 by squaring the mantissa, times ln 2.
  const int whole = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n))) - 1;
  auto mantissa = static_cast<std::uint64_t>((Wide{n} << 32) >> whole);  // in [1, 2), 32 binary places
  std::uint64_t fraction = 0;
  for (int bit = 31; bit >= 0; --bit) {
    mantissa = static_cast<std::uint64_t>(
        (Wide{static_cast<std::int64_t>(mantissa)} * static_cast<std::int64_t>(mantissa)) >> 32);
    if (mantissa >= (std::uint64_t{2} << 32)) {
      fraction |= std::uint64_t{1} << bit;
      mantissa >>= 1;
    }
  }
  constexpr std::int64_t kLn2Nano = 693'147'181;
  const Wide log2 = (Wide{whole} << 32) + static_cast<std::int64_t>(fraction);
  return static_cast<std::int64_t>((log2 * kLn2Nano / 1000) >> 32);
}

}  // namespace podramp::fakeapi
