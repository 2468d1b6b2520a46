// The cloud behind an autoscaler: machines are asked for, exist, register their Node, become Ready, lose their startup
// taints, or fail on the way (K82, K83); they are asked to go, and take their Node object with them (K74). A machine
// that lost its power is no more, too. Decides nothing: autoscaler_scan.h, autoscaler_karpenter.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class NodeLifecycle;

enum class MachineState : std::uint8_t {
  none,
  asked,       // the cloud makes it
  joining,     // it exists, its kubelet has not registered
  setting_up,  // its Node is there: not Ready, or with startup taints
  ready,       // pods may come
  failed,      // the cloud could not make it, until it is dismissed
  leaving      // it was asked to go
};

struct Machine {
  std::size_t group = 0;
  MachineState state = MachineState::none;
  std::optional<MachineFailure> fate;  // how it will fail
  TimeUs asked_us = 0;
  std::uint64_t life = 0;     // counted from 1; a timer of an earlier life is ignored
  Seq cause = 0;              // of its present state
  std::vector<PodId> left{};  // what was bound to it when it went
};

class Machines {
 public:
  enum class News : std::uint8_t { failed, ready, gone };
  using Listener = std::function<void(std::uint32_t node, News news, Seq cause)>;

  Machines(Context& context, NodeLifecycle& nodes, const AutoscalerSpec& spec);

  void set_listener(Listener listener) { listener_ = std::move(listener); }
  const AutoscalerSpec& spec() const { return spec_; }
  // Absent for a node of no group.
  std::optional<std::uint32_t> find(std::string_view node) const;
  const Machine& at(std::uint32_t node) const { return machines_.at(node); }
  const std::string& name(std::uint32_t node) const { return context_.config().nodes.at(node).node.name; }
  // Machines of the group that were asked for and not asked to go; those whose Node pods may come to.
  std::int64_t size(std::size_t group) const;
  std::int64_t ready(std::size_t group) const;
  // How many more the group may have: up to its maximum, and names of machines whose pods are still stored are taken.
  std::int64_t room(std::size_t group) const;
  // Of the group's nodes, those in a state, by index.
  std::vector<std::uint32_t> in_state(std::size_t group, MachineState state) const;
  bool busy() const;  // some are on their way in or out

  // Asks for a machine; room(group) > 0. Returns its node. Names are taken in turn.
  std::uint32_t ask(std::size_t group, Seq cause);
  // Asks a machine to go, in whatever state it is; a failed one is dismissed at once.
  void dismiss(std::uint32_t node, std::string_view why, Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  // True when the timer was one of these.
  bool on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Kind : std::uint8_t { kLaunched, kJoined, kReady, kUntainted, kGone, kLost, kKinds };

  void arm(Kind kind, const LatencyModel& model, std::string_view stream, std::uint32_t node, Seq cause);
  void arm_launch(std::uint32_t node, Seq cause);
  std::optional<MachineFailure> fate_of(std::uint32_t node, const Machine& machine) const;
  void joined(std::uint32_t node, Machine& machine, Seq cause);
  void node_ready(std::uint32_t node, Machine& machine, Seq cause);
  void untainted(std::uint32_t node, Machine& machine, Seq cause);
  void gone(std::uint32_t node, Machine& machine, Seq cause);
  bool free(const Machine& machine) const;

  Context& context_;
  NodeLifecycle& nodes_;
  const AutoscalerSpec& spec_;
  std::map<std::uint32_t, Machine> machines_;  // by node
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::map<std::uint32_t, std::string> why_;  // of those that leave
  std::vector<std::size_t> next_;             // by group: where the search for a name begins
  Listener listener_;
};

}  // namespace podramp::fakeapi
