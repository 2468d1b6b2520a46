// Preemption (K55): which node a pod could have if pods of lower priority left it, and making them leave. Part of
// Scheduler. Upstream: plugin DefaultPreemption; there are no disruption budgets here.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "backend/port/json_writer.h"
#include "fakeapi/deletion.h"
#include "fakeapi/scheduler.h"

namespace podramp::fakeapi {
namespace {

constexpr std::size_t kCandidatesMin = 100;     // minCandidateNodesAbsolute
constexpr std::size_t kCandidatesPercent = 10;  // minCandidateNodesPercentage
constexpr std::string_view kByPreemption = "PreemptionByScheduler";

bool is_victim(const Pod& pod) {
  const Condition* target = pod.condition("DisruptionTarget");
  return target != nullptr && target->reason == kByPreemption;
}

}  // namespace

Scheduler::AfterFilter Scheduler::after_filter(const Entry& entry, const PodPtr& pod, const NodeJudge* judge) {
  if (room_.size() == 0) return {std::nullopt, {}, true};
  if (pod->tmpl->preemption_policy == "Never") {
    return {"preemption: not eligible due to preemptionPolicy=Never.", {}, true};
  }
  if (awaits_victims(entry)) {
    return {"preemption: not eligible due to a terminating pod on the nominated node.", {}, true};
  }
  const bool any_lower = !placed_by_priority_.empty() && placed_by_priority_.begin()->first < entry.priority;
  if (!any_lower || deletion_ == nullptr) return {std::nullopt, {}, false};

  std::vector<std::uint32_t> nodes;
  if (entry.only_node == kAnyNode) {
    nodes = room_.could_help(entry.shape, judge);
  } else if (room_.present(entry.only_node) && room_.could_fit(entry.shape, entry.only_node)) {
    nodes.push_back(entry.only_node);
  }
  std::map<std::string, std::int64_t> reasons;
  const auto hopeless = static_cast<std::int64_t>(room_.size() - nodes.size());
  if (hopeless > 0) reasons["Preemption is not helpful for scheduling"] = hopeless;
  std::vector<Help> found;
  if (!nodes.empty()) {
    Draw draw(context_.seed(), "cluster.scheduler.preemption", pod_key(*pod), entry.attempts);
    const auto first = static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(nodes.size()) - 1));
    const std::size_t wanted = std::max(nodes.size() * kCandidatesPercent / 100, kCandidatesMin);
    for (std::size_t i = 0; i < nodes.size() && found.size() < wanted; ++i) {
      const std::uint32_t node = nodes[(first + i) % nodes.size()];
      std::vector<PodId> victims = victims_on(entry, pod, node, judge != nullptr, reasons);
      if (!victims.empty()) found.push_back({node, std::move(victims)});
    }
  }
  const Help* best = best_of(found);
  if (best == nullptr) return {room_.no_victims(reasons), {}, false};
  return {"", *best, false};
}

// Somebody on the nominated node is already going for this pod's sake.
bool Scheduler::awaits_victims(const Entry& entry) const {
  if (entry.nominated == kAnyNode || !room_.present(entry.nominated)) return false;
  if (!room_.could_fit(entry.shape, entry.nominated)) return false;  // it would not help any more
  return std::ranges::any_of(counts_.on(entry.nominated), [&](const PodCounts::Placed& one) {
    const Pod& pod = *context_.state().find_pod(one.id)->pod;
    return pod.deletion_us && pod.tmpl->priority.value_or(0) < entry.priority && is_victim(pod);
  });
}

bool Scheduler::fits(const Entry& entry, const Pod& pod, std::uint32_t node, bool judged) {
  if (!room_.passes(entry.shape, node)) return false;
  return !judged || rules(entry, pod).check(node) == NodeJudge::Verdict::passes;
}

// The pods that have to leave the node, the most important first; none and a reason when that does not help. All pods
// of lower priority are taken away, and those are put back that the pod leaves room for.
std::vector<PodId> Scheduler::victims_on(const Entry& entry, const PodPtr& pod, std::uint32_t node, bool judged,
                                         std::map<std::string, std::int64_t>& reasons) {
  std::vector<PodCounts::Placed> lower;
  for (const PodCounts::Placed& one : counts_.on(node)) {
    if (entries_.at(one.id).priority < entry.priority) lower.push_back(one);
  }
  if (lower.empty()) {
    ++reasons["No preemption victims found for incoming pod"];
    return {};
  }
  const auto remove = [&](const PodCounts::Placed& one) {
    room_.give_back(node, entries_.at(one.id).shape);
    counts_.remove(one.id, *context_.state().find_pod(one.id)->pod, node);
  };
  const auto restore = [&](const PodCounts::Placed& one) {
    room_.take(node, entries_.at(one.id).shape);
    counts_.add(one.id, *context_.state().find_pod(one.id)->pod, node, one.since_us);
  };
  std::ranges::sort(lower, {}, [&](const PodCounts::Placed& one) {
    return std::tuple(-entries_.at(one.id).priority, one.since_us, one.id);
  });
  for (const PodCounts::Placed& one : lower) remove(one);
  std::vector<PodCounts::Placed> victims;
  const bool helps = fits(entry, *pod, node, judged);
  if (!helps) {
    const CycleRules judge = rules(entry, *pod);
    for (const std::string& lack : room_.lacking(entry.shape, node, judged ? &judge : nullptr)) ++reasons[lack];
  }
  for (const PodCounts::Placed& one : lower) {
    restore(one);
    if (!helps || fits(entry, *pod, node, judged)) continue;
    remove(one);
    victims.push_back(one);
  }
  std::vector<PodId> ids;
  for (const PodCounts::Placed& one : victims) {
    restore(one);
    ids.push_back(one.id);
  }
  return ids;
}

// The lowest of the highest priorities, then the lowest sum, the fewest, and those that started last.
const Scheduler::Help* Scheduler::best_of(const std::vector<Help>& found) const {
  const auto rank = [&](const Help& help) {
    const std::int64_t highest = entries_.at(help.victims.front()).priority;
    std::int64_t sum = 0;
    TimeUs earliest = kNever;
    for (const PodCounts::Placed& one : counts_.on(help.node)) {
      if (std::ranges::find(help.victims, one.id) == help.victims.end()) continue;
      const std::int64_t priority = entries_.at(one.id).priority;
      sum += priority + (std::int64_t{1} << 31);
      if (priority == highest) earliest = std::min(earliest, one.since_us);
    }
    return std::tuple(highest, sum, help.victims.size(), -earliest);
  };
  const Help* best = nullptr;
  for (const Help& help : found) {
    if (best == nullptr || rank(help) < rank(*best)) best = &help;
  }
  return best;
}

// When the last of them is done: a status patch and a DELETE for each, at the client's rate.
TimeUs Scheduler::send_evictions(const Help& help, const Entry& entry) {
  TimeUs last = context_.now();
  for (const PodId victim : help.victims) {
    const PodPtr pod = context_.state().find_pod(victim)->pod;
    if (pod->deletion_us) continue;
    (void)client_.reserve(context_.now());
    const TimeUs at = client_.reserve(context_.now()) + call_takes(entry, *pod);
    set_timer(at, entry.cause, kEvict, victim);
    last = std::max(last, at);
  }
  return last;
}

void Scheduler::evict(PodId id, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr || is_terminal(*record->pod) || record->pod->deletion_us) return;
  const Condition condition{"DisruptionTarget", Truth::yes, std::string(kByPreemption),
                            fmt::format("{}: preempting to accommodate a higher priority pod", name_), context_.now()};
  const Seq seq =
      context_.emit("scheduler", cause, fact::PodConditionSet{pod_key(*record->pod), context_.next_rv(), condition});
  deletion_->remove(id, std::nullopt, "preemption", "scheduler", seq);
}

// Pods of lower priority that had been promised the node lose that promise.
void Scheduler::nominate(PodId id, Entry& entry, std::uint32_t node) {
  if (entry.nominated == node) return;
  entry.nominated = node;
  if (node == kAnyNode) {
    nominated_.erase(id);
    return;
  }
  const std::set<PodId> before = nominated_;
  for (const PodId other : before) {
    Entry& promised = entries_.at(other);
    if (promised.nominated != node || promised.priority >= entry.priority) continue;
    promised.nominated = kAnyNode;
    nominated_.erase(other);
  }
  nominated_.insert(id);
}

std::vector<PodId> Scheduler::nominated_above(PodId id, const Entry& entry) const {
  std::vector<PodId> others;
  for (const PodId other : nominated_) {
    if (other != id && entries_.at(other).priority >= entry.priority) others.push_back(other);
  }
  return others;
}

}  // namespace podramp::fakeapi
