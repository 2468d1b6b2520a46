// What a study's runs say: a statistic of each figure of each variant, which variants meet the constraints, which of
// them no other beats, which one to recommend, and how sure the shared seeds make that. Exact: values are whole numbers
// of thousandths; nothing here depends on the order in which runs ended. Sensitivity is sensitivity.h.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/outcome.h"

namespace podramp::sim {

// In thousandths of the KPI's unit; absent: never, which is worse than any number.
struct Amount {
  std::optional<std::int64_t> milli;
  friend bool operator==(const Amount&, const Amount&) = default;
  friend std::strong_ordering operator<=>(const Amount& a, const Amount& b) {
    if (a.milli && b.milli) return *a.milli <=> *b.milli;
    return b.milli.has_value() <=> a.milli.has_value();
  }
};
std::string amount_text(const Amount& amount);  // "12", "12.5", "inf"

// The KPI of one run: a time of -1, or a KPI that the run does not have, is never.
Amount amount_of(const Kpis& kpis, const std::string& kpi);
Amount statistic_of(std::vector<Amount> values, const Statistic& statistic);  // of no values: never
bool meets(const Constraint& constraint, const Amount& amount);

struct Assessed {
  std::size_t variant = 0;
  std::int64_t runs = 0;
  std::int64_t failed = 0;  // without a result, or a broken property
  std::vector<Amount> objectives, constraints;
  bool feasible = false;   // no run failed, every constraint holds, every objective is a number
  bool on_front = false;   // feasible, and no feasible one is as good everywhere and better somewhere
  bool finished = true;    // halving: it came to the last rung
  std::int64_t rank = 0;   // from 1
  std::int64_t score = 0;  // several objectives: how far from the best of each, in millionths of the spread, added up
};

// One for each variant that has runs, best first: those of the last rung before others, feasible ones before others, by
// objective (several: by the sum of their normalized distances to the best), then in the order of the variants.
std::vector<Assessed> assess(const Study& study, const Outcomes& outcomes, std::size_t variants);

// Two variants on the seeds that both have run, by one objective.
struct Paired {
  std::size_t other = 0;
  std::int64_t better = 0, equal = 0, worse = 0;  // seeds on which the first is better than the other
  std::int64_t p_millionths = 1'000'000;          // sign test, two-sided: chance of this or more if neither were better
  std::int64_t low_milli = 0, high_milli = 0;     // 95 % bootstrap interval of the mean difference, first minus other
  bool has_interval = false;                      // not when a run never came there
  bool is_told_apart() const { return p_millionths <= 50'000; }
};
Paired compare_on_seeds(const Study& study, const Outcomes& outcomes, std::size_t objective, std::size_t first,
                        std::size_t other, bool with_interval);

struct Verdict {
  std::vector<Assessed> ranking;
  std::optional<std::size_t> recommended;   // of the variants; absent: none is feasible
  std::vector<Paired> against_runner_up;    // an entry for each objective; empty: there is no second
  std::vector<std::size_t> not_told_apart;  // feasible ones, by the first objective's sign test
};
Verdict judge(const Study& study, const Outcomes& outcomes, std::size_t variants);

}  // namespace podramp::sim
