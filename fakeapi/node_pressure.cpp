#include "fakeapi/node_pressure.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "backend/port/json_writer.h"
#include "fakeapi/node_ends.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kMonitoringUs = 10 * kSecondUs;  // of the kubelet's eviction manager
constexpr DurationUs kTransitionUs = 5 * kMinuteUs;   // K65: eviction-pressure-transition-period
constexpr std::int64_t kEvictionGraceS = 1;           // of a hard threshold

std::string_view condition_of(bool disk) { return disk ? kDiskPressure : kMemoryPressure; }
std::string_view taint_of(bool disk) { return disk ? kDiskPressureTaint : kMemoryPressureTaint; }

// Who goes first: upstream looks at use over request, then priority, then use. Use is not known; a pod without a
// request is always over it, and a large request stands for a large use.
auto rank(const Pod& pod, const Resources& requests, bool disk) {
  const std::int64_t memory = disk ? 0 : requests.memory_bytes.value_or(0);
  return std::tuple(disk || memory > 0, pod.tmpl->priority.value_or(0), -memory, pod_key(pod));
}

}  // namespace

void NodePressure::press(const to::NodePressure& wish, Seq cause) {
  for (const std::string& name : wish.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr || record->silent) continue;
    auto it = std::ranges::find_if(
        pressures_, [&](const auto& entry) { return entry.second.node == name && entry.second.disk == wish.disk; });
    if (it == pressures_.end()) it = pressures_.emplace(++ever_, Pressure{name, wish.disk}).first;
    Pressure& pressure = it->second;
    pressure.until_us = std::max(pressure.until_us, context_.now() + wish.lasts_us);
    look(it->first, pressure, true, cause);
  }
}

void NodePressure::on_fact(const Fact& fact, Seq seq) {
  if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    std::erase_if(pressures_, [&](const auto& entry) { return entry.second.node == gone->node; });
  } else if (const auto* returned = std::get_if<fact::NodeReturned>(&fact)) {
    for (auto& [number, pressure] : pressures_) {
      if (pressure.node != returned->node) continue;
      pressure.look_us = context_.now() + kMonitoringUs;
      context_.timer(pressure.look_us, seq, {Part::node_pressure, 0, 0, number});
    }
  }
}

void NodePressure::on_timer(const ClusterTimer& timer, Seq cause) {
  const auto it = pressures_.find(timer.arg);
  if (it == pressures_.end() || it->second.look_us != context_.now()) return;
  Pressure& pressure = it->second;
  if (context_.state().find_node(pressure.node)->silent) return;  // until it returns
  const TimeUs now = context_.now();
  if (now < std::max(pressure.until_us, pressure.seen_us + kTransitionUs)) {
    return look(it->first, pressure, now < pressure.until_us, cause);
  }
  show(pressure, false, cause);
  pressures_.erase(it);
}

// One round of the eviction manager; when too little is left it evicts one pod.
void NodePressure::look(std::uint64_t number, Pressure& pressure, bool low, Seq cause) {
  const TimeUs now = context_.now();
  if (low) {
    pressure.seen_us = now;
    if (!pressure.shown) show(pressure, true, cause);
    evict_one(pressure, cause);
  }
  const bool goes_on = now + kMonitoringUs < pressure.until_us;
  pressure.look_us = goes_on ? now + kMonitoringUs : pressure.seen_us + kTransitionUs;
  context_.timer(pressure.look_us, cause, {Part::node_pressure, 0, 0, number});
}

void NodePressure::show(Pressure& pressure, bool pressed, Seq& cause) {
  pressure.shown = pressed;
  const fact::NodePressureChanged fact{pressure.node, context_.next_rv(), std::string(condition_of(pressure.disk)),
                                       pressed};
  cause = context_.emit("kubelet", cause, fact);
  std::vector<Taint> taints = context_.state().find_node(pressure.node)->node.taints;
  std::erase_if(taints, [&](const Taint& t) { return t.key == taint_of(pressure.disk); });
  if (pressed) taints.push_back({std::string(taint_of(pressure.disk)), "", "NoSchedule"});
  cause =
      context_.emit("node-controller", cause, fact::NodeTainted{pressure.node, context_.next_rv(), std::move(taints)});
}

// Critical pods are never evicted; a pod that is on its way out already counts as the one of this round.
void NodePressure::evict_one(const Pressure& pressure, Seq cause) {
  const PodRecord* first = nullptr;
  for (const PodId id : context_.state().find_node(pressure.node)->pods) {
    const PodRecord* record = context_.state().find_pod(id);
    const Pod& pod = *record->pod;
    if (is_terminal(pod) || pod.tmpl->priority.value_or(0) >= kCriticalPriority) continue;
    const bool sooner = first == nullptr ||
                        rank(pod, record->requests, pressure.disk) < rank(*first->pod, first->requests, pressure.disk);
    if (sooner) first = record;
  }
  if (first == nullptr) return;
  const std::string message =
      fmt::format("The node was low on resource: {}. ", pressure.disk ? "ephemeral-storage" : "memory");
  kubelets_.terminate(first->id, {kEvictionGraceS, "Evicted", message}, cause);
}

}  // namespace podramp::fakeapi
