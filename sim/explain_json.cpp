// An Explanation for machines.
#include <nlohmann/json.hpp>

#include "sim/explain.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json times(const std::map<WaitReason, DurationUs>& by_reason) {
  Json object = Json::object();
  for (const auto& [reason, time] : by_reason) object[std::string(to_text(reason))] = time;
  return object;
}

Json executor(const ExecutorWait& wait) {
  Json object{{"application", wait.application}, {"executor", wait.row.id},
              {"profile", wait.row.profile},     {"pod", wait.row.pod},
              {"node", wait.row.node},           {"wanted_us", wait.wanted_us},
              {"until_us", wait.until_us},       {"end", std::string(to_text(wait.end))},
              {"slices", Json::array()}};
  for (const WaitSlice& slice : wait.slices) {
    object["slices"].push_back(
        Json{{"reason", std::string(to_text(slice.reason))}, {"from_us", slice.from_us}, {"to_us", slice.to_us}});
  }
  return object;
}

}  // namespace

std::string explain_json(const Explanation& explanation) {
  Json all;
  if (!explanation.chosen) {
    all["waited_us"] = times(explanation.total);
    all["registered"] = explanation.registered;
    all["executors"] = Json::array();
    for (const ExecutorWait& wait : explanation.waits) all["executors"].push_back(executor(wait));
    return all.dump(2) + "\n";
  }
  all = executor(explanation.waits[explanation.chosen->wait]);
  all["causes"] = Json::array();
  for (const ChainLink& link : explanation.chosen->chain) {
    all["causes"].push_back(
        Json{{"seq", link.seq}, {"t_us", link.t}, {"type", link.type}, {"by", link.by}, {"key", link.key}});
  }
  if (!explanation.chosen->said.empty()) all["said"] = explanation.chosen->said;
  return all.dump(2) + "\n";
}

}  // namespace podramp::sim
