#include "sim/study/study_base.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "sim/field_reader.h"

namespace podramp::sim {
namespace {

// The first variant with each value of each dimension.
std::vector<std::size_t> cover(const Study& study, const std::vector<Variant>& variants) {
  std::vector<std::set<std::string>> seen(study.dimensions.size());
  std::vector<std::size_t> chosen;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    bool is_new = false;
    for (std::size_t d = 0; d < seen.size(); ++d) is_new |= seen[d].insert(variants[v].values[d]).second;
    if (is_new) chosen.push_back(v);
  }
  return chosen;
}

// A file's place beside the spec, as a scenario's files are beside the scenario.
std::string beside_spec(const std::string& spec, const std::string& name) {
  const std::size_t slash = spec.rfind('/');
  return slash == std::string::npos || name.starts_with('/') ? name : spec.substr(0, slash + 1) + name;
}

std::optional<FieldError> check_figure(const Study& study, const Scenario& scenario, const Figure& figure) {
  const std::size_t slash = figure.kpi.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string name = figure.kpi.substr(0, slash);
  std::vector<std::string> names;
  for (const ApplicationSpec& spec : scenario.applications) names.push_back(spec.name);
  if (std::ranges::find(names, name) != names.end()) return std::nullopt;
  return FieldError{study.file, 0, figure.kpi,
                    fmt::format("the scenario has no application \"{}\"{}", name, did_you_mean(name, names))};
}

// What the study asks of single applications joins the run's own.
Kpis kpis_of(const Study& study, const RunSummary& summary) {
  Kpis kpis = summary.kpis;
  const auto add = [&](const Figure& figure) {
    const std::size_t slash = figure.kpi.find('/');
    if (slash == std::string::npos) return;
    const auto application = summary.applications.find(figure.kpi.substr(0, slash));
    if (application == summary.applications.end()) return;
    const auto kpi = application->second.find(figure.kpi.substr(slash + 1));
    if (kpi != application->second.end()) kpis[figure.kpi] = kpi->second;
  };
  for (const Objective& objective : study.objectives) add(objective.figure);
  for (const Constraint& constraint : study.constraints) add(constraint.figure);
  return kpis;
}

std::string fingerprint_of(const RunSummary& summary) {
  if (!summary.footer.fingerprints.decisions.empty()) return summary.footer.fingerprints.decisions;
  Fingerprint fingerprint;
  for (const auto& [name, value] : summary.kpis) fingerprint.add(fmt::format("{} {}", name, value));
  for (const auto& [name, count] : summary.footer.by_type) fingerprint.add(fmt::format("{} {}", name, count));
  return fingerprint.text();
}

}  // namespace

tl::expected<Loaded, FieldErrors> StudyBase::load(std::vector<std::string> sets, std::uint64_t seed) const {
  Overrides overrides;
  overrides.sets = std::move(sets);
  overrides.seed = seed;
  const ReadFile read = [&](const std::string& file) -> Result<std::string> {
    const auto text = texts_.find(file);
    if (text == texts_.end()) return tl::unexpected(Error{fmt::format("{} was not read before", file)});
    return text->second;
  };
  return load_scenario({file_, texts_.at(file_)}, read, overrides);
}

tl::expected<StudyBase, FieldErrors> StudyBase::open(const Study& study, const std::vector<Variant>& variants,
                                                     const ReadFile& read) {
  StudyBase base;
  base.file_ = beside_spec(study.file, study.scenario);
  const ReadFile remember = [&](const std::string& file) -> Result<std::string> {
    if (const auto known = base.texts_.find(file); known != base.texts_.end()) return known->second;
    auto text = read(file);
    if (text) base.texts_[file] = *text;
    return text;
  };
  const auto text = remember(base.file_);
  if (!text) return tl::unexpected(FieldErrors{{study.file, 0, "scenario", text.error().message}});
  FieldErrors errors;
  const auto try_sets = [&](const std::vector<std::string>& sets) -> std::optional<Loaded> {
    Overrides overrides;
    overrides.sets = sets;
    overrides.seed = study.seed;
    auto loaded = load_scenario({base.file_, *text}, remember, overrides);
    if (loaded) return std::move(*loaded);
    for (const FieldError& error : loaded.error()) {
      if (std::ranges::find(errors, error) == errors.end()) errors.push_back(error);
    }
    return std::nullopt;
  };
  std::vector<std::string> own;
  for (const auto& [path, value] : study.set) own.push_back(fmt::format("{}={}", path, value));
  auto loaded = try_sets(own);
  if (loaded) {
    for (const std::size_t v : cover(study, variants)) try_sets(sets_of(study, variants[v]));
    base.scenario_ = std::move(loaded->scenario);
    base.warnings_ = std::move(loaded->warnings);
    const auto note = [&](const Figure& figure) {
      if (auto error = check_figure(study, base.scenario_, figure)) errors.push_back(std::move(*error));
    };
    for (const Objective& objective : study.objectives) note(objective.figure);
    for (const Constraint& constraint : study.constraints) note(constraint.figure);
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  std::set<std::string> hashes;  // not by name: the same files may lie elsewhere on another machine
  for (const auto& [file, one] : base.texts_) hashes.insert(hex(hash_text(one)));
  base.hash_ = hex(hash_text(fmt::format("{}\n{}", fmt::join(hashes, ","), to_json_line(base.scenario_))));
  return base;
}

Outcome StudyBase::run(const Study& study, const Variant& variant, std::uint64_t seed,
                       const std::function<void()>& before_run) const {
  Outcome outcome;
  const auto fail = [&](int code, std::string why) {
    outcome.exit = code;
    outcome.error = std::move(why);
    return outcome;
  };
  auto loaded = load(sets_of(study, variant), seed);
  if (!loaded) {
    const FieldError& error = loaded.error().front();
    return fail(kExitBadInput, fmt::format("{}: {}", error.path, error.message));
  }
  Scenario& scenario = loaded->scenario;
  scenario.expect.budgets.clear();
  scenario.expect.sometimes.clear();
  RunOptions options;
  options.level = study.log;
  options.engine = study.engine;
  options.before_run = before_run;
  const auto result = run_experiment(scenario, options);
  if (!result) return fail(kExitBadInput, result.error().message);
  const RunSummary& summary = result->summary;
  outcome.ended = to_text(summary.ending);
  outcome.t_ms = summary.t / kMillisecondUs;
  outcome.events = summary.footer.events;
  outcome.kpis = kpis_of(study, summary);
  outcome.fingerprint = fingerprint_of(summary);
  if (!summary.violations.empty()) {
    const Violation& violation = summary.violations.front();
    return fail(kExitFailed, fmt::format("property {}: {}", violation.property, violation.detail));
  }
  if (summary.ending == Ending::livelock) return fail(kExitFailed, "livelock");
  return outcome;
}

}  // namespace podramp::sim
