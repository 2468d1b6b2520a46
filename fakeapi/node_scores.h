// The arithmetic of the scheduler's scores, 0 to 100 each, and how they are brought to one scale (K49, K50). Where
// Kubernetes computes in doubles, these are the exact results of the same formulas. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace podramp::fakeapi {

// Default weights (K49).
inline constexpr std::int64_t kTaintWeight = 3;
inline constexpr std::int64_t kNodeAffinityWeight = 2;
inline constexpr std::int64_t kSpreadWeight = 2;
inline constexpr std::int64_t kNeighbourWeight = 2;

// What a node has of cpu and memory, and what would be used of it with the pod.
struct Use {
  std::int64_t cpu = 0, cpu_used = 0, memory = 0, memory_used = 0;
};
// NodeResourcesFit: how much is left, or with `most` how much is used; resources that are 0 on a node have no say.
std::int64_t fit_score(const Use& use, bool most);
// BalancedAllocation: 100 less half the distance between the two used shares, in percent, rounded down.
std::int64_t balanced_score(const Use& use);
// ImageLocality: `scaled` is the sum over the pod's containers of size * nodes that have it / nodes (K50).
std::int64_t image_score(std::int64_t scaled, std::int64_t containers);

// DefaultNormalizeScore: shares of the highest, or with `reversed` what is left to 100; without a positive one all
// stay 0, or become 100.
void to_percent_of_highest(std::vector<std::int64_t>& scores, bool reversed);
// InterPodAffinity's: the lowest becomes 0, the highest 100; all 0 when they are equal.
void to_percent_of_range(std::vector<std::int64_t>& scores);

// The natural logarithm in millionths, n > 0, by integers alone.
std::int64_t ln_micro(std::int64_t n);

}  // namespace podramp::fakeapi
