// Published facts beside ours (docs/fidelity.md): runs the scenarios that carry one, and says how near we come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/status.h"
#include "sim/published_fact.h"
#include "sim/scenario.h"

namespace podramp::sim {

// Latencies and limits of the cluster that differ from the profile's defaults, as PATHs of a scenario.
std::vector<std::string> overridden_defaults(const Scenario& scenario);

struct FigureResult {
  PublishedFigure figure;
  std::optional<std::int64_t> ours_milli;
  bool within() const { return ours_milli && *ours_milli >= figure.low_milli && *ours_milli <= figure.high_milli; }
  // Within, or outside and the scenario says why; a reason that is no longer true is wrong as well.
  bool as_expected() const { return within() == figure.differs.empty(); }
};
struct FactResult {
  std::string scenario;  // its name
  PublishedFact fact;
  std::vector<FigureResult> figures;
};

// Runs the scenario, which must carry a fact. Errors: as run_experiment.
Result<FactResult> measure_fact(const Scenario& scenario);
// docs/fidelity.md.
std::string fidelity_document(const std::vector<FactResult>& results);
// The same for machines: [{scenario, kind, source, figures: [{what, published, low, high, ours, unit, within}]}].
std::string fidelity_json(const std::vector<FactResult>& results);
// "1.29 s", "50 /s", "never".
std::string figure_text(std::optional<std::int64_t> milli, const std::string& unit);

}  // namespace podramp::sim
