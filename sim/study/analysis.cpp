#include "sim/study/analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "backend/port/random.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kResamples = 2000;
constexpr std::int64_t kMillion = 1'000'000;

std::int64_t cost_of(const Objective& objective, const Amount& amount) {
  if (!amount.milli) return INT64_MAX;
  return objective.goal == Goal::minimize ? *amount.milli : -*amount.milli;
}

Assessed assess_one(const Study& study, const Outcomes& outcomes, std::size_t variant) {
  Assessed one;
  one.variant = variant;
  std::vector<const Outcome*> runs;
  for (auto it = outcomes.lower_bound({variant, 0}); it != outcomes.end() && it->first.variant == variant; ++it) {
    ++one.runs;
    if (it->second.exit != 0) ++one.failed;
    if (it->second.has_result()) runs.push_back(&it->second);
  }
  const auto value = [&](const Figure& figure) {
    std::vector<Amount> values;
    for (const Outcome* run : runs) values.push_back(amount_of(run->kpis, figure.kpi));
    return statistic_of(std::move(values), figure.statistic);
  };
  one.feasible = one.failed == 0;
  for (const Objective& objective : study.objectives) {
    one.objectives.push_back(value(objective.figure));
    one.feasible = one.feasible && one.objectives.back().milli;
  }
  for (const Constraint& constraint : study.constraints) {
    one.constraints.push_back(value(constraint.figure));
    one.feasible = one.feasible && meets(constraint, one.constraints.back());
  }
  return one;
}

// a is as good as b everywhere and better somewhere.
bool dominates(const Study& study, const Assessed& a, const Assessed& b) {
  bool better = false;
  for (std::size_t i = 0; i < study.objectives.size(); ++i) {
    const std::int64_t cost_a = cost_of(study.objectives[i], a.objectives[i]);
    const std::int64_t cost_b = cost_of(study.objectives[i], b.objectives[i]);
    if (cost_a > cost_b) return false;
    better = better || cost_a < cost_b;
  }
  return better;
}

void mark_front(const Study& study, std::vector<Assessed>& all) {
  for (Assessed& one : all) {
    one.on_front = one.feasible && one.finished && std::ranges::none_of(all, [&](const Assessed& other) {
                     return other.feasible && other.finished && dominates(study, other, one);
                   });
  }
}

// Distances to the best of each objective among the feasible, in millionths of their spread.
void score_all(const Study& study, std::vector<Assessed>& all) {
  for (std::size_t i = 0; i < study.objectives.size(); ++i) {
    std::int64_t best = INT64_MAX;
    std::int64_t worst = INT64_MIN;
    for (const Assessed& one : all) {
      if (!one.feasible) continue;
      best = std::min(best, cost_of(study.objectives[i], one.objectives[i]));
      worst = std::max(worst, cost_of(study.objectives[i], one.objectives[i]));
    }
    for (Assessed& one : all) {
      const std::int64_t cost = cost_of(study.objectives[i], one.objectives[i]);
      if (cost == INT64_MAX || best == INT64_MAX || cost <= best || worst <= best) continue;
      const __int128 distance = static_cast<__int128>(cost) - best;
      one.score += static_cast<std::int64_t>(distance * kMillion / (static_cast<__int128>(worst) - best));
    }
  }
}

std::int64_t sign_test_millionths(std::int64_t better, std::int64_t worse) {
  const std::int64_t n = better + worse;
  const std::int64_t few = std::min(better, worse);
  if (n == 0) return kMillion;
  long double term = 1;
  for (std::int64_t i = 0; i < n; ++i) term /= 2;
  long double tail = 0;
  for (std::int64_t k = 0; k <= few; ++k) {
    tail += term;
    term *= static_cast<long double>(n - k) / static_cast<long double>(k + 1);
  }
  return std::min<std::int64_t>(kMillion, static_cast<std::int64_t>(tail * 2 * kMillion + 0.5L));
}

void bootstrap(const std::vector<std::int64_t>& differences, std::uint64_t seed, Paired& paired) {
  const auto n = static_cast<std::int64_t>(differences.size());
  std::vector<std::int64_t> means;
  for (std::int64_t i = 0; i < kResamples; ++i) {
    Draw draw(seed, "study.bootstrap", "", static_cast<std::uint64_t>(i));
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < n; ++k) sum += differences[static_cast<std::size_t>(draw.uniform(0, n - 1))];
    means.push_back(sum / n);
  }
  std::ranges::sort(means);
  paired.low_milli = means[static_cast<std::size_t>(kResamples / 40)];
  paired.high_milli = means[static_cast<std::size_t>(kResamples - 1 - kResamples / 40)];
  paired.has_interval = true;
}

}  // namespace

std::string amount_text(const Amount& amount) {
  if (!amount.milli) return "inf";
  const std::int64_t milli = *amount.milli;
  std::string text = fmt::format("{}{}", milli < 0 ? "-" : "", std::abs(milli) / 1000);
  if (const std::int64_t rest = std::abs(milli) % 1000; rest != 0) {
    text += fmt::format(".{:03}", rest);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

Amount amount_of(const Kpis& kpis, const std::string& kpi) {
  const auto found = kpis.find(kpi);
  if (found == kpis.end() || (found->second < 0 && kpi.ends_with("_ms"))) return {};
  return {found->second * 1000};
}

Amount statistic_of(std::vector<Amount> values, const Statistic& statistic) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto n = static_cast<std::int64_t>(values.size());
  if (statistic.mean) {
    if (!values.back().milli) return {};
    std::int64_t sum = 0;
    for (const Amount& value : values) sum += *value.milli;
    return {sum / n};
  }
  if (statistic.name == "median" && n % 2 == 0) {
    const Amount& low = values[static_cast<std::size_t>(n / 2 - 1)];
    const Amount& high = values[static_cast<std::size_t>(n / 2)];
    return high.milli ? Amount{(*low.milli + *high.milli) / 2} : Amount{};
  }
  const std::int64_t rank = std::clamp<std::int64_t>((n * statistic.permille + 999) / 1000, 1, n);
  return values[static_cast<std::size_t>(rank - 1)];
}

bool meets(const Constraint& constraint, const Amount& amount) {
  if (!amount.milli) return false;
  if (constraint.at_most && *amount.milli > *constraint.at_most * 1000) return false;
  return !constraint.at_least || *amount.milli >= *constraint.at_least * 1000;
}

std::vector<Assessed> assess(const Study& study, const Outcomes& outcomes, std::size_t variants) {
  std::vector<Assessed> all;
  std::int64_t most_runs = 0;
  for (std::size_t variant = 0; variant < variants; ++variant) {
    Assessed one = assess_one(study, outcomes, variant);
    most_runs = std::max(most_runs, one.runs);
    if (one.runs > 0) all.push_back(std::move(one));
  }
  for (Assessed& one : all) one.finished = one.runs == most_runs;
  mark_front(study, all);
  if (study.objectives.size() > 1) score_all(study, all);
  std::ranges::stable_sort(all, [&](const Assessed& a, const Assessed& b) {
    if (a.finished != b.finished) return a.finished;
    if (a.feasible != b.feasible) return a.feasible;
    if (a.score != b.score && a.feasible) return a.score < b.score;
    return cost_of(study.objectives[0], a.objectives[0]) < cost_of(study.objectives[0], b.objectives[0]);
  });
  for (std::size_t i = 0; i < all.size(); ++i) all[i].rank = static_cast<std::int64_t>(i) + 1;
  return all;
}

Paired compare_on_seeds(const Study& study, const Outcomes& outcomes, std::size_t objective, std::size_t first,
                        std::size_t other, bool with_interval) {
  const Objective& wanted = study.objectives.at(objective);
  Paired paired;
  paired.other = other;
  std::vector<std::int64_t> differences;
  bool all_numbers = true;
  for (std::int64_t replicate = 0; replicate < study.replicates; ++replicate) {
    const auto a = outcomes.find({first, replicate});
    const auto b = outcomes.find({other, replicate});
    if (a == outcomes.end() || b == outcomes.end()) continue;
    const Amount amount_a = amount_of(a->second.kpis, wanted.figure.kpi);
    const Amount amount_b = amount_of(b->second.kpis, wanted.figure.kpi);
    const std::int64_t cost_a = cost_of(wanted, amount_a);
    const std::int64_t cost_b = cost_of(wanted, amount_b);
    ++(cost_a < cost_b ? paired.better : cost_a > cost_b ? paired.worse : paired.equal);
    all_numbers = all_numbers && amount_a.milli && amount_b.milli;
    if (all_numbers) differences.push_back(*amount_a.milli - *amount_b.milli);
  }
  paired.p_millionths = sign_test_millionths(paired.better, paired.worse);
  if (with_interval && all_numbers && !differences.empty()) bootstrap(differences, study.seed, paired);
  return paired;
}

Verdict judge(const Study& study, const Outcomes& outcomes, std::size_t variants) {
  Verdict verdict;
  verdict.ranking = assess(study, outcomes, variants);
  const auto is_candidate = [](const Assessed& one) { return one.feasible && one.finished; };
  if (verdict.ranking.empty() || !is_candidate(verdict.ranking.front())) return verdict;
  const std::size_t best = verdict.ranking.front().variant;
  verdict.recommended = best;
  for (std::size_t i = 1; i < verdict.ranking.size() && is_candidate(verdict.ranking[i]); ++i) {
    const std::size_t other = verdict.ranking[i].variant;
    const Paired paired = compare_on_seeds(study, outcomes, 0, best, other, false);
    if (!paired.is_told_apart()) verdict.not_told_apart.push_back(other);
    if (i > 1) continue;
    for (std::size_t k = 0; k < study.objectives.size(); ++k) {
      verdict.against_runner_up.push_back(compare_on_seeds(study, outcomes, k, best, other, true));
    }
  }
  return verdict;
}

}  // namespace podramp::sim
