#include "fakeapi/autoscaler_scan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kAutoscaler = "autoscaler";
constexpr const char* kDeletedTaint = "ToBeDeletedByClusterAutoscaler";
constexpr DurationUs kEvictionHeadroomUs = 30 * kSecondUs;  // beyond the grace before a drain is given up
constexpr std::int64_t kExpendableCutoff = -10;             // --expendable-pods-priority-cutoff

// It may run where there happens to be room: no node comes or stays for it (K80).
bool expendable(const Pod& pod) { return pod.tmpl->priority.value_or(0) < kExpendableCutoff; }

}  // namespace

ClusterAutoscaler::ClusterAutoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes,
                                     const AutoscalerSpec& spec)
    : Autoscaler(context, deletion, nodes, spec), backoff_(spec.groups.size()) {}

// --- when to scan ------------------------------------------------------------------------------------------------

void ClusterAutoscaler::arm(TimeUs not_before) {
  const TimeUs at = round_up(std::max(not_before, context_.now()), spec().scan_interval_us);
  if (at >= scan_us_) return;
  scan_us_ = at;
  context_.timer(at, cause_, {Part::autoscaler, kScan, 0, 0});
}

void ClusterAutoscaler::changed(const Fact& fact, Seq seq) {
  const bool matters = std::visit(
      []<class T>(const T&) {
        return std::is_same_v<T, fact::PodUnschedulable> || std::is_same_v<T, fact::PodBound> ||
               std::is_same_v<T, fact::PodFinished> || std::is_same_v<T, fact::PodGone> ||
               std::is_same_v<T, fact::NodeAdded> || std::is_same_v<T, fact::NodeGone> ||
               std::is_same_v<T, fact::NodeReadyChanged> || std::is_same_v<T, fact::PodLabelled> ||
               std::is_same_v<T, fact::PodEdited> || std::is_same_v<T, fact::NodeEdited>;
      },
      fact);
  if (!matters) return;
  cause_ = seq;
  arm(context_.now() + 1);
}

void ClusterAutoscaler::machine_news(std::uint32_t node, Machines::News news, Seq cause) {
  if (news != Machines::News::failed) overdue_.erase(node);
  if (news == Machines::News::gone) unneeded_.erase(node);
  const std::size_t group = machines_.at(node).group;
  // A scale-up that is complete ends the back-off.
  const bool all_in = news == Machines::News::ready && machines_.size(group) == machines_.ready(group);
  if (all_in && backoff_[group] && !backed_off(group)) backoff_[group].reset();
  cause_ = cause;
  arm(context_.now() + 1);
}

void ClusterAutoscaler::act(const ClusterTimer&, Seq cause) {
  if (context_.now() < scan_us_) return;
  scan_us_ = kNever;
  scan(cause);
}

void ClusterAutoscaler::scan(Seq cause) {
  cause_ = cause;
  give_up_machines();
  for (const std::uint32_t node : drains_.given_up()) {
    last_failure_us_ = context_.now();
    blocked(machines_.name(node), "its pods did not end in time", "", cause);
  }
  if (!scale_up()) scale_down();
}

// --- machines that do not come -------------------------------------------------------------------------------------

void ClusterAutoscaler::give_up_machines() {
  for (std::size_t g = 0; g < spec().groups.size(); ++g) {
    std::map<std::string, std::int64_t> failed;
    Seq cause = cause_;
    for (const std::uint32_t node : machines_.in_state(g, MachineState::failed)) {
      ++failed[std::string(to_text(machines_.at(node).fate.value_or(MachineFailure::stock_out)))];
      cause = machines_.at(node).cause;
      machines_.dismiss(node, "", cause_);
    }
    for (const auto& [reason, count] : failed) scale_up_failed(g, count, reason, cause);
    std::int64_t late = 0;
    for (const MachineState state : {MachineState::asked, MachineState::joining, MachineState::setting_up}) {
      for (const std::uint32_t node : machines_.in_state(g, state)) {
        const TimeUs due_us = machines_.at(node).asked_us + spec().max_node_provision_us;
        if (overdue_.contains(node)) continue;
        if (context_.now() <= due_us) {
          arm(due_us + 1);
          continue;
        }
        overdue_.insert(node);
        ++late;
        books_.forget(machines_.name(node));  // nobody counts on it any more
        if (state != MachineState::setting_up) {
          machines_.dismiss(node, "it did not register in time", machines_.at(node).cause);
        }
      }
    }
    if (late > 0) scale_up_failed(g, late, "time-out", cause_);
  }
}

// K79: the back-off doubles when the group fails again after it, and is forgotten after three hours without failure.
void ClusterAutoscaler::scale_up_failed(std::size_t g, std::int64_t machines, const std::string& reason, Seq cause) {
  const TimeUs now = context_.now();
  std::optional<Backoff>& known = backoff_[g];
  if (known && known->failed_us + spec().backoff_reset_us < now) known.reset();
  DurationUs duration = spec().backoff_initial_us;
  if (known && known->until_us < now) duration = std::min(2 * known->duration_us, spec().backoff_max_us);
  known = Backoff{duration, now + duration, now, reason};
  context_.emit(kAutoscaler, cause, fact::ScaleUpFailed{group(g).name, machines, reason, known->until_us});
}

bool ClusterAutoscaler::backed_off(std::size_t g) const {
  return backoff_[g] && backoff_[g]->until_us > context_.now();
}

// --- up ------------------------------------------------------------------------------------------------------------

// True when a group grows: the scan ends there.
bool ClusterAutoscaler::scale_up() {
  std::vector<PendingPod> unhelped;
  const std::vector<PendingPod> pending = books_.pending();
  some_schedulable_ = false;
  for (const PendingPod& pod : pending) {
    if (expendable(*pod.pod)) continue;
    const TimeUs old_enough_us = pod.pod->created_us + spec().new_pod_scale_up_delay_us;
    if (old_enough_us > context_.now()) {
      arm(old_enough_us);
    } else if (books_.place(pod)) {
      some_schedulable_ = true;
    } else {
      unhelped.push_back(pod);
    }
  }
  books_.undo();
  if (unhelped.empty()) {
    refuse(0, "", cause_);
    return false;
  }
  std::vector<std::string> why_not;
  std::vector<ScaleUpOption> found = options(unhelped, why_not);
  if (found.empty()) {
    refuse(static_cast<std::int64_t>(unhelped.size()), fmt::format("{}", fmt::join(why_not, "; ")), cause_);
    return false;
  }
  const Draw tie(context_.seed(), "cluster.autoscaler.expander", "", ++scale_ups_);
  const ScaleUpOption& best = found[expand(spec().expander, found, tie)];
  grow(best, static_cast<std::int64_t>(best.pods.size()));
  return true;
}

std::vector<ScaleUpOption> ClusterAutoscaler::options(const std::vector<PendingPod>& pods,
                                                      std::vector<std::string>& why_not) {
  std::vector<ScaleUpOption> found;
  for (std::size_t g = 0; g < spec().groups.size(); ++g) {
    const std::string& name = group(g).name;
    const bool helps = std::ranges::any_of(pods, [&](const auto& pod) { return templates_[g].fits(*pod.pod->tmpl); });
    if (!helps) {
      why_not.push_back(fmt::format("group {}: the pods would not fit", name));
    } else if (backed_off(g)) {
      why_not.push_back(fmt::format("group {}: {}, backed off until {}", name, backoff_[g]->reason,
                                    format_time(backoff_[g]->until_us)));
      arm(backoff_[g]->until_us);
    } else if (machines_.room(g) == 0) {
      why_not.push_back(fmt::format("group {}: at its maximum of {}", name, group(g).nodes.size()));
    } else {
      const std::int64_t most = std::min(machines_.room(g), spec().max_nodes_per_scale_up);
      ScaleUpOption option = pack(templates_[g], pods, most);
      option.group = g;
      option.priority = group(g).priority;
      found.push_back(std::move(option));
    }
  }
  return found;
}

void ClusterAutoscaler::grow(const ScaleUpOption& option, std::int64_t pods) {
  const std::int64_t before = machines_.size(option.group);
  const Seq seq = context_.emit(kAutoscaler, cause_,
                                fact::ScaleUp{group(option.group).name, before, before + option.machines, pods});
  for (std::int64_t i = 0; i < option.machines; ++i) ask(option.group, seq);
  last_add_us_ = context_.now();
  arm(context_.now() + 1);
  arm(context_.now() + spec().max_node_provision_us + 1);
}

// --- down ----------------------------------------------------------------------------------------------------------

TimeUs ClusterAutoscaler::cooled_down_us() const {
  return std::max(last_add_us_ + spec().scale_down_delay_after_add_us,
                  last_failure_us_ + spec().scale_down_delay_after_failure_us);
}

void ClusterAutoscaler::scale_down() {
  const TimeUs now = context_.now();
  const std::vector<Removal> could_go = removals();
  std::map<std::uint32_t, TimeUs> since;
  std::vector<Removal> ripe;
  const TimeUs cooled_us = cooled_down_us();
  for (const Removal& removal : could_go) {
    const auto known = unneeded_.find(removal.node);
    since[removal.node] = known == unneeded_.end() ? now : known->second;
    const TimeUs due_us =
        since[removal.node] + (removal.unready ? spec().scale_down_unready_us : spec().scale_down_unneeded_us);
    const TimeUs may_us = std::max(due_us, cooled_us);
    if (may_us <= now) {
      ripe.push_back(removal);
    } else {
      arm(may_us);
    }
  }
  unneeded_ = std::move(since);
  if (some_schedulable_ && !ripe.empty()) {
    arm(now + 1);
  } else {
    remove(ripe);
  }
}

// K80: requests below half of the node, by the larger of cpu and memory.
bool ClusterAutoscaler::below_threshold(const NodeRecord& record) const {
  const auto below = [&](std::int64_t used, std::int64_t all) {
    return all == 0 || used * 1000 / spec().utilization_permille < all;
  };
  return below(record.requested.cpu_milli.value_or(0), record.node.allocatable.cpu_milli.value_or(0)) &&
         below(record.requested.memory_bytes.value_or(0), record.node.allocatable.memory_bytes.value_or(0));
}

void ClusterAutoscaler::candidates(std::vector<Removal>& empty, std::vector<Removal>& full) {
  for (std::size_t g = 0; g < spec().groups.size(); ++g) {
    for (const MachineState state : {MachineState::ready, MachineState::setting_up}) {
      for (const std::uint32_t node : machines_.in_state(g, state)) {
        const NodeRecord* record = context_.state().find_node(machines_.name(node));
        const bool late = state == MachineState::setting_up;
        if (record == nullptr || drains_.has(node) || (late && !overdue_.contains(node))) continue;
        if (!below_threshold(*record)) {
          blocked(machines_.name(node), "", "", cause_);
          continue;
        }
        Removal removal{node, true, late || record->node.ready != Truth::yes};
        removal.empty = std::ranges::none_of(record->pods,
                                             [&](PodId id) { return must_leave(*context_.state().find_pod(id)->pod); });
        (removal.empty ? empty : full).push_back(removal);
      }
    }
  }
}

// The nodes that could go, one after the other: those without pods first, then those whose pods all fit elsewhere; of
// each group as many as it has above its minimum.
std::vector<ClusterAutoscaler::Removal> ClusterAutoscaler::removals() {
  std::vector<Removal> empty;
  std::vector<Removal> full;
  candidates(empty, full);
  std::vector<std::int64_t> spare;
  for (std::size_t g = 0; g < spec().groups.size(); ++g) {
    spare.push_back(machines_.size(g) - group(g).min);
    for (const std::uint32_t node : machines_.in_state(g, MachineState::ready)) spare[g] -= drains_.has(node) ? 1 : 0;
  }
  std::vector<Removal> could_go;
  const auto take = [&](const Removal& removal) {
    const std::size_t g = machines_.at(removal.node).group;
    if (spare[g] > 0 && !removal.empty) {
      if (!movable(removal.node, *context_.state().find_node(machines_.name(removal.node)))) return;
    }
    blocked(machines_.name(removal.node), spare[g] > 0 ? "" : "its group is at its minimum", "", cause_);
    if (spare[g]-- > 0) could_go.push_back(removal);
  };
  for (const Removal& removal : empty) take(removal);
  for (std::size_t i = 0; i < full.size() && std::cmp_less(i, spec().drain_candidates_max); ++i) take(full[i]);
  books_.undo();
  return could_go;
}

bool ClusterAutoscaler::movable(std::uint32_t node, const NodeRecord& record) {
  const std::string& name = machines_.name(node);
  const std::set<PodId> pods = record.pods;
  for (const PodId id : pods) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    const std::string why = pod.deletion_us || expendable(pod) ? "" : why_not_drainable(pod, spec());
    if (why.empty()) continue;
    blocked(name, why, pod_key(pod), cause_);
    return false;
  }
  books_.hide(name);
  for (const PodId id : pods) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    if (!must_leave(pod) || pod.deletion_us || expendable(pod)) continue;
    if (books_.place({id, &pod, books_.shape(pod), 0})) continue;
    blocked(name, "there is no room elsewhere", pod_key(pod), cause_);
    return false;  // what was placed stays placed: it only makes the rest of the simulation more careful
  }
  return true;
}

void ClusterAutoscaler::remove(const std::vector<Removal>& ripe) {
  auto running = static_cast<std::int64_t>(drains_.running());
  auto draining = static_cast<std::int64_t>(drains_.with_pods());
  for (const Removal& removal : ripe) {
    const std::size_t g = machines_.at(removal.node).group;
    const bool turn =
        running < spec().max_scale_down_parallelism && (removal.empty || draining < spec().max_drain_parallelism);
    if (!turn) {
      arm(context_.now() + 1);
      continue;
    }
    ++running;
    draining += removal.empty ? 0 : 1;
    const std::string why = removal.unready ? "unready" : removal.empty ? "empty" : "underutilized";
    const Seq seq =
        context_.emit(kAutoscaler, cause_, fact::ScaleDown{group(g).name, machines_.name(removal.node), why});
    unneeded_.erase(removal.node);
    drains_.start({removal.node, kDeletedTaint, spec().max_graceful_termination_us, spec().node_delete_delay_us,
                   spec().max_graceful_termination_us + kEvictionHeadroomUs, why},
                  seq);
  }
}

void ClusterAutoscaler::waiting_for(std::vector<std::string>& lines) const {
  for (std::size_t g = 0; g < spec().groups.size(); ++g) {
    if (!backed_off(g)) continue;
    lines.push_back(fmt::format("group {} waits for: its back-off after a failed scale-up ({}), until {}",
                                group(g).name, backoff_[g]->reason, format_time(backoff_[g]->until_us)));
  }
}

}  // namespace podramp::fakeapi
