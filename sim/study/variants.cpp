#include "sim/study/variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "backend/port/random.h"

namespace podramp::sim {
namespace {

bool applies(const Dimension& dimension, const Variant& so_far) {
  return std::ranges::all_of(dimension.when, [&](const Condition& condition) {
    return std::ranges::find(condition.values, so_far.values[condition.dimension]) != condition.values.end();
  });
}

tl::unexpected<Error> too_many() {
  return tl::unexpected(Error{fmt::format("more than {} variants: take a sample, or fewer values", kVariantsMax)});
}

Result<std::vector<Variant>> grid(const Study& study) {
  std::vector<Variant> variants{{}};
  for (const Dimension& dimension : study.dimensions) {
    std::vector<Variant> longer;
    for (const Variant& variant : variants) {
      const std::vector<std::string> none{""};
      for (const std::string& value : applies(dimension, variant) ? dimension.values : none) {
        longer.push_back(variant);
        longer.back().values.push_back(value);
      }
      if (longer.size() > kVariantsMax) return too_many();
    }
    variants = std::move(longer);
  }
  return variants;
}

// The n-th number of van der Corput's sequence of this base, in units of 2^-64.
std::uint64_t radical_inverse(std::uint64_t n, std::uint64_t base) {
  unsigned __int128 sum = 0;
  unsigned __int128 unit = (static_cast<unsigned __int128>(1) << 64U) / base;
  for (; n > 0 && unit > 0; n /= base, unit /= base) sum += (n % base) * unit;
  return static_cast<std::uint64_t>(sum);
}

// Halton's sequence, each coordinate shifted (modulo 1) by a draw of its dimension.
std::vector<Variant> halton(const Study& study) {
  static constexpr std::array<std::uint64_t, 16> kPrimes{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
  std::vector<Variant> variants;
  std::set<std::vector<std::string>> seen;
  const auto wanted = static_cast<std::size_t>(study.search.points);
  for (std::uint64_t n = 1; variants.size() < wanted && n <= 64 * wanted + 64; ++n) {
    Variant variant;
    for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
      const Dimension& dimension = study.dimensions[d];
      const std::uint64_t shift = Draw(study.seed, "study.sample", dimension.name)();
      const std::uint64_t at = radical_inverse(n, kPrimes.at(d % kPrimes.size())) + shift;
      const auto index = (static_cast<unsigned __int128>(at) * dimension.values.size()) >> 64U;
      variant.values.push_back(applies(dimension, variant) ? dimension.values[static_cast<std::size_t>(index)] : "");
    }
    if (seen.insert(variant.values).second) variants.push_back(std::move(variant));
  }
  return variants;
}

}  // namespace

Result<std::vector<Variant>> variants_of(const Study& study) {
  return study.search.points > 0 ? Result<std::vector<Variant>>(halton(study)) : grid(study);
}

std::string variant_id(std::size_t variant, std::size_t variants) {
  const std::size_t digits = std::max<std::size_t>(3, fmt::format("{}", variants).size());
  return fmt::format("v{:0{}}", variant + 1, digits);
}

std::vector<std::string> sets_of(const Study& study, const Variant& variant) {
  std::vector<std::string> sets;
  for (const auto& [path, value] : study.set) sets.push_back(fmt::format("{}={}", path, value));
  for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
    if (variant.values[d].empty()) continue;
    sets.push_back(fmt::format("{}={}", study.dimensions[d].path, variant.values[d]));
  }
  return sets;
}

std::vector<std::uint64_t> seeds_of(const Study& study) {
  std::vector<std::uint64_t> seeds;
  std::set<std::uint64_t> seen;
  for (std::uint64_t n = 0; seeds.size() < static_cast<std::size_t>(study.replicates); ++n) {
    const auto seed = static_cast<std::uint64_t>(Draw(study.seed, "study.replicate", "", n).uniform(1, INT32_MAX));
    if (seen.insert(seed).second) seeds.push_back(seed);
  }
  return seeds;
}

std::vector<RunKey> runs_of(const Study& study, std::size_t variants, const Shard& shard) {
  std::vector<RunKey> runs;
  std::int64_t n = 0;
  for (std::size_t variant = 0; variant < variants; ++variant) {
    for (std::int64_t replicate = 0; replicate < study.replicates; ++replicate, ++n) {
      if (n % shard.count == shard.index - 1) runs.push_back({variant, replicate});
    }
  }
  return runs;
}

std::vector<Rung> rungs_of(const Study& study, std::size_t variants) {
  std::vector<Rung> rungs{{variants, study.search.first_replicates}};
  const auto one_in = static_cast<std::size_t>(study.search.keep_one_in);
  while (rungs.back().variants > 1 && rungs.back().replicates < study.replicates) {
    const Rung& last = rungs.back();
    rungs.push_back({(last.variants + one_in - 1) / one_in,
                     std::min(study.replicates, last.replicates * study.search.keep_one_in)});
  }
  rungs.back().replicates = study.replicates;
  return rungs;
}

std::int64_t planned_runs(const Study& study, std::size_t variants, const Shard& shard) {
  if (study.search.kind != SearchKind::halving) {
    return static_cast<std::int64_t>(runs_of(study, variants, shard).size());
  }
  std::int64_t runs = 0;
  std::int64_t before = 0;  // seeds that a variant has when it comes to a rung
  for (const Rung& rung : rungs_of(study, variants)) {
    runs += static_cast<std::int64_t>(rung.variants) * (rung.replicates - before);
    before = rung.replicates;
  }
  return runs;
}

}  // namespace podramp::sim
