#include "sim/study/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sim/results.h"

namespace podramp::sim {
namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + '"';
}

std::string dimension_heads(const Study& study) {
  std::string heads;
  for (const Dimension& dimension : study.dimensions) heads += "," + csv_cell(dimension.name);
  return heads;
}

std::string dimension_cells(const Variant& variant) {
  std::string cells;
  for (const std::string& value : variant.values) cells += "," + csv_cell(value);
  return cells;
}

std::string figure_head(const Figure& figure) { return figure.kpi + "." + figure.statistic.name; }

// Every figure that the study asks for, and what a reader wants to know of its KPIs beside it; each once.
std::vector<Figure> figures_of(const Study& study) {
  std::vector<Figure> figures;
  std::set<std::string> seen;
  const auto add = [&](const Figure& figure) {
    if (seen.insert(figure_head(figure)).second) figures.push_back(figure);
  };
  for (const Objective& objective : study.objectives) add(objective.figure);
  for (const Constraint& constraint : study.constraints) add(constraint.figure);
  const std::vector<Figure> asked = figures;
  for (const Figure& figure : asked) {
    for (const std::string_view name : {"mean", "median", "min", "max"}) add({figure.kpi, *statistic_of(name)});
  }
  return figures;
}

Amount value_of(const StudyResult& result, std::size_t variant, const Figure& figure) {
  std::vector<Amount> values;
  for (auto it = result.outcomes.lower_bound({variant, 0}); it != result.outcomes.end() && it->first.variant == variant;
       ++it) {
    if (it->second.has_result()) values.push_back(amount_of(it->second.kpis, figure.kpi));
  }
  return statistic_of(std::move(values), figure.statistic);
}

std::string id_of(const StudyResult& result, std::size_t variant) {
  return variant_id(variant, result.variants.size());
}

std::string objective_heads(const Study& study) {
  std::string heads;
  for (const Objective& objective : study.objectives) heads += "," + csv_cell(figure_head(objective.figure));
  for (const Constraint& constraint : study.constraints) heads += "," + csv_cell(figure_head(constraint.figure));
  return heads;
}

}  // namespace

StudyResult conclude(Study study, std::string scenario_hash, std::vector<Variant> variants, Outcomes outcomes) {
  StudyResult result;
  result.verdict = judge(study, outcomes, variants.size());
  result.sensitivities = sensitivities(study, variants, result.verdict.ranking);
  result.study = std::move(study);
  result.scenario_hash = std::move(scenario_hash);
  result.variants = std::move(variants);
  result.outcomes = std::move(outcomes);
  return result;
}

std::string runs_csv(const StudyResult& result) {
  std::set<std::string> kpis;
  for (const auto& [key, outcome] : result.outcomes) {
    for (const auto& [name, value] : outcome.kpis) kpis.insert(name);
  }
  std::string out =
      fmt::format("variant,replicate,seed{},exit,ended,error,t_ms,events,fingerprint", dimension_heads(result.study));
  for (const std::string& name : kpis) out += "," + csv_cell(name);
  out += '\n';
  const std::vector<std::uint64_t> seeds = seeds_of(result.study);
  for (const auto& [key, outcome] : result.outcomes) {
    out += fmt::format("{},{},{}{},{},{},{},{},{},{}", id_of(result, key.variant), key.replicate + 1,
                       seeds.at(static_cast<std::size_t>(key.replicate)), dimension_cells(result.variants[key.variant]),
                       outcome.exit, outcome.ended, csv_cell(outcome.error), outcome.t_ms, outcome.events,
                       outcome.fingerprint);
    for (const std::string& name : kpis) {
      const auto kpi = outcome.kpis.find(name);
      out += kpi == outcome.kpis.end() ? "," : fmt::format(",{}", kpi->second);
    }
    out += '\n';
  }
  return out;
}

std::string variants_csv(const StudyResult& result) {
  const std::vector<Figure> figures = figures_of(result.study);
  std::string out = fmt::format("variant{},runs,failed,feasible,on_front,rank", dimension_heads(result.study));
  for (const Figure& figure : figures) out += "," + csv_cell(figure_head(figure));
  out += '\n';
  std::vector<const Assessed*> rows;
  for (const Assessed& one : result.verdict.ranking) rows.push_back(&one);
  std::ranges::sort(rows, {}, [](const Assessed* one) { return one->variant; });
  for (const Assessed* one : rows) {
    out +=
        fmt::format("{}{},{},{},{},{},{}", id_of(result, one->variant), dimension_cells(result.variants[one->variant]),
                    one->runs, one->failed, one->feasible ? 1 : 0, one->on_front ? 1 : 0, one->rank);
    for (const Figure& figure : figures) out += "," + amount_text(value_of(result, one->variant, figure));
    out += '\n';
  }
  return out;
}

std::string pareto_csv(const StudyResult& result) {
  std::string out = fmt::format("variant{}{}\n", dimension_heads(result.study), objective_heads(result.study));
  std::vector<const Assessed*> front;
  for (const Assessed& one : result.verdict.ranking) {
    if (one.on_front) front.push_back(&one);
  }
  std::ranges::stable_sort(front, [](const Assessed* a, const Assessed* b) {
    if (a->objectives.front() != b->objectives.front()) return a->objectives.front() < b->objectives.front();
    return a->variant < b->variant;
  });
  for (const Assessed* one : front) {
    out += id_of(result, one->variant) + dimension_cells(result.variants[one->variant]);
    for (const Amount& amount : one->objectives) out += "," + amount_text(amount);
    for (const Amount& amount : one->constraints) out += "," + amount_text(amount);
    out += '\n';
  }
  return out;
}

std::string sensitivity_csv(const StudyResult& result) {
  std::string out = "objective,dimension,share_permille,lowest_at,lowest_mean,highest_at,highest_mean\n";
  for (const Sensitivity& one : result.sensitivities) {
    if (one.effects.empty()) continue;
    const auto [low, high] = std::ranges::minmax_element(one.effects, {}, &Effect::mean_milli);
    out +=
        fmt::format("{},{},{},{},{},{},{}\n", csv_cell(figure_head(result.study.objectives[one.objective].figure)),
                    csv_cell(result.study.dimensions[one.dimension].name), one.share_permille, csv_cell(low->value),
                    amount_text(Amount{low->mean_milli}), csv_cell(high->value), amount_text(Amount{high->mean_milli}));
  }
  return out;
}

std::string effects_csv(const StudyResult& result) {
  std::string out = "objective,dimension,value,variants,mean\n";
  for (const Sensitivity& one : result.sensitivities) {
    for (const Effect& effect : one.effects) {
      out += fmt::format("{},{},{},{},{}\n", csv_cell(figure_head(result.study.objectives[one.objective].figure)),
                         csv_cell(result.study.dimensions[one.dimension].name), csv_cell(effect.value), effect.variants,
                         amount_text(Amount{effect.mean_milli}));
    }
  }
  return out;
}

Result<bool> write_tables(const StudyResult& result, const std::string& folder) {
  const std::array<std::pair<const char*, std::string>, 7> files{{{"runs.csv", runs_csv(result)},
                                                                  {"variants.csv", variants_csv(result)},
                                                                  {"pareto.csv", pareto_csv(result)},
                                                                  {"sensitivity.csv", sensitivity_csv(result)},
                                                                  {"effects.csv", effects_csv(result)},
                                                                  {"recommended.conf", recommended_conf(result)},
                                                                  {"study.json", study_json(result)}}};
  for (const auto& [name, text] : files) {
    if (auto written = write_file(folder + "/" + name, text); !written) return written;
  }
  return true;
}

}  // namespace podramp::sim
