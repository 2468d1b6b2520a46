#include "sim/scenario_node_actions.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;
namespace to = fakeapi::to;

constexpr int kKillCode = 137;  // K64

void put_action(ReadState& state, TimeUs at, WorldAction action) {
  state.scenario.timeline.push_back({at, std::move(action)});
}

void read_taint(ReadState& state, ObjectReader& reader, TimeUs at, bool lift) {
  to::TaintNodes action;
  action.lift = lift;
  action.nodes = read_node_names(state, reader);
  reader.require("key", action.taint.key, as_text);
  if (!lift) {
    reader.read("value", action.taint.value, as_text);
    action.taint.effect = "NoSchedule";
  }
  std::string effect;
  if (reader.read("effect", effect, as_text)) {
    action.taint.effect = effect;
    if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute") {
      reader.error("effect", "must be NoSchedule, PreferNoSchedule or NoExecute");
    }
  }
  put_action(state, at, std::move(action));
}

void read_drain(ReadState& state, ObjectReader& reader, TimeUs at) {
  to::DrainNodes action;
  action.nodes = read_node_names(state, reader);
  action.grace_s = read_grace(reader);
  put_action(state, at, std::move(action));
}

// The power goes so long after the operating system was told.
void read_shutdown(ReadState& state, ObjectReader& reader, TimeUs at) {
  to::ShutdownNodes action{read_node_names(state, reader)};
  DurationUs off_us = 0;
  put_action(state, at, action);
  if (reader.read("power_off_after", off_us, as_duration)) put_action(state, at + off_us, to::NodesDown{action.nodes});
}

// K77: a notice, and then the machine is gone. Nothing in Kubernetes listens to it but a termination handler, which
// drains the node, and the operating system, which is told to shut down with the notice or at its end.
void read_spot_notice(ReadState& state, ObjectReader& reader, TimeUs at) {
  DurationUs notice_us = 2 * kMinuteUs;
  bool handler = false;
  bool with_notice = false;
  const std::vector<std::string> nodes = read_node_names(state, reader);
  reader.read("notice", notice_us, as_duration);
  reader.read("handler", handler, as_flag);
  reader.choose("shutdown", with_notice, {{"after_notice", false}, {"with_notice", true}});
  const DurationUs grace_us = state.scenario.cluster.profile.shutdown_grace_us;
  if (handler) put_action(state, at, to::DrainNodes{nodes, std::nullopt});
  if (grace_us > 0) put_action(state, with_notice ? at : at + notice_us, to::ShutdownNodes{nodes});
  put_action(state, at + notice_us + (with_notice ? 0 : grace_us), to::NodesDown{nodes});
}

void read_pressure(ReadState& state, ObjectReader& reader, TimeUs at) {
  to::NodePressure action;
  action.nodes = read_node_names(state, reader);
  reader.choose("resource", action.disk, {{"memory", false}, {"disk", true}});
  reader.read("for", action.lasts_us, as_duration);
  put_action(state, at, std::move(action));
}

void read_oom_kill(ReadState& state, ObjectReader& reader, TimeUs at) {
  if (!reader.has("pods")) {
    reader.find("pods");
    ExecutorExit exit;
    exit.exit_code = kKillCode;
    exit.oom = true;
    return read_executor_exit_of(state, reader, at, exit);
  }
  for (const std::string_view key : {"application", "executors"}) {
    if (reader.has(key)) reader.error(key, "goes without pods");
    reader.find(key);
  }
  put_action(state, at, to::OomKill{read_pod_names(state, reader)});
}

}  // namespace

bool read_node_action(ReadState& state, ObjectReader& reader, TimeUs at, std::string_view action) {
  if (action == "taint_nodes" || action == "untaint_nodes") {
    read_taint(state, reader, at, action == "untaint_nodes");
  } else if (action == "cordon_nodes" || action == "uncordon_nodes") {
    put_action(state, at, to::CordonNodes{read_node_names(state, reader), action == "cordon_nodes"});
  } else if (action == "drain_nodes") {
    read_drain(state, reader, at);
  } else if (action == "shutdown_nodes") {
    read_shutdown(state, reader, at);
  } else if (action == "spot_notice") {
    read_spot_notice(state, reader, at);
  } else if (action == "node_pressure") {
    read_pressure(state, reader, at);
  } else if (action == "oom_kill") {
    read_oom_kill(state, reader, at);
  } else {
    return false;
  }
  return true;
}

Json write_node_action(const to::TaintNodes& action) {
  Json object{
      {"do", action.lift ? "untaint_nodes" : "taint_nodes"}, {"nodes", action.nodes}, {"key", action.taint.key}};
  if (!action.taint.value.empty()) object["value"] = action.taint.value;
  if (!action.taint.effect.empty()) object["effect"] = action.taint.effect;
  return object;
}

Json write_node_action(const to::CordonNodes& action) {
  return {{"do", action.unschedulable ? "cordon_nodes" : "uncordon_nodes"}, {"nodes", action.nodes}};
}

Json write_node_action(const to::DrainNodes& action) {
  Json object{{"do", "drain_nodes"}, {"nodes", action.nodes}};
  if (action.grace_s) object["grace"] = duration(*action.grace_s * kSecondUs);
  return object;
}

Json write_node_action(const to::ShutdownNodes& action) { return {{"do", "shutdown_nodes"}, {"nodes", action.nodes}}; }

Json write_node_action(const to::NodePressure& action) {
  return {{"do", "node_pressure"},
          {"nodes", action.nodes},
          {"resource", action.disk ? "disk" : "memory"},
          {"for", duration(action.lasts_us)}};
}

Json write_node_action(const to::OomKill& action) { return {{"do", "oom_kill"}, {"pods", action.pods}}; }

}  // namespace podramp::sim
