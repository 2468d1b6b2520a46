// study.json: what a study was and what it came to, for machines (tables.h).
#include <nlohmann/json.hpp>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "sim/study/plan_text.h"
#include "sim/study/study_base.h"
#include "sim/study/tables.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json milli_json(std::int64_t milli) {
  return milli % 1000 == 0 ? Json(milli / 1000) : Json(static_cast<double>(milli) / 1000);
}
Json amount_json(const Amount& amount) { return amount.milli ? milli_json(*amount.milli) : Json(nullptr); }

Json variant_json(const StudyResult& result, const Assessed& one) {
  Json j;
  j["variant"] = variant_id(one.variant, result.variants.size());
  for (std::size_t d = 0; d < result.study.dimensions.size(); ++d) {
    const std::string& value = result.variants[one.variant].values[d];
    if (!value.empty()) j["values"][result.study.dimensions[d].name] = value;
  }
  for (std::size_t i = 0; i < one.objectives.size(); ++i) {
    j["objectives"][figure_text(result.study.objectives[i].figure)] = amount_json(one.objectives[i]);
  }
  for (std::size_t i = 0; i < one.constraints.size(); ++i) {
    j["constraints"][figure_text(result.study.constraints[i].figure)] = amount_json(one.constraints[i]);
  }
  return j;
}

Json paired_json(const StudyResult& result, const Paired& paired, std::size_t objective) {
  Json j;
  j["objective"] = figure_text(result.study.objectives[objective].figure);
  j["second"] = variant_id(paired.other, result.variants.size());
  j["better"] = paired.better;
  j["equal"] = paired.equal;
  j["worse"] = paired.worse;
  j["sign_test_p"] = milli_json((paired.p_millionths + 500) / 1000);
  if (paired.has_interval) {
    j["mean_difference_95"] = {milli_json(paired.low_milli), milli_json(paired.high_milli)};
  }
  return j;
}

Json sensitivity_json(const StudyResult& result, const Sensitivity& one) {
  Json j;
  j["objective"] = figure_text(result.study.objectives[one.objective].figure);
  j["dimension"] = result.study.dimensions[one.dimension].name;
  j["share_permille"] = one.share_permille;
  j["means"] = Json::object();
  for (const Effect& effect : one.effects) j["means"][effect.value] = milli_json(effect.mean_milli);
  return j;
}

}  // namespace

std::string study_json(const StudyResult& result) {
  Json j;
  j["schema"] = "podramp/study-result/v1";
  j["version"] = kPodrampVersion;
  j["study"] = Json::parse(to_json_line(result.study));
  j["plan"] = plan_hash(result.study, result.scenario_hash);
  j["scenario_hash"] = result.scenario_hash;
  j["seeds"] = seeds_of(result.study);
  j["variants"] = result.variants.size();
  j["runs"] = result.outcomes.size();
  std::int64_t failed = 0;
  for (const auto& [key, outcome] : result.outcomes) failed += outcome.exit == 0 ? 0 : 1;
  j["failed"] = failed;
  j["runs_hash"] = hex(hash_text(runs_csv(result)));
  j["recommended"] = nullptr;
  j["confidence"] = Json::array();
  if (result.verdict.recommended) {
    j["recommended"] = variant_json(result, result.verdict.ranking.front());
    const std::vector<Paired>& second = result.verdict.against_runner_up;
    for (std::size_t i = 0; i < second.size(); ++i) j["confidence"].push_back(paired_json(result, second[i], i));
  }
  j["not_told_apart"] = Json::array();
  for (const std::size_t variant : result.verdict.not_told_apart) {
    j["not_told_apart"].push_back(variant_id(variant, result.variants.size()));
  }
  j["pareto"] = Json::array();
  for (const Assessed& one : result.verdict.ranking) {
    if (one.on_front) j["pareto"].push_back(variant_json(result, one));
  }
  j["sensitivity"] = Json::array();
  for (const Sensitivity& one : result.sensitivities) j["sensitivity"].push_back(sensitivity_json(result, one));
  return j.dump(2) + "\n";
}

std::string plan_json(const Plan& plan) {
  Json j;
  j["study"] = plan.study;
  j["scenario"] = plan.scenario;
  j["plan"] = plan.hash;
  j["search"] = plan.search;
  for (const auto& [name, values] : plan.dimensions) j["dimensions"][name] = values;
  j["variants"] = plan.variants;
  j["replicates"] = plan.replicates;
  j["runs"] = plan.runs;
  if (plan.shard) j["shard"] = {plan.shard->shard.index, plan.shard->shard.count};
  j["jobs"] = plan.jobs;
  j["one_run_ms"] = plan.timed.ms;
  j["estimate_ms"] = plan.estimate_ms;
  if (!plan.timed.outcome.error.empty()) j["error"] = plan.timed.outcome.error;
  return j.dump(2) + "\n";
}

}  // namespace podramp::sim
