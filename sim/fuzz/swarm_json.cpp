// A seed's features, its stages in time, and what is expected of it; the parts are drawn in swarm_*_json.cpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/fuzz/swarm.h"
#include "sim/fuzz/swarm_parts_json.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kHealingS = 70 * 60;   // longer than the slowest back-off and the patience of settling.h
constexpr std::int64_t kStoppingS = 25 * 60;  // longer than that patience

}  // namespace

std::string seconds(std::int64_t s) { return fmt::format("{}s", s); }

SwarmRun swarm_run(std::uint64_t seed) {
  SwarmPlan plan{Dice(seed)};
  const Dice& dice = plan.dice;
  plan.trouble_s = dice.pick("trouble", 120, 900);
  plan.settles_s = plan.trouble_s + kHealingS;
  plan.has_quota = dice.feature("quota");
  plan.has_late_nodes = dice.feature("late_nodes", 1, 4);
  plan.has_priorities = dice.feature("priorities", 1, 4);
  plan.has_driver_pods = dice.feature("driver_pods");
  plan.has_queue = dice.feature("queue", 1, 8);
  plan.has_gang = dice.feature("gang", 1, 8);
  plan.has_autoscaler = dice.feature("autoscaler", 1, 4);
  plan.has_claims = dice.feature("claims", 1, 6);
  plan.has_sets = dice.feature("sets", 1, 3);
  plan.has_fork = dice.feature("fork", 1, 6);
  plan.has_shuffle_service = plan.has_fork && dice.feature("shuffle_service");

  nlohmann::ordered_json scenario{{"schema", "podramp/v1"}, {"name", fmt::format("fuzz-{}", seed)}, {"seed", seed}};
  scenario["end"] = seconds(plan.settles_s + kStoppingS);
  if (dice.feature("kubernetes", 1, 3)) {
    scenario["kubernetes"] = dice.one_of("kubernetes", {"k8s-1.31", "k8s-1.33", "managed-large", "stress-low"});
  }
  if (dice.feature("small_buffers", 1, 3)) scenario["kubernetes"] = {{"profile", "k8s-1.32"}, {"watch_buffer", 1}};
  add_cluster(plan, scenario);
  add_applications(plan, scenario);
  add_trouble(plan, scenario);
  scenario["expect"]["settles_by"] = seconds(plan.settles_s);
  // Spark's own defects keep it from its target for ever (T3, 02 1.5); with the cures nothing does, but for sets, whose
  // size Spark asks for once: a patch that fails is not sent again; and for claims: with an empty batch of snapshots
  // the allocator takes those of living executors for free ones (T9), and a new pod waits for one on another node. The
  // fork never hears of a pod whose create was committed but not answered: that one's executor stays in its driver's
  // books when it dies (01 1.8). Likewise in a set, when the label with its id goes to the pod that took its name.
  nlohmann::ordered_json skipped = nlohmann::ordered_json::array();
  const bool corrected = dice.feature("corrected", 2, 3);
  if (plan.has_fork || plan.has_sets) skipped.push_back("books_agree");
  if (!corrected || plan.has_sets || plan.has_claims) skipped.push_back("target_reached");
  if (!skipped.empty()) scenario["expect"]["skip"] = std::move(skipped);
  return {scenario.dump(1) + "\n", dice.feature("ties_shuffled")};
}

}  // namespace podramp::sim
