#include "fakeapi/autoscaler_machines.h"

#include <algorithm>

#include "fakeapi/node_lifecycle.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kCloud = "cloud";
constexpr std::string_view kNotReadyTaint = "node.kubernetes.io/not-ready";
constexpr DurationUs kCloudCheckUs = 5 * kSecondUs;  // the cloud's node lifecycle controller looks at silent nodes

}  // namespace

Machines::Machines(Context& context, NodeLifecycle& nodes, const AutoscalerSpec& spec)
    : context_(context), nodes_(nodes), spec_(spec), next_(spec.groups.size(), 0) {
  for (std::size_t g = 0; g < spec.groups.size(); ++g) {
    for (const std::uint32_t node : spec.groups[g].nodes) {
      Machine& machine = machines_[node];
      machine.group = g;
      by_name_.emplace(name(node), node);
      if (!context.config().nodes[node].joins_later) {
        machine.state = MachineState::ready;
        ++next_[g];
      }
    }
  }
}

std::optional<std::uint32_t> Machines::find(std::string_view node) const {
  const auto it = by_name_.find(node);
  return it == by_name_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<std::uint32_t> Machines::in_state(std::size_t group, MachineState state) const {
  std::vector<std::uint32_t> found;
  for (const std::uint32_t node : spec_.groups[group].nodes) {
    if (machines_.at(node).state == state) found.push_back(node);
  }
  return found;
}

std::int64_t Machines::size(std::size_t group) const {
  return std::ranges::count_if(spec_.groups[group].nodes, [&](std::uint32_t node) {
    const MachineState state = machines_.at(node).state;
    return state != MachineState::none && state != MachineState::leaving;
  });
}

std::int64_t Machines::ready(std::size_t group) const {
  return static_cast<std::int64_t>(in_state(group, MachineState::ready).size());
}

bool Machines::free(const Machine& machine) const {
  return machine.state == MachineState::none &&
         std::ranges::none_of(machine.left, [&](PodId pod) { return context_.state().find_pod(pod) != nullptr; });
}

std::int64_t Machines::room(std::size_t group) const {
  return std::ranges::count_if(spec_.groups[group].nodes, [&](std::uint32_t node) { return free(machines_.at(node)); });
}

bool Machines::busy() const {
  return std::ranges::any_of(machines_, [](const auto& entry) {
    const Machine& machine = entry.second;
    return machine.state != MachineState::none && machine.state != MachineState::ready && !machine.fate;
  });
}

// What becomes of it is decided when it is asked for: each machine by its own luck, anew in each of its lives.
std::optional<MachineFailure> Machines::fate_of(std::uint32_t node, const Machine& machine) const {
  for (const FailureWindow& window : spec_.groups[machine.group].failures) {
    if (context_.now() < window.from_us || context_.now() >= window.until_us) continue;
    if (window.kind == MachineFailure::quota) {
      if (size(machine.group) > window.nodes_max) return window.kind;
      continue;
    }
    Draw draw(context_.seed(), "cluster.machine." + std::string(to_text(window.kind)), name(node), machine.life);
    if (draw.chance(window.numerator, window.denominator)) return window.kind;
  }
  return std::nullopt;
}

std::uint32_t Machines::ask(std::size_t group, Seq cause) {
  const std::vector<std::uint32_t>& nodes = spec_.groups[group].nodes;
  for (std::size_t tried = 0; tried < nodes.size(); ++tried) {
    const std::uint32_t node = nodes[next_[group]++ % nodes.size()];
    Machine& machine = machines_.at(node);
    if (!free(machine)) continue;
    machine.state = MachineState::asked;
    machine.asked_us = context_.now();
    machine.left.clear();
    ++machine.life;
    machine.cause = cause;
    machine.fate = fate_of(node, machine);
    arm_launch(node, cause);
    return node;
  }
  PODRAMP_CHECK(false, "no machine is left in group " + spec_.groups[group].name);
  return 0;
}

void Machines::dismiss(std::uint32_t node, std::string_view why, Seq cause) {
  Machine& machine = machines_.at(node);
  if (machine.state == MachineState::none || machine.state == MachineState::leaving) return;
  if (machine.state == MachineState::failed) {
    machine.state = MachineState::none;
    machine.fate.reset();
    return;
  }
  machine.state = MachineState::leaving;
  machine.fate.reset();
  why_[node] = std::string(why);
  arm(kGone, spec_.terminate, "terminate", node, cause);
}

void Machines::arm(Kind kind, const LatencyModel& model, std::string_view stream, std::uint32_t node, Seq cause) {
  const Machine& machine = machines_.at(node);
  const DurationUs takes = context_.sample(model, "cluster.machine." + std::string(stream), name(node), machine.life);
  context_.timer(context_.now() + takes, cause, {Part::autoscaler, kind, node, machine.life});
}

// A cloud that has none says so of all machines of one request at once.
void Machines::arm_launch(std::uint32_t node, Seq cause) {
  const Machine& machine = machines_.at(node);
  if (machine.fate != MachineFailure::stock_out && machine.fate != MachineFailure::quota) {
    return arm(kLaunched, spec_.launch, "launch", node, cause);
  }
  const DurationUs takes = context_.sample(spec_.launch, "cluster.machine.denied", spec_.groups[machine.group].name,
                                           static_cast<std::uint64_t>(machine.asked_us));
  context_.timer(context_.now() + takes, cause, {Part::autoscaler, kLaunched, node, machine.life});
}

bool Machines::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind >= kKinds) return false;
  const std::uint32_t node = timer.index;
  Machine& machine = machines_.at(node);
  if (machine.life != timer.arg) return true;
  const MachineState state = machine.state;
  switch (static_cast<Kind>(timer.kind)) {
    case kLaunched:
      if (state != MachineState::asked) break;
      if (machine.fate == MachineFailure::stock_out || machine.fate == MachineFailure::quota) {
        machine.state = MachineState::failed;
        listener_(node, News::failed, cause);
        break;
      }
      machine.state = MachineState::joining;
      cause = context_.emit(kCloud, cause, fact::MachineLaunched{spec_.groups[machine.group].name, name(node)});
      machine.cause = cause;
      if (machine.fate != MachineFailure::never_joins) arm(kJoined, spec_.join, "join", node, cause);
      break;
    case kJoined:
      if (state == MachineState::joining) joined(node, machine, cause);
      break;
    case kReady:
      if (state == MachineState::setting_up) node_ready(node, machine, cause);
      break;
    case kUntainted:
      if (state == MachineState::setting_up) untainted(node, machine, cause);
      break;
    case kGone:
      if (state == MachineState::leaving) gone(node, machine, cause);
      break;
    case kLost: {
      const NodeRecord* record = context_.state().find_node(name(node));
      if (state == MachineState::none || record == nullptr || !record->silent || record->containers_run) break;
      why_[node] = "it lost its power";
      gone(node, machine, cause);
      break;
    }
    case kKinds: break;
  }
  return true;
}

// The kubelet registers its Node: not Ready, with the taints of its start (K82).
void Machines::joined(std::uint32_t node, Machine& machine, Seq cause) {
  const NodeGroupSpec& group = spec_.groups[machine.group];
  machine.state = MachineState::setting_up;
  Node made = context_.config().nodes[node].node;
  made.created_us = context_.now();
  made.resource_version = context_.next_rv();
  made.ready = Truth::no;
  made.taints.push_back({std::string(kNotReadyTaint), "", "NoSchedule"});
  made.taints.insert(made.taints.end(), group.startup_taints.begin(), group.startup_taints.end());
  context_.send(context_.now(), cause, from::NodePower{node, true});
  machine.cause = context_.emit("kubelet", cause, fact::NodeAdded{std::move(made)});
  if (machine.fate != MachineFailure::never_ready) arm(kReady, spec_.ready, "ready", node, machine.cause);
}

void Machines::node_ready(std::uint32_t node, Machine& machine, Seq cause) {
  const NodeRecord* record = context_.state().find_node(name(node));
  if (record == nullptr || record->silent) return;  // it will be found wanting
  cause = context_.emit("kubelet", cause, fact::NodeReadyChanged{name(node), context_.next_rv(), Truth::yes});
  std::vector<Taint> taints = context_.state().find_node(name(node))->node.taints;
  std::erase_if(taints, [](const Taint& taint) { return taint.key == kNotReadyTaint; });
  machine.cause =
      context_.emit("node-controller", cause, fact::NodeTainted{name(node), context_.next_rv(), std::move(taints)});
  if (spec_.groups[machine.group].startup_taints.empty()) return untainted(node, machine, machine.cause);
  arm(kUntainted, spec_.untaint, "untaint", node, machine.cause);
}

void Machines::untainted(std::uint32_t node, Machine& machine, Seq cause) {
  const NodeGroupSpec& group = spec_.groups[machine.group];
  const NodeRecord* record = context_.state().find_node(name(node));
  if (record == nullptr) return;
  if (!group.startup_taints.empty()) {
    std::vector<Taint> taints = record->node.taints;
    for (const Taint& taint : group.startup_taints) std::erase(taints, taint);
    cause = context_.emit("node-setup", cause, fact::NodeTainted{name(node), context_.next_rv(), std::move(taints)});
  }
  machine.state = MachineState::ready;
  machine.cause = context_.emit("autoscaler", cause, fact::MachineReady{group.name, name(node)});
  listener_(node, News::ready, machine.cause);
}

// What still ran on it is dead; its Node object goes in the same instant, pods bound to it are pod GC's (K73, K74).
void Machines::gone(std::uint32_t node, Machine& machine, Seq cause) {
  const NodeRecord* record = context_.state().find_node(name(node));
  if (record != nullptr) {
    machine.left.assign(record->pods.begin(), record->pods.end());
    if (!record->silent || record->containers_run) {
      cause = context_.emit("world", cause, fact::NodeSilent{name(node), false});
      context_.send(context_.now(), cause, from::NodePower{node, false});
    }
    nodes_.delete_nodes({{name(node)}}, cause);
  }
  machine.state = MachineState::none;
  machine.fate.reset();
  cause = context_.emit(kCloud, cause, fact::MachineGone{spec_.groups[machine.group].name, name(node), why_[node]});
  why_.erase(node);
  listener_(node, News::gone, cause);
}

void Machines::on_fact(const Fact& fact, Seq seq) {
  const auto* ready = std::get_if<fact::NodeReadyChanged>(&fact);
  if (ready == nullptr || ready->ready != Truth::unknown) return;
  const auto it = by_name_.find(ready->node);
  if (it == by_name_.end()) return;
  const TimeUs at = round_up(context_.now() + 1, kCloudCheckUs);
  context_.timer(at, seq, {Part::autoscaler, kLost, it->second, machines_.at(it->second).life});
}

}  // namespace podramp::fakeapi
