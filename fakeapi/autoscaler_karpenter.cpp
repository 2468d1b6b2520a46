#include "fakeapi/autoscaler_karpenter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kKarpenter = "karpenter";
constexpr const char* kDisruptedTaint = "karpenter.sh/disrupted";
constexpr std::string_view kDoNotDisrupt = "karpenter.sh/do-not-disrupt";
constexpr DurationUs kRequeueUs = 10 * kSecondUs;  // a pod that waits is looked at again
constexpr std::size_t kMultiNodeMax = 100;         // candidates of one multi-node consolidation

}  // namespace

Karpenter::Karpenter(Context& context, Deletion& deletion, NodeLifecycle& nodes, const AutoscalerSpec& spec)
    : Autoscaler(context, deletion, nodes, spec), unavailable_us_(spec.groups.size(), 0) {}

void Karpenter::changed(const Fact& fact, Seq seq) {
  const ClusterState::Change& change = context_.state().last_change();
  if (std::holds_alternative<fact::PodUnschedulable>(fact)) {
    if (!is_daemon_pod(*change.after)) trigger(change.id, seq);
  } else if (std::holds_alternative<fact::PodBound>(fact)) {
    touch(change.after->node);
  } else if (std::holds_alternative<fact::PodFinished>(fact)) {
    touch(change.after->node);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    touch(change.before->node);
  } else if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    touch(added->node.name);
  }
}

void Karpenter::act(const ClusterTimer& timer, Seq cause) {
  switch (static_cast<Kind>(timer.kind)) {
    case kBatch: {
      if (!batch_) break;
      const TimeUs due_us = std::min(batch_->idle_us, batch_->max_us);
      if (due_us > context_.now()) {
        context_.timer(due_us, batch_->cause, {Part::autoscaler, kBatch, 0, 0});
        break;
      }
      const Seq of = batch_->cause;
      batch_.reset();
      provision(of);
      break;
    }
    case kRetry:
      retry_armed_ = false;
      for (const PendingPod& pod : books_.pending()) trigger(pod.id, cause);
      break;
    case kLiveness: liveness(timer.index, timer.arg, cause); break;
    case kPoll:
      if (context_.now() < poll_us_) break;
      poll_us_ = kNever;
      poll(cause);
      break;
    case kValidate: validate(cause); break;
  }
}

// --- pods that wait ------------------------------------------------------------------------------------------------

// The window is open until no new pod has come for a second, ten seconds at most.
void Karpenter::trigger(PodId pod, Seq cause) {
  const TimeUs now = context_.now();
  if (!batch_) {
    batch_ = Batch{{}, now + spec().batch_idle_us, now + spec().batch_max_us, cause};
    context_.timer(now + spec().batch_idle_us, cause, {Part::autoscaler, kBatch, 0, 0});
  }
  if (batch_->pods.insert(pod).second) batch_->idle_us = now + spec().batch_idle_us;
}

void Karpenter::retry(Seq cause) {
  if (std::exchange(retry_armed_, true)) return;
  context_.timer(context_.now() + kRequeueUs, cause, {Part::autoscaler, kRetry, 0, 0});
}

void Karpenter::provision(Seq cause) {
  std::vector<PendingPod> unhelped;
  for (const PendingPod& pod : books_.pending()) {
    if (!books_.place(pod)) unhelped.push_back(pod);
  }
  books_.undo();
  std::vector<std::size_t> allowed;
  for (std::size_t type = 0; type < spec().groups.size(); ++type) {
    if (available(type) && machines_.room(type) > 0) allowed.push_back(type);
  }
  const std::vector<PlannedClaim> claims = plan_claims(templates_, allowed, unhelped);
  std::int64_t left_out = static_cast<std::int64_t>(unhelped.size());
  for (const PlannedClaim& claim : claims) left_out -= static_cast<std::int64_t>(claim.pods.size());
  launch(claims, left_out, cause);
}

void Karpenter::launch(const std::vector<PlannedClaim>& claims, std::int64_t left_out, Seq cause) {
  for (const PlannedClaim& claim : claims) {
    const auto pods = static_cast<std::int64_t>(claim.pods.size());
    if (!launch_one(claim.types, pods, cause)) left_out += pods;
  }
  if (left_out > 0) retry(cause);
  refuse(left_out, left_out == 0 ? "" : why_none(), cause);
}

// The cheapest type that may be had; the cloud is given the others too, in case it has none of it.
bool Karpenter::launch_one(std::vector<std::size_t> types, std::int64_t pods, Seq cause) {
  std::erase_if(types, [&](std::size_t type) { return !available(type) || machines_.room(type) == 0; });
  if (types.empty()) return false;
  std::ranges::stable_sort(types, {}, [&](std::size_t type) { return group(type).price; });
  const std::size_t type = types.front();
  const std::int64_t before = machines_.size(type);
  const Seq seq = context_.emit(kKarpenter, cause, fact::ScaleUp{group(type).name, before, before + 1, pods});
  const std::uint32_t node = ask(type, seq);
  types.erase(types.begin());
  other_types_[node] = std::move(types);
  claim_pods_[node] = pods;
  const std::uint64_t life = machines_.at(node).life;
  for (const DurationUs timeout : {spec().launch_timeout_us, spec().registration_timeout_us}) {
    context_.timer(context_.now() + timeout, seq, {Part::autoscaler, kLiveness, node, life});
  }
  return true;
}

std::string Karpenter::why_none() const {
  std::vector<std::string> why;
  for (std::size_t type = 0; type < spec().groups.size(); ++type) {
    if (!available(type)) {
      why.push_back(
          fmt::format("group {}: passed over until {}", group(type).name, format_time(unavailable_us_[type])));
    } else if (machines_.room(type) == 0) {
      why.push_back(fmt::format("group {}: at its maximum of {}", group(type).name, group(type).nodes.size()));
    } else {
      why.push_back(fmt::format("group {}: the pods would not fit", group(type).name));
    }
  }
  return fmt::format("{}", fmt::join(why, "; "));
}

void Karpenter::machine_news(std::uint32_t node, Machines::News news, Seq cause) {
  const std::size_t type = machines_.at(node).group;
  if (news == Machines::News::ready) return touch(machines_.name(node));
  const std::vector<std::size_t> others = std::exchange(other_types_[node], {});
  const std::int64_t pods = std::exchange(claim_pods_[node], 0);
  if (news == Machines::News::failed) {
    const std::string reason(to_text(machines_.at(node).fate.value_or(MachineFailure::stock_out)));
    unavailable_us_[type] = context_.now() + spec().unavailable_us;
    cause = context_.emit(kKarpenter, cause, fact::ScaleUpFailed{group(type).name, 1, reason, unavailable_us_[type]});
    machines_.dismiss(node, "", cause);
    if (launch_one(others, pods, cause)) return;
  }
  if (books_.any_pending()) retry(cause);
}

// Launch takes at most five minutes, registration fifteen: then the claim is given up.
void Karpenter::liveness(std::uint32_t node, std::uint64_t life, Seq cause) {
  const Machine& machine = machines_.at(node);
  if (machine.life != life) return;
  const bool not_launched = machine.state == MachineState::asked;
  const bool not_joined =
      machine.state == MachineState::joining && context_.now() >= machine.asked_us + spec().registration_timeout_us;
  if (!not_launched && !not_joined) return;
  const std::string reason = not_launched ? "launch time-out" : "registration time-out";
  const Seq seq =
      context_.emit(kKarpenter, cause, fact::ScaleUpFailed{group(machine.group).name, 1, reason, context_.now()});
  books_.forget(machines_.name(node));
  machines_.dismiss(node, reason, seq);
  if (books_.any_pending()) retry(seq);
}

// --- disruption ----------------------------------------------------------------------------------------------------

void Karpenter::touch(const std::string& node) {
  const auto index = machines_.find(node);
  if (!index || spec().consolidation == Consolidation::never) return;
  last_event_us_[*index] = context_.now();
  arm_poll(context_.now() + spec().consolidate_after_us);
}

void Karpenter::arm_poll(TimeUs not_before) {
  const TimeUs at = round_up(std::max(not_before, context_.now() + 1), spec().disruption_poll_us);
  if (at >= poll_us_) return;
  poll_us_ = at;
  context_.timer(at, 0, {Part::autoscaler, kPoll, 0, 0});
}

bool Karpenter::is_empty(std::uint32_t node) const {
  const NodeRecord* record = context_.state().find_node(machines_.name(node));
  return record != nullptr &&
         std::ranges::none_of(record->pods, [&](PodId id) { return must_leave(*context_.state().find_pod(id)->pod); });
}

// A tenth of the nodes, rounded up, less those that are going.
std::int64_t Karpenter::budget() const {
  std::int64_t all = 0;
  std::int64_t going = static_cast<std::int64_t>(drains_.running());
  for (std::size_t type = 0; type < spec().groups.size(); ++type) {
    all += machines_.ready(type);
    going += static_cast<std::int64_t>(machines_.in_state(type, MachineState::leaving).size());
  }
  return std::max<std::int64_t>((all * spec().budget_permille + 999) / 1000 - going, 0);
}

// Nodes that may be disrupted, those with the fewest pods first.
std::vector<std::uint32_t> Karpenter::candidates(bool empty, Seq cause) {
  std::vector<std::pair<std::size_t, std::uint32_t>> found;
  for (std::size_t type = 0; type < spec().groups.size(); ++type) {
    for (const std::uint32_t node : machines_.in_state(type, MachineState::ready)) {
      const NodeRecord* record = context_.state().find_node(machines_.name(node));
      if (record == nullptr || record->node.ready != Truth::yes || drains_.has(node)) continue;
      const auto last = last_event_us_.find(node);
      const TimeUs ripe_us = last == last_event_us_.end() ? 0 : last->second + spec().consolidate_after_us;
      if (ripe_us > context_.now()) {
        arm_poll(ripe_us);
        continue;
      }
      if (is_empty(node) != empty) continue;
      const auto held = std::ranges::find_if(record->pods, [&](PodId id) {
        const Pod& pod = *context_.state().find_pod(id)->pod;
        return must_leave(pod) && annotation(pod, kDoNotDisrupt) == "true";
      });
      if (held == record->pods.end()) {
        found.emplace_back(record->pods.size(), node);
      } else {
        blocked(machines_.name(node), "do-not-disrupt", pod_key(*context_.state().find_pod(*held)->pod), cause);
      }
    }
  }
  std::ranges::sort(found);
  std::vector<std::uint32_t> nodes;
  for (const auto& [pods, node] : found) nodes.push_back(node);
  return nodes;
}

bool Karpenter::fit_elsewhere(const std::vector<std::uint32_t>& nodes) {
  for (const std::uint32_t node : nodes) books_.hide(machines_.name(node));
  bool fit = true;
  for (const std::uint32_t node : nodes) {
    for (const PodId id : context_.state().find_node(machines_.name(node))->pods) {
      const Pod& pod = *context_.state().find_pod(id)->pod;
      if (!must_leave(pod) || pod.deletion_us) continue;
      fit = fit && books_.place({id, &pod, books_.shape(pod), 0});
    }
  }
  books_.undo();
  return fit;
}

// Empty nodes all at once; else as many as can go together; else one. Pods that wait come first.
void Karpenter::poll(Seq cause) {
  if (command_ || spec().consolidation == Consolidation::never) return;
  if (books_.any_pending()) return arm_poll(context_.now() + 1);
  const std::int64_t most = budget();
  std::vector<std::uint32_t> nodes = candidates(true, cause);
  Command command;
  if (!nodes.empty()) {
    if (most == 0) return arm_poll(context_.now() + 1);
    nodes.resize(std::min(nodes.size(), static_cast<std::size_t>(most)));
    command.nodes = nodes;
  } else if (spec().consolidation == Consolidation::when_empty_or_underutilized) {
    nodes = candidates(false, cause);
    command.empty = false;
    std::size_t low = 0;
    std::size_t high = std::min({nodes.size(), kMultiNodeMax, static_cast<std::size_t>(most)});
    while (low < high) {  // the longest run of candidates that can go together
      const std::size_t middle = (low + high + 1) / 2;
      if (fit_elsewhere({nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(middle)})) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    command.nodes.assign(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(low));
    for (std::size_t i = 0; most > 0 && command.nodes.empty() && i < nodes.size(); ++i) {
      if (fit_elsewhere({nodes[i]})) command.nodes = {nodes[i]};
    }
  }
  if (command.nodes.empty()) return;
  command_ = std::move(command);
  context_.timer(context_.now() + spec().validation_us, cause, {Part::autoscaler, kValidate, 0, 0});
}

// Fifteen seconds later it must still hold, else it is dropped.
void Karpenter::validate(Seq cause) {
  const Command command = std::exchange(command_, std::nullopt).value_or(Command{});
  arm_poll(context_.now() + 1);
  const std::vector<std::uint32_t> may = candidates(command.empty, cause);
  const bool holds =
      std::ranges::all_of(command.nodes, [&](std::uint32_t node) { return std::ranges::find(may, node) != may.end(); });
  if (!holds || books_.any_pending() || (!command.empty && !fit_elsewhere(command.nodes))) return;
  for (const std::uint32_t node : command.nodes) {
    const std::string why = command.empty ? "empty" : "underutilized";
    const std::string& type = group(machines_.at(node).group).name;
    const Seq seq = context_.emit(kKarpenter, cause, fact::ScaleDown{type, machines_.name(node), why});
    drains_.start({node, kDisruptedTaint, std::nullopt, 0, kNever, why}, seq);
  }
}

void Karpenter::waiting_for(std::vector<std::string>& lines) const {
  for (std::size_t type = 0; type < spec().groups.size(); ++type) {
    if (available(type)) continue;
    lines.push_back(fmt::format("group {} waits for: the end of its time as out of stock, at {}", group(type).name,
                                format_time(unavailable_us_[type])));
  }
}

}  // namespace podramp::fakeapi
