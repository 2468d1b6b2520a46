// What people read of a study (tables.h): the recommended settings, how sure they are, ten lines on stdout.
#include <fmt/format.h>

#include <algorithm>

#include "sim/study/study_base.h"
#include "sim/study/tables.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kNamedMax = 5;

const Assessed& best_of(const StudyResult& result) { return result.verdict.ranking.front(); }

std::string id_text(const StudyResult& result, std::size_t variant) {
  return variant_id(variant, result.variants.size());
}

// "applications.0.conf.spark.executor.cores" -> "spark.executor.cores"; "" when it is no Spark setting.
std::string spark_key(const std::string& path) {
  static constexpr std::string_view kConf = ".conf.";
  const std::size_t at = path.find(kConf);
  return path.starts_with("applications") && at != std::string::npos ? path.substr(at + kConf.size()) : "";
}

std::string bound_text(const Constraint& constraint) {
  std::string text;
  if (constraint.at_most) text += fmt::format("at most {}", *constraint.at_most);
  if (constraint.at_least) text += fmt::format("{}at least {}", text.empty() ? "" : " and ", *constraint.at_least);
  return text;
}

std::string figures_text(const StudyResult& result, const Assessed& one) {
  std::string text;
  for (std::size_t i = 0; i < result.study.objectives.size(); ++i) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", figure_text(result.study.objectives[i].figure),
                        amount_text(one.objectives[i]));
  }
  for (std::size_t i = 0; i < result.study.constraints.size(); ++i) {
    const Constraint& constraint = result.study.constraints[i];
    text += fmt::format(", {} {} ({})", figure_text(constraint.figure), amount_text(one.constraints[i]),
                        bound_text(constraint));
  }
  return text;
}

std::int64_t count_if(const StudyResult& result, bool Assessed::*what) {
  return std::ranges::count_if(result.verdict.ranking, [&](const Assessed& one) { return one.*what; });
}

std::string paired_line(const StudyResult& result, const Paired& paired, std::size_t objective) {
  const std::int64_t seeds = paired.better + paired.equal + paired.worse;
  std::string line = fmt::format("{} against the second, {}: better on {} of {} shared seeds, equal on {}, worse on {}",
                                 result.study.objectives[objective].figure.kpi, id_text(result, paired.other),
                                 paired.better, seeds, paired.equal, paired.worse);
  line += paired.p_millionths < 1000
              ? "; sign test p < 0.001"
              : fmt::format("; sign test p = {}", amount_text(Amount{(paired.p_millionths + 500) / 1000}));
  if (paired.has_interval) {
    line += fmt::format("; mean difference {} to {} (95 % bootstrap)", amount_text(Amount{paired.low_milli}),
                        amount_text(Amount{paired.high_milli}));
  }
  return line;
}

std::string told_apart_line(const StudyResult& result) {
  const std::vector<std::size_t>& same = result.verdict.not_told_apart;
  if (same.empty()) return "Told apart from every other feasible variant (sign test of the first objective, 5 %).";
  std::string names;
  for (std::size_t i = 0; i < std::min(same.size(), kNamedMax); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", id_text(result, same[i]));
  }
  if (same.size() > kNamedMax) names += fmt::format(" and {} more", same.size() - kNamedMax);
  // Fewer than six seeds cannot reach 5 %, however they fall.
  const std::string why =
      best_of(result).runs < 6 ? fmt::format(" {} seeds cannot; six can.", best_of(result).runs) : "";
  return fmt::format("These seeds do not tell it apart (sign test, 5 %) from: {}.{}", names, why);
}

}  // namespace

std::string describe(const Study& study, const Variant& variant) {
  std::string text;
  for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
    if (variant.values[d].empty()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", study.dimensions[d].name, variant.values[d]);
  }
  return text;
}

std::vector<std::string> confidence_lines(const StudyResult& result) {
  std::vector<std::string> lines;
  const std::vector<Paired>& second = result.verdict.against_runner_up;
  if (second.empty()) return {"There is no second feasible variant to compare it with."};
  for (std::size_t i = 0; i < second.size(); ++i) lines.push_back(paired_line(result, second[i], i));
  lines.push_back(told_apart_line(result));
  return lines;
}

std::string recommended_conf(const StudyResult& result) {
  const Study& study = result.study;
  std::string out = fmt::format("# podramp {} tune: study {}, scenario {}, {} variants, {} runs\n", kPodrampVersion,
                                study.name, study.scenario, result.verdict.ranking.size(), result.outcomes.size());
  if (!result.verdict.recommended) {
    return out +
           "# No variant is feasible: every one fails, misses a constraint or never reaches an objective.\n"
           "# See variants.csv.\n";
  }
  const std::size_t best = *result.verdict.recommended;
  out += fmt::format("# {}: {}\n", id_text(result, best), figures_text(result, best_of(result)));
  for (const std::string& line : confidence_lines(result)) out += fmt::format("# {}\n", line);
  std::string settings;
  std::string others;
  std::string of_application;
  const auto add = [&](const std::string& path, const std::string& value) {
    const std::string key = spark_key(path);
    if (key.empty()) {
      others += fmt::format("# not a Spark setting: {} = {}\n", path, value);
      return;
    }
    const std::string application = path.substr(0, path.find(".conf."));
    if (!of_application.empty() && application != of_application) settings += fmt::format("# of {}\n", application);
    of_application = application;
    settings += fmt::format("{} {}\n", key, value);
  };
  const auto is_varied = [&](const std::string& path) {
    for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
      if (study.dimensions[d].path == path && !result.variants[best].values[d].empty()) return true;
    }
    return false;
  };
  for (const auto& [path, value] : study.set) {
    if (!is_varied(path)) add(path, value);
  }
  for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
    const std::string& value = result.variants[best].values[d];
    if (!value.empty()) add(study.dimensions[d].path, value);
  }
  return out + others + settings;
}

std::vector<std::string> summary_lines(const StudyResult& result, const std::string& folder) {
  const Study& study = result.study;
  const auto failed = std::ranges::count_if(result.outcomes, [](const auto& run) { return run.second.exit != 0; });
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}: {} of {} variants, {} runs, {} failed", study.name, result.verdict.ranking.size(),
                              result.variants.size(), result.outcomes.size(), failed));
  lines.push_back(fmt::format("feasible: {} variants; on the Pareto front: {}", count_if(result, &Assessed::feasible),
                              count_if(result, &Assessed::on_front)));
  if (result.verdict.recommended) {
    const std::size_t best = *result.verdict.recommended;
    lines.push_back(fmt::format("recommended: {}: {}", id_text(result, best), describe(study, result.variants[best])));
    lines.push_back("  " + figures_text(result, best_of(result)));
    for (const std::string& line : confidence_lines(result)) {
      if (lines.size() < 7) lines.push_back("  " + line);
    }
  } else {
    lines.emplace_back("recommended: none, no variant is feasible; see variants.csv");
  }
  for (const Sensitivity& one : result.sensitivities) {
    if (lines.size() >= 9 || one.objective > 0 || one.effects.empty()) break;
    const auto [low, high] = std::ranges::minmax_element(one.effects, {}, &Effect::mean_milli);
    lines.push_back(fmt::format("{} moves {}: {} of the variance; mean {} at {}, {} at {}",
                                study.dimensions[one.dimension].name, figure_text(study.objectives[0].figure),
                                fmt::format("{}.{} %", one.share_permille / 10, one.share_permille % 10),
                                amount_text(Amount{low->mean_milli}), low->value, amount_text(Amount{high->mean_milli}),
                                high->value));
  }
  lines.push_back(
      fmt::format("tables: {}/ (runs.csv, variants.csv, pareto.csv, sensitivity.csv, recommended.conf)", folder));
  return lines;
}

}  // namespace podramp::sim
