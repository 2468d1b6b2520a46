// The trouble: what happens to nodes, pods and executors, and windows of faults; and that it is over in the end.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakeapi/faults.h"
#include "sim/fuzz/swarm_parts_json.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kActionsMax = 7;
constexpr std::int64_t kFaultsMax = 6;

// A node that is there from the start.
std::string node(const SwarmPlan& plan, std::uint64_t n) {
  std::vector<std::string> names;
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    if (plan.groups[g] == "late") continue;
    for (std::int64_t i = 1; i <= plan.group_sizes[g]; ++i) names.push_back(fmt::format("{}-{}", plan.groups[g], i));
  }
  return plan.dice.one_of("node", names, n);
}

Json executors(const SwarmPlan& plan, std::uint64_t n) {
  Json ids = Json::array();
  const std::int64_t first = plan.dice.size("first_executor", 20, n);
  const std::int64_t count = plan.dice.size("executors_hit", 6, n);
  for (std::int64_t id = first; id < first + count; ++id) ids.push_back(id);
  return ids;
}

const std::vector<std::string> kKinds{"nodes_down",    "partition",     "delete_nodes",   "taint_nodes",
                                      "cordon_nodes",  "drain_nodes",   "shutdown_nodes", "spot_notice",
                                      "node_pressure", "oom_kill",      "executor_exit",  "kill_executors",
                                      "decommission",  "delete_driver", "set_quota"};

void put_node_action(const SwarmPlan& plan, const std::string& kind, std::uint64_t n, std::int64_t at_s,
                     Json& timeline) {
  const Dice& dice = plan.dice;
  const Json nodes = Json::array({node(plan, n)});
  const std::int64_t left_s = plan.trouble_s - at_s;
  const auto put = [&](std::int64_t s, const char* action, Json more = Json::object()) {
    Json entry{{"at", seconds(s)}, {"do", action}, {"nodes", nodes}};
    entry.update(more);
    timeline.push_back(std::move(entry));
  };
  if (kind == "nodes_down" || kind == "partition") {
    const std::int64_t for_s = dice.pick("down_for", 1, left_s, n);
    put(at_s, "nodes_down", {{"kind", kind == "partition" ? kind : "power"}, {"for", seconds(for_s)}});
  } else if (kind == "taint_nodes") {
    put(at_s, "taint_nodes", {{"key", "broken"}, {"effect", dice.one_of("effect", {"NoSchedule", "NoExecute"}, n)}});
    put(plan.trouble_s, "untaint_nodes", {{"key", "broken"}});
  } else if (kind == "cordon_nodes" || kind == "drain_nodes") {
    put(at_s, kind.c_str());
    put(plan.trouble_s, "uncordon_nodes");
  } else if (kind == "shutdown_nodes") {
    put(at_s, "shutdown_nodes", {{"power_off_after", "20s"}});
    put(plan.trouble_s + 30, "nodes_up");
  } else if (kind == "spot_notice") {
    put(at_s, "spot_notice",
        {{"notice", seconds(std::min<std::int64_t>(left_s, 60))}, {"handler", dice.chance("handler", 1, 2, n)}});
    put(plan.trouble_s + 120, "nodes_up");
    put(plan.trouble_s + 121, "uncordon_nodes");
  } else if (kind == "node_pressure") {
    put(at_s, "node_pressure",
        {{"resource", dice.one_of("pressure", {"memory", "disk"}, n)},
         {"for", seconds(dice.pick("pressure_for", 1, left_s, n))}});
  } else {
    put(at_s, "delete_nodes");
  }
}

void put_executor_action(const SwarmPlan& plan, const std::string& kind, std::uint64_t n, std::int64_t at_s,
                         Json& timeline) {
  const Dice& dice = plan.dice;
  Json entry{{"at", seconds(at_s)},
             {"do", kind == "decommission" ? "decommission_executors" : kind},
             {"application", dice.one_of("application", plan.applications, n)},
             {"executors", executors(plan, n)}};
  if (kind == "executor_exit") entry["exit_code"] = dice.pick("exit_code", 0, 3, n);
  if (kind == "kill_executors") entry["replace"] = dice.chance("replace", 1, 2, n);
  if (kind == "decommission" && dice.chance("by_executor", 1, 2, n)) entry["by_executor"] = true;
  timeline.push_back(std::move(entry));
}

void put_quota(const SwarmPlan& plan, std::uint64_t n, std::int64_t at_s, Json& timeline) {
  if (!plan.has_quota) return;
  const std::string ns = plan.dice.one_of("quota.namespace", plan.namespaces, n);
  timeline.push_back({{"at", seconds(at_s)},
                      {"do", "set_quota"},
                      {"namespace", ns},
                      {"hard", {{"pods", plan.dice.pick("quota.tight", 0, 8, n)}}}});
}

// One application's batch changes while it runs: every level knows these two settings.
void put_conf_change(const SwarmPlan& plan, const Json& applications, Json& timeline) {
  const Dice& dice = plan.dice;
  if (!dice.feature("conf_change", 1, 4)) return;
  const auto chosen = static_cast<std::size_t>(
      dice.pick("conf_change.application", 0, static_cast<std::int64_t>(applications.size()) - 1));
  const Json& application = applications[chosen];
  const std::int64_t start_s = std::stoll(application.value("start", "0s"));
  const bool is_fork = application.value("compat", "") == "fork-2.2";  // its delay is a number
  const std::string delay = seconds(dice.pick("conf_change.delay", 1, 10));
  const std::int64_t at_s = dice.pick("conf_change.at", start_s + 1, std::max(start_s + 1, plan.trouble_s));
  timeline.push_back(
      {{"at", seconds(at_s)},
       {"do", "set_conf"},
       {"application", application["name"]},
       {"conf",
        {{"spark.kubernetes.allocation.batch.size", std::to_string(dice.size("conf_change.size", 100))},
         {"spark.kubernetes.allocation.batch.delay", is_fork ? delay.substr(0, delay.size() - 1) : delay}}}});
}

void add_timeline(const SwarmPlan& plan, Json& scenario) {
  const Dice& dice = plan.dice;
  Json timeline = Json::array();
  const std::int64_t count = dice.feature("timeline", 3, 4) ? dice.pick("timeline", 1, kActionsMax) : 0;
  for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(count); ++n) {
    const std::string kind = dice.one_of("action", kKinds, n);
    if (!dice.feature("action." + kind)) continue;
    const std::int64_t at_s = dice.pick("action.at", 1, plan.trouble_s - 1, n);
    if (kind == "set_quota") {
      put_quota(plan, n, at_s, timeline);
    } else if (kind == "delete_driver") {
      if (!plan.has_driver_pods) continue;
      const std::string app = dice.one_of("application", plan.applications, n);
      timeline.push_back(
          {{"at", seconds(at_s)}, {"do", "delete_pods"}, {"pods", {plan.namespaces.front() + "/" + app + "-driver"}}});
    } else if (kind == "oom_kill" || kind == "executor_exit" || kind == "kill_executors" || kind == "decommission") {
      put_executor_action(plan, kind, n, at_s, timeline);
    } else {
      put_node_action(plan, kind, n, at_s, timeline);
    }
  }
  if (plan.has_late_nodes)
    timeline.push_back({{"at", seconds(dice.pick("join", 1, plan.trouble_s))}, {"do", "add_nodes"}, {"group", "late"}});
  for (const std::string& ns : plan.namespaces) {
    if (!plan.has_quota) break;
    timeline.push_back(
        {{"at", seconds(plan.trouble_s)}, {"do", "set_quota"}, {"namespace", ns}, {"hard", {{"pods", 10'000}}}});
  }
  put_conf_change(plan, scenario["applications"], timeline);
  if (!timeline.empty()) scenario["timeline"] = std::move(timeline);
}

Json fault(const SwarmPlan& plan, const std::string& point, std::uint64_t n) {
  const Dice& dice = plan.dice;
  const std::int64_t from_s =
      dice.chance("fault.from_start", 1, 3, n) ? 0 : dice.pick("fault.from", 0, plan.trouble_s - 1, n);
  const std::int64_t until_s = dice.chance("fault.short", 1, 2, n)
                                   ? std::min(from_s + dice.size("fault.for", 120, n), plan.trouble_s)
                                   : dice.pick("fault.until", from_s + 1, plan.trouble_s, n);
  Json one{{"point", point}, {"from", seconds(from_s)}, {"until", seconds(until_s)}};
  const bool outage = point == "api.outage" || point == "registry.outage" || point == "clock.skew";
  if (!outage) one["ratio"] = dice.one_of("fault.ratio", {"1/50", "1/10", "1/3", "1/1"}, n);
  if (point == "client.crash") one["ratio"] = dice.one_of("crash.ratio", {"1/200", "1/30"}, n);
  if (point == "api.throttle") one["retry_after"] = seconds(dice.pick("retry_after", 1, 10, n));
  if (point == "api.answer")
    one["code"] = std::stoi(dice.one_of("code", {"403", "404", "409", "422", "500", "504"}, n));
  if (point == "api.slow") one["delay"] = seconds(dice.size("slow", 40, n));
  if (point == "disk.slow" || point == "watch.delay") one["delay"] = seconds(dice.size("delay", 60, n));
  if (point == "api.stale" || point == "clock.skew") one["delay"] = seconds(dice.size("stale", 300, n));
  if (point == "pod.crash") {
    one["delay"] = seconds(dice.size("crash", 60, n));
    one["code"] = dice.pick("crash.code", 1, 255, n);
  }
  if (point == "image.not_found") one["target"] = dice.one_of("not_found", {"spark:a", "spark:b"}, n);
  if (fakeapi::Faults::is_of_node(point)) {
    if (dice.chance("fault.node", 1, 4, n)) one["node"] = node(plan, n);
  } else if (dice.chance("fault.application", 1, 3, n)) {
    one["application"] = dice.one_of("fault.app", plan.applications, n);
  }
  const bool of_requests = point.starts_with("api.") && !outage && point != "api.stale";
  if (of_requests && !point.starts_with("api.create") && dice.chance("fault.verb", 1, 3, n)) {
    one["verb"] = dice.one_of("verb", {"create", "list", "watch", "delete", "deletecollection", "patch"}, n);
  }
  return one;
}

void add_faults(const SwarmPlan& plan, Json& scenario) {
  const Dice& dice = plan.dice;
  if (!dice.feature("faults", 5, 6)) return;
  Json faults = Json::array();
  const std::vector<std::string> points(fakeapi::Faults::kPoints.begin(), fakeapi::Faults::kPoints.end());
  const std::int64_t count = dice.pick("faults", 1, kFaultsMax);
  for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(count); ++n) {
    faults.push_back(fault(plan, dice.one_of("fault", points, n), n));
  }
  scenario["faults"] = std::move(faults);
}

}  // namespace

void add_trouble(SwarmPlan& plan, Json& scenario) {
  add_timeline(plan, scenario);
  add_faults(plan, scenario);
}

}  // namespace podramp::sim
