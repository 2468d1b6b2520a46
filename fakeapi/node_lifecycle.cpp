#include "fakeapi/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/deletion.h"
#include "fakeapi/node_ends.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kBy = "node-controller";

// For how long a pod bears the unreachable taint; absent: for ever. A pod that says nothing about it bears it for as
// long as admission would have written into it (K71).
std::optional<std::int64_t> toleration_s(const PodTemplate& tmpl, std::int64_t default_s) {
  const Taint taint{std::string(kUnreachableTaint), "", "NoExecute"};
  bool named = false;
  std::optional<std::int64_t> least;
  for (const Toleration& t : tmpl.tolerations) {
    if (!tolerates({t}, taint)) continue;
    named = true;
    if (t.seconds) least = std::min(least.value_or(*t.seconds), *t.seconds);
  }
  return named ? least : default_s;
}

}  // namespace

NodeLifecycle::NodeLifecycle(Context& context, Deletion& deletion)
    : context_(context), deletion_(deletion), pod_gc_(context, deletion) {
  const auto& nodes = context.config().nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) index_.emplace(nodes[i].node.name, i);
}

// --- the timeline's wishes -------------------------------------------------------------------------------------

void NodeLifecycle::start() {
  const auto& nodes = context_.config().nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].joins_later) continue;
    if (nodes[i].node.created_us > context_.now()) {
      context_.timer(nodes[i].node.created_us, 0, {Part::node_lifecycle, kJoin, i, 0});
    } else {
      add_node(i, 0);
    }
  }
}

void NodeLifecycle::add_nodes(const std::vector<std::uint32_t>& nodes, Seq cause) {
  for (const std::uint32_t i : nodes) add_node(i, cause);
}

void NodeLifecycle::add_node(std::uint32_t index, Seq cause) {
  const NodeSpec& spec = context_.config().nodes.at(index);
  if (nodes_.contains(spec.node.name)) return;
  Node node = spec.node;
  node.created_us = context_.now();
  node.resource_version = context_.next_rv();
  context_.emit("kubelet", cause, fact::NodeAdded{std::move(node)});
}

void NodeLifecycle::nodes_down(const to::NodesDown& down, Seq cause) {
  for (const std::string& name : down.nodes) {
    const auto it = nodes_.find(name);
    if (it == nodes_.end()) continue;
    const NodeRecord& record = *context_.state().find_node(name);
    if (record.silent && (down.containers_run || !record.containers_run)) continue;
    const Seq seq = context_.emit("world", cause, fact::NodeSilent{name, down.containers_run});
    context_.send(context_.now(), seq, from::NodePower{it->second.index, false});
  }
}

void NodeLifecycle::nodes_up(const to::NodesUp& up, Seq cause) {
  for (const std::string& name : up.nodes) {
    const auto known = index_.find(name);
    if (known == index_.end()) continue;
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr && context_.config().nodes[known->second].autoscaled) continue;  // there is no such machine
    if (record == nullptr) {  // its kubelet registers it anew
      context_.send(context_.now(), cause, from::NodePower{known->second, true});
      add_node(known->second, cause);
    } else if (record->silent) {
      const Seq seq = context_.emit("world", cause, fact::NodeReturned{name});
      context_.send(context_.now(), seq, from::NodePower{known->second, true});
    }
  }
}

void NodeLifecycle::delete_nodes(const to::DeleteNodes& gone, Seq cause) {
  for (const std::string& name : gone.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr) continue;
    const std::set<PodId> pods = record->pods;
    const Seq seq = context_.emit("apiserver", cause, fact::NodeGone{name, context_.next_rv()});
    pod_gc_.orphaned(name, pods, seq);
  }
}

// --- facts -----------------------------------------------------------------------------------------------------

void NodeLifecycle::on_fact(const Fact& fact, Seq seq) {
  if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    node_added(added->node);
  } else if (const auto* silent = std::get_if<fact::NodeSilent>(&fact)) {
    node_silent(silent->node, seq);
  } else if (const auto* returned = std::get_if<fact::NodeReturned>(&fact)) {
    node_returned(returned->node, seq);
  } else if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    node_gone(gone->node);
  } else if (const auto* bound = std::get_if<fact::PodBound>(&fact)) {
    const auto it = nodes_.find(bound->node);
    if (it != nodes_.end() && it->second.no_execute) {
      schedule_eviction(context_.state().last_change().id, it->second, seq);
    }
  }
  pod_gc_.on_fact(fact, seq);
}

void NodeLifecycle::node_added(const Node& node) {
  Health& health = nodes_[node.name];
  health.zone = node_zone(node);
  health.index = index_.at(node.name);
  health.alive_since_us = context_.now();
  health.phase_us =
      Draw(context_.seed(), "cluster.lease", node.name).uniform(0, context_.config().profile.lease_renew_us - 1);
  const auto [it, fresh] = zones_.try_emplace(health.zone);
  Zone& zone = it->second;
  if (fresh) {
    zone.number = static_cast<std::uint32_t>(zone_names_.size());
    zone.period_us = context_.config().profile.taint_period_us;
    zone_names_.push_back(health.zone);
  }
  ++zone.nodes;
  if (!watched_.empty()) arm_check(next_check(context_.now()));
}

void NodeLifecycle::node_silent(const std::string& name, Seq seq) {
  Health& health = nodes_.at(name);
  if (health.silent_since_us != kNever) return;  // a partition became a loss of power
  health.silent_since_us = context_.now();
  health.cause = seq;
  watched_.insert(name);
  rearm();
}

void NodeLifecycle::node_returned(const std::string& name, Seq seq) {
  Health& health = nodes_.at(name);
  health.silent_since_us = kNever;
  health.alive_since_us = context_.now();
  health.cause = seq;
  if (health.unknown) {
    const DurationUs takes = context_.sample(context_.config().latency.status, "cluster.status", name);
    context_.timer(context_.now() + takes, seq, {Part::node_lifecycle, kReadyAgain, health.index, 0});
  } else if (!health.to_untaint) {
    watched_.erase(name);
  }
}

void NodeLifecycle::node_gone(const std::string& name) {
  const Health& health = nodes_.at(name);
  Zone& zone = zones_.at(health.zone);
  --zone.nodes;
  if (health.unknown) --zone.unhealthy;
  std::erase(zone.queue, name);
  watched_.erase(name);
  nodes_.erase(name);
  if (!watched_.empty()) arm_check(next_check(context_.now()));
}

// --- leases and the periodic check -----------------------------------------------------------------------------

TimeUs NodeLifecycle::last_renewal(const std::string& node) const {
  const Health& health = nodes_.at(node);
  const TimeUs until = std::min(context_.now(), health.silent_since_us);
  const DurationUs period = context_.config().profile.lease_renew_us;
  const TimeUs tick = until < health.phase_us ? 0 : health.phase_us + (until - health.phase_us) / period * period;
  return std::max(health.alive_since_us, tick);  // a kubelet renews when it comes up
}

TimeUs NodeLifecycle::next_check(TimeUs not_before) const {
  return round_up(not_before, context_.config().profile.monitor_period_us);
}

void NodeLifecycle::arm_check(TimeUs at) {
  if (at >= check_us_) return;
  check_us_ = at;
  context_.timer(at, 0, {Part::node_lifecycle, kMonitor, 0, 0});
}

// The real loop runs for ever; ours is armed for the check that will find something (K68).
void NodeLifecycle::rearm() {
  for (const std::string& name : watched_) {
    const Health& health = nodes_.at(name);
    if (health.to_untaint) arm_check(next_check(context_.now()));
    if (health.silent_since_us != kNever && !health.unknown) {
      const TimeUs over = last_renewal(name) + context_.config().profile.monitor_grace_us + 1;
      arm_check(next_check(std::max(over, context_.now())));
    }
  }
}

void NodeLifecycle::check() {
  const TimeUs now = context_.now();
  if (now < check_us_) return;
  check_us_ = kNever;
  const std::set<std::string> watched = watched_;
  for (const std::string& name : watched) {
    Health& health = nodes_.at(name);
    if (health.to_untaint) lift_no_execute(name, health);
    if (health.silent_since_us == kNever || health.unknown) continue;
    if (now - last_renewal(name) > context_.config().profile.monitor_grace_us) mark_unknown(name, health);
  }
  update_zones();
  for (auto& [name, zone] : zones_) drain(zone);
  rearm();
}

// Ready=Unknown, NoSchedule at once, its pods not Ready, and in line for NoExecute (K68-K70).
void NodeLifecycle::mark_unknown(const std::string& name, Health& health) {
  health.unknown = true;
  health.cause = context_.emit(kBy, health.cause, fact::NodeReadyChanged{name, context_.next_rv(), Truth::unknown});
  set_taints(name, "", "NoSchedule", health.cause);
  Zone& zone = zones_.at(health.zone);
  ++zone.unhealthy;
  zone.queue.push_back(name);
  const std::set<PodId> pods = context_.state().find_node(name)->pods;
  for (const PodId id : pods) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    const Condition* ready = pod.condition("Ready");
    if (ready == nullptr || ready->status != Truth::yes) continue;
    const Condition condition{"Ready", Truth::no, "", "", context_.now()};
    context_.emit(kBy, health.cause, fact::PodConditionSet{pod_key(pod), context_.next_rv(), condition});
  }
}

// The kubelet has posted its status; NoSchedule goes at once, NoExecute with the next check (K75).
void NodeLifecycle::ready_again(const std::string& name, Health& health, Seq cause) {
  if (health.silent_since_us != kNever || !health.unknown) return;
  health.unknown = false;
  health.to_untaint = true;
  --zones_.at(health.zone).unhealthy;
  health.cause = context_.emit("kubelet", cause, fact::NodeReadyChanged{name, context_.next_rv(), Truth::yes});
  set_taints(name, "NoSchedule", "", health.cause);
  rearm();
}

void NodeLifecycle::lift_no_execute(const std::string& name, Health& health) {
  health.to_untaint = false;
  health.round = ++rounds_;
  std::erase(zones_.at(health.zone).queue, name);
  if (health.no_execute) set_taints(name, "NoExecute", "", health.cause);
  health.no_execute = false;
  if (health.silent_since_us == kNever) watched_.erase(name);
}

// --- zones and their limiters (K70) ----------------------------------------------------------------------------

void NodeLifecycle::update_zones() {
  const int permille = context_.config().profile.unhealthy_zone_permille;
  bool all_full = true;
  std::map<std::string, ZoneState, std::less<>> states;
  for (const auto& [name, zone] : zones_) {
    if (zone.nodes == 0) continue;
    ZoneState state = ZoneState::normal;
    if (zone.unhealthy == zone.nodes) {
      state = ZoneState::full;
    } else if (zone.unhealthy > 2 && zone.unhealthy * 1000 >= permille * zone.nodes) {
      state = ZoneState::partial;
    }
    all_full = all_full && state == ZoneState::full;
    states[name] = state;
  }
  if (all_full && !states.empty()) {
    if (!all_down_) enter_all_down();
    return;
  }
  for (const auto& [name, state] : states) {
    Zone& zone = zones_.at(name);
    if (zone.state == state && !all_down_) continue;
    zone.state = state;
    swap_limiter(zone, period_of(zone));
  }
  all_down_ = false;
}

// Every zone is down: the controller suspects itself, takes its NoExecute taints back and stops.
void NodeLifecycle::enter_all_down() {
  all_down_ = true;
  for (auto& [name, zone] : zones_) {
    zone.state = ZoneState::full;
    swap_limiter(zone, 0);
  }
  for (auto& [name, health] : nodes_) {
    if (!health.no_execute) continue;
    health.no_execute = false;
    health.round = ++rounds_;
    set_taints(name, "NoExecute", "", health.cause);
    zones_.at(health.zone).queue.push_back(name);
  }
}

// A zone that is down as a whole, while others are not, is treated as usual.
DurationUs NodeLifecycle::period_of(const Zone& zone) const {
  const ClusterProfile& profile = context_.config().profile;
  if (zone.state != ZoneState::partial) return profile.taint_period_us;
  return zone.nodes > profile.small_zone_nodes ? profile.slow_taint_period_us : 0;
}

// The new limiter starts with a token only if the old one had one.
void NodeLifecycle::swap_limiter(Zone& zone, DurationUs period_us) {
  const TimeUs now = context_.now();
  const bool had_token = zone.period_us > 0 && zone.next_us <= now;
  zone.period_us = period_us;
  zone.next_us = had_token ? now : now + period_us;
  zone.armed = false;
  ++zone.round;
}

void NodeLifecycle::drain(Zone& zone) {
  const TimeUs now = context_.now();
  while (!zone.queue.empty() && zone.period_us > 0 && zone.next_us <= now) {
    const std::string name = zone.queue.front();
    zone.queue.pop_front();
    zone.next_us = now + zone.period_us;
    Health& health = nodes_.at(name);
    if (health.unknown) taint_no_execute(name, health);  // one that is Ready again has cost a token
  }
  if (zone.queue.empty() || zone.period_us == 0 || zone.armed) return;
  zone.armed = true;
  context_.timer(zone.next_us, 0, {Part::node_lifecycle, kTaint, zone.round, zone.number});
}

void NodeLifecycle::taint_no_execute(const std::string& name, Health& health) {
  health.no_execute = true;
  health.round = ++rounds_;
  health.cause = set_taints(name, "", "NoExecute", health.cause);
  const std::set<PodId> pods = context_.state().find_node(name)->pods;
  for (const PodId id : pods) schedule_eviction(id, health, health.cause);
}

// The node's taints, less or more the unreachable one of an effect ("" for none). It replaces not-ready (K69).
Seq NodeLifecycle::set_taints(const std::string& name, std::string_view without, std::string_view with, Seq cause) {
  std::vector<Taint> taints = context_.state().find_node(name)->node.taints;
  std::erase_if(taints, [&](const Taint& t) {
    return (t.key == kUnreachableTaint || t.key == kNotReadyTaint) && (t.effect == without || t.effect == with);
  });
  if (!with.empty()) taints.push_back({std::string(kUnreachableTaint), "", std::string(with)});
  return context_.emit(kBy, cause, fact::NodeTainted{name, context_.next_rv(), std::move(taints)});
}

// --- evictions (K71) -------------------------------------------------------------------------------------------

void NodeLifecycle::schedule_eviction(PodId id, const Health& health, Seq cause) {
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const auto bears_s = toleration_s(*pod.tmpl, context_.config().profile.toleration_s);
  if (!bears_s) return;
  const TimeUs at = context_.now() + std::max<std::int64_t>(*bears_s, 0) * kSecondUs;
  context_.timer(at, cause, {Part::node_lifecycle, kEvict, health.round, id});
}

void NodeLifecycle::evict(PodId id, std::uint32_t round, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr || record->pod->deletion_us) return;
  const auto it = nodes_.find(record->pod->node);
  if (it == nodes_.end() || !it->second.no_execute || it->second.round != round) return;
  const Condition condition{"DisruptionTarget", Truth::yes, "DeletionByTaintManager",
                            "Taint manager: deleting due to NoExecute taint", context_.now()};
  const Seq seq =
      context_.emit(kBy, cause, fact::PodConditionSet{pod_key(*record->pod), context_.next_rv(), condition});
  deletion_.remove(id, std::nullopt, "eviction", kBy, seq);
}

// --- timers ----------------------------------------------------------------------------------------------------

void NodeLifecycle::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind == kPodGcKind) {
    pod_gc_.on_timer();
    return;
  }
  switch (static_cast<Kind>(timer.kind)) {
    case kMonitor: check(); break;
    case kTaint: {
      Zone& zone = zones_.at(zone_names_.at(timer.arg));
      if (timer.index != zone.round) break;
      zone.armed = false;
      drain(zone);
      break;
    }
    case kEvict: evict(timer.arg, timer.index, cause); break;
    case kReadyAgain: {
      const std::string& name = context_.config().nodes.at(timer.index).node.name;
      if (const auto it = nodes_.find(name); it != nodes_.end()) ready_again(name, it->second, cause);
      break;
    }
    case kJoin: add_node(timer.index, cause); break;
  }
}

void NodeLifecycle::waiting(std::vector<std::string>& lines) const {
  for (const std::string& name : watched_) {
    const Health& health = nodes_.at(name);
    std::string what = "its grace period to pass";
    if (health.no_execute) {
      what = "its pods' tolerations to run out, or its return";
    } else if (health.unknown) {
      const bool stopped = zones_.at(health.zone).period_us == 0;
      what =
          stopped ? "its return (so much of its zone is down that evictions have stopped)" : "its turn to be tainted";
    }
    lines.push_back(fmt::format("node {} is {} and waits for: {}", name,
                                health.silent_since_us == kNever ? "back" : "silent", what));
  }
}

}  // namespace podramp::fakeapi
