// study.json of a study's folder (declared in study_record.h).
#include <nlohmann/json.hpp>

#include "sim/report/study_record.h"

namespace podramp::sim {
namespace {

using nlohmann::json;

std::string plain_text(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

StudyMeasure measure_of(const json& j) {
  StudyMeasure measure;
  measure.column = j.at("kpi").get<std::string>() + "." + j.value("statistic", "median");
  measure.maximize = j.value("goal", "minimize") == "maximize";
  if (j.contains("at_most")) measure.bound = "at most " + plain_text(j["at_most"]);
  if (j.contains("at_least")) {
    measure.bound += (measure.bound.empty() ? "at least " : ", at least ") + plain_text(j["at_least"]);
  }
  return measure;
}

}  // namespace

Result<StudyRecord> study_of_json(const std::string& text) {
  try {
    const json j = json::parse(text);
    const json& spec = j.at("study");
    StudyRecord study;
    study.name = spec.value("name", "");
    study.about = spec.value("about", "");
    study.runs = j.value("runs", std::int64_t{0});
    study.failed = j.value("failed", std::int64_t{0});
    study.seeds = j.contains("seeds") ? static_cast<std::int64_t>(j["seeds"].size()) : 0;
    for (const json& d : spec.at("dimensions")) {
      StudyDimension dimension{d.at("name").get<std::string>(), {}};
      for (const json& value : d.at("values")) dimension.values.push_back(plain_text(value));
      study.dimensions.push_back(std::move(dimension));
    }
    for (const json& o : spec.at("objectives")) study.objectives.push_back(measure_of(o));
    if (study.objectives.empty()) return tl::unexpected(Error{"it has no objectives"});
    if (spec.contains("constraints")) {
      for (const json& c : spec["constraints"]) study.constraints.push_back(measure_of(c));
    }
    if (j.contains("sensitivity")) {
      for (const json& s : j["sensitivity"]) {
        study.shares.push_back({s.at("objective").get<std::string>(), s.at("dimension").get<std::string>(),
                                s.at("share_permille").get<std::int64_t>()});
      }
    }
    if (j.contains("recommended") && j["recommended"].is_object()) {
      study.recommended = j["recommended"].value("variant", "");
    }
    return study;
  } catch (const json::exception& e) {
    return tl::unexpected(Error{e.what()});
  }
}

}  // namespace podramp::sim
