// What a study unfolds to: its variants in their canonical order, the seeds that all of them share (common random
// numbers), and the runs, each of which belongs to exactly one shard. Pure functions of the study.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/study/study.h"

namespace podramp::sim {

// A value for each dimension; "" where the dimension does not apply.
struct Variant {
  std::vector<std::string> values;
  friend bool operator==(const Variant&, const Variant&) = default;
};

// grid: the first dimension changes slowest. sample: points of a seeded Halton sequence, without repetitions; fewer
// than asked for when there are no more. Errors: more than kVariantsMax.
Result<std::vector<Variant>> variants_of(const Study& study);
// "v001": as many digits as the last one needs, three at least; counts from 1.
std::string variant_id(std::size_t variant, std::size_t variants);
// "PATH=VALUE" for --set: the study's own, then the variant's.
std::vector<std::string> sets_of(const Study& study, const Variant& variant);
// One for each replicate, all different.
std::vector<std::uint64_t> seeds_of(const Study& study);

struct RunKey {
  std::size_t variant = 0;
  std::int64_t replicate = 0;
  friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

struct Shard {
  std::int64_t index = 1;  // from 1
  std::int64_t count = 1;
  friend bool operator==(const Shard&, const Shard&) = default;
};
// Every run of a grid or a sample, by variant, then replicate: the n-th (from 0) belongs to shard n mod count + 1.
std::vector<RunKey> runs_of(const Study& study, std::size_t variants, const Shard& shard);

// The rungs of successive halving: so many variants with so many seeds each.
struct Rung {
  std::size_t variants = 0;
  std::int64_t replicates = 0;
  friend bool operator==(const Rung&, const Rung&) = default;
};
std::vector<Rung> rungs_of(const Study& study, std::size_t variants);

// How many runs all of that is.
std::int64_t planned_runs(const Study& study, std::size_t variants, const Shard& shard);

}  // namespace podramp::sim
