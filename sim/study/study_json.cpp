// A study's spec with all its defaults, and the hash by which parts and journals know that they belong together.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "sim/study/study.h"
#include "sim/study/study_base.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json figure_json(const Figure& figure) { return {{"kpi", figure.kpi}, {"statistic", figure.statistic.name}}; }

Json dimension_json(const Study& study, const Dimension& dimension) {
  Json j{{"name", dimension.name}, {"path", dimension.path}, {"values", dimension.values}};
  for (const Condition& condition : dimension.when) {
    j["when"][study.dimensions[condition.dimension].name] = condition.values;
  }
  return j;
}

Json constraint_json(const Constraint& constraint) {
  Json j = figure_json(constraint.figure);
  if (constraint.at_most) j["at_most"] = *constraint.at_most;
  if (constraint.at_least) j["at_least"] = *constraint.at_least;
  return j;
}

Json search_json(const Search& search) {
  Json j{{"kind", to_text(search.kind)}};
  if (search.points > 0) j["points"] = search.points;
  if (search.kind == SearchKind::halving) {
    j["first_replicates"] = search.first_replicates;
    j["keep_one_in"] = search.keep_one_in;
  }
  return j;
}

}  // namespace

std::string to_json_line(const Study& study) {
  Json j;
  j["schema"] = kStudySchema;
  j["name"] = study.name;
  j["about"] = study.about;
  j["scenario"] = study.scenario;
  j["seed"] = study.seed;
  j["replicates"] = study.replicates;
  j["engine"] = study.engine == EngineKind::simgrid ? "simgrid" : "fluid";
  j["log"] = to_text(study.log);
  j["set"] = Json::object();
  for (const auto& [path, value] : study.set) j["set"][path] = value;
  j["dimensions"] = Json::array();
  for (const Dimension& dimension : study.dimensions) j["dimensions"].push_back(dimension_json(study, dimension));
  j["objectives"] = Json::array();
  for (const Objective& objective : study.objectives) {
    Json one = figure_json(objective.figure);
    one["goal"] = to_text(objective.goal);
    j["objectives"].push_back(std::move(one));
  }
  j["constraints"] = Json::array();
  for (const Constraint& constraint : study.constraints) j["constraints"].push_back(constraint_json(constraint));
  j["search"] = search_json(study.search);
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string plan_hash(const Study& study, const std::string& scenario_hash) {
  return hex(hash_text(fmt::format("{}\n{}\n{}", kPodrampVersion, scenario_hash, to_json_line(study))));
}

}  // namespace podramp::sim
