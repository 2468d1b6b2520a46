// Chance. A draw is a pure function of (seed, stream, key, ordinal): no generator is shared by two entities, so
// nothing that one entity does moves another's luck (design 2.1, common random numbers).
// Distributions come from Boost.Random, which gives the same values with every standard library.
#pragma once

#include <cstdint>
#include <string_view>

namespace podramp {

// FNV-1a, 64 bits: the project's one text hash.
std::uint64_t hash_text(std::string_view text);

// A tiny uniform bit generator (splitmix64) that starts from a hash; good for a handful of draws each.
class Draw {
 public:
  using result_type = std::uint64_t;

  // stream: dotted and stable for ever ("kubelet.start"); key: the entity ("etl-exec-17"); ordinal: its n-th draw.
  Draw(std::uint64_t seed, std::string_view stream, std::string_view key, std::uint64_t ordinal = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT64_MAX; }
  result_type operator()();

  // Uniform whole number in [low, high]; low <= high.
  std::int64_t uniform(std::int64_t low, std::int64_t high);
  // True with probability numerator/denominator; 0 <= numerator, denominator > 0.
  bool chance(std::int64_t numerator, std::int64_t denominator);
  // Standard normal deviate.
  double normal();

 private:
  std::uint64_t state_;
};

}  // namespace podramp
