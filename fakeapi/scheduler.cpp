#include "fakeapi/scheduler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/claims.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kVolumeLookUs = kSecondUs;  // how often a binding pod looks whether its claims are bound

constexpr Filters kTaintFilters = kFilterTaints | kFilterUnschedulable;

}  // namespace

Scheduler::Scheduler(Context& context, std::uint32_t index, const OtherScheduler* as)
    : context_(context),
      index_(index),
      name_(as == nullptr ? std::string(kDefaultScheduler) : as->name),
      room_(context.config().most_allocated),
      counts_(context.state()),
      images_(context),
      client_(context.config().profile.scheduler_qps, context.config().profile.scheduler_burst) {
  if (as != nullptr && as->gang) gangs_ = std::make_unique<Gangs>(context, room_);
}

bool Scheduler::serves(const Pod& pod) const {
  const std::string& named = pod.tmpl->scheduler_name;
  return named == name_ || (named.empty() && name_ == kDefaultScheduler);
}

// --- facts -----------------------------------------------------------------------------------------------------

void Scheduler::on_fact(const Fact& fact, Seq seq) {
  const ClusterState::Change& change = context_.state().last_change();
  if (const auto* f = std::get_if<fact::PodCreated>(&fact)) {
    pod_created(change.id, f->pod, seq);
  } else if (const auto* bound = std::get_if<fact::PodBound>(&fact)) {
    pod_bound(change.id, change.after, bound->node, seq);
  } else if (std::holds_alternative<fact::PodFinished>(fact)) {
    pod_freed(change.id, *change.after, seq);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    pod_freed(change.id, *change.before, seq);
  } else if (std::holds_alternative<fact::PodResized>(fact)) {
    pod_resized(change.id, change.after, seq);
  } else if (std::holds_alternative<fact::PodTerminating>(fact) || std::holds_alternative<fact::PodGraceOver>(fact) ||
             std::holds_alternative<fact::PodLabelled>(fact)) {
    pod_edited(change);
  } else if (std::holds_alternative<fact::PodEdited>(fact)) {
    pod_edited(change);
    spec_edited(change.id, *change.after, seq);
  } else if (std::holds_alternative<fact::PodUngated>(fact)) {
    pod_ungated(change.id, *change.after, seq);
  } else if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    node_changed(added->node, true, seq);
  } else if (const auto* tainted = std::get_if<fact::NodeTainted>(&fact)) {
    node_changed(context_.state().find_node(tainted->node)->node, false, seq);
  } else if (const auto* cordoned = std::get_if<fact::NodeCordoned>(&fact)) {
    node_changed(context_.state().find_node(cordoned->node)->node, false, seq);
  } else if (const auto* edited = std::get_if<fact::NodeEdited>(&fact)) {
    node_edited(context_.state().find_node(edited->node)->node, seq);
  } else if (const auto* node = std::get_if<fact::NodeGone>(&fact)) {
    room_.remove_node(node->node);
    topologies_.remove_node(room_.index(node->node));
    images_.node_gone(room_.index(node->node));
  } else if (const auto* pulled = std::get_if<fact::PullFinished>(&fact)) {
    images_.pulled(room_.index(pulled->node), pulled->node, pulled->image);
  } else if (const auto* removed = std::get_if<fact::ImageRemoved>(&fact)) {
    images_.removed(room_.index(removed->node), removed->node, removed->image);
  } else if (std::holds_alternative<fact::ObjectCreated>(fact) || std::holds_alternative<fact::ObjectChanged>(fact)) {
    const bool claim = context_.state().last_object_change().after->kind == podramp::Kind::persistent_volume_claim;
    if (claim) wake_all(kFilterClaims, seq);
  }
}

void Scheduler::pod_created(PodId id, const PodPtr& pod, Seq seq) {
  if (is_terminal(*pod)) return;
  if (!pod->node.empty()) {
    pod_bound(id, pod, pod->node, seq);
    return;
  }
  if (!serves(*pod)) return;
  Entry& entry = entries_[id];
  entry.shape = room_.shape(*pod->tmpl);
  entry.priority = pod->tmpl->priority.value_or(0);
  if (!pod->affinity_node.empty()) entry.only_node = room_.index(pod->affinity_node);
  entry.since_us = context_.now();
  entry.cause = seq;
  if (Gang* gang = gangs_ == nullptr ? nullptr : gangs_->of(*pod)) gang->waiting.push_back(id);
  if (pod->gates.empty()) {
    activate(id, entry);
  } else {
    entry.place = Place::gated;
  }
}

void Scheduler::pod_ungated(PodId id, const Pod& pod, Seq seq) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->place != Place::gated || !pod.gates.empty()) return;
  entry->since_us = context_.now();
  entry->cause = seq;
  activate(id, *entry);
}

void Scheduler::take(PodId id, Entry& entry, const Pod& pod, std::uint32_t node) {
  entry.node = node;
  room_.take(node, entry.shape);
  counts_.add(id, pod, node, context_.now());
  ++placed_by_priority_[entry.priority];
}

void Scheduler::give_back(PodId id, const Entry& entry, const Pod& pod) {
  room_.give_back(entry.node, entry.shape);
  counts_.remove(id, pod, entry.node);
  const auto it = placed_by_priority_.find(entry.priority);
  if (--it->second == 0) placed_by_priority_.erase(it);
}

// Also for pods that somebody else has bound: they take room all the same.
void Scheduler::pod_bound(PodId id, const PodPtr& pod, const std::string& node, Seq seq) {
  Entry& entry = entries_[id];
  const std::uint32_t index = room_.index(node);
  if (entry.place == Place::binding && entry.node == index) {
    entry.place = Place::bound;
  } else {
    if (entry.place == Place::binding) give_back(id, entry, *pod);
    leave_pool(id, entry);
    nominate(id, entry, kAnyNode);
    entry.shape = room_.shape(*pod->tmpl);
    entry.priority = pod->tmpl->priority.value_or(0);
    entry.place = Place::bound;
    take(id, entry, *pod, index);
  }
  if (touchy_ > 0) wake_let_in(*pod, true, seq);
}

void Scheduler::pod_freed(PodId id, const Pod& pod, Seq seq) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  leave_pool(id, it->second);
  nominate(id, it->second, kAnyNode);
  const Entry entry = it->second;
  entries_.erase(it);  // terminal pods are of no more interest
  if (Gang* gang = gangs_ == nullptr ? nullptr : gangs_->of(pod)) std::erase(gang->waiting, id);
  if (entry.place != Place::binding && entry.place != Place::bound) return;
  give_back(id, entry, pod);
  if (touchy_ > 0) wake_let_in(pod, false, seq);
  wake_all(kFilterResources | kFilterClaimInUse, seq);
}

// A pod that is placed takes its new room; one that shrinks may let others in (K47).
void Scheduler::pod_resized(PodId id, const PodPtr& pod, Seq seq) {
  Entry* entry = find(id);
  if (entry == nullptr) return;
  const bool placed = entry->place == Place::binding || entry->place == Place::bound;
  if (placed) room_.give_back(entry->node, entry->shape);
  entry->shape = room_.shape(*pod->tmpl);
  if (!placed) return;
  room_.take(entry->node, entry->shape);
  wake_all(kFilterResources, seq);
}

void Scheduler::pod_edited(const ClusterState::Change& change) {
  const Entry* entry = find(change.id);
  if (entry == nullptr || (entry->place != Place::binding && entry->place != Place::bound)) return;
  counts_.update(*change.before, *change.after, entry->node);
}

// A pod that waits may ask for something else now: tolerations may be added, gates be removed.
void Scheduler::spec_edited(PodId id, const Pod& pod, Seq seq) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->place == Place::binding || entry->place == Place::bound) return;
  entry->shape = room_.shape(*pod.tmpl);
  if (entry->place == Place::gated) return pod_ungated(id, pod, seq);
  if (entry->place == Place::unschedulable) wake(id, *entry, seq);
  arm_flushes();
}

// Other labels may let in whoever waits.
void Scheduler::node_edited(const Node& node, Seq seq) {
  room_.set_node(node);
  topologies_.set_node(room_.index(node.name), node.labels);
  constexpr auto kAny = static_cast<Filters>(~Filters{0});
  wake_all(kAny, seq);
}

// Each filter that refused a pod is asked by itself about a new node (queueing hints, on by default from 1.32): a node
// with room wakes it although its taints do not let it in yet. A change of taints wakes those whom it can let in.
void Scheduler::node_changed(const Node& node, bool added, Seq seq) {
  room_.set_node(node);
  const std::uint32_t index = room_.index(node.name);
  if (added) {
    topologies_.set_node(index, node.labels);
    images_.node_added(index, node.images);
  }
  const std::vector<Waiting> sleepers(unschedulable_.begin(), unschedulable_.end());
  for (const Waiting& w : sleepers) {
    Entry& sleeper = entries_.at(w.pod);
    const bool asked = sleeper.only_node == kAnyNode || sleeper.only_node == index;
    const bool helps =
        asked && (added ? (sleeper.failed_filters &
                           (room_.passed_filters(sleeper.shape, index) | kFilterSpread | kFilterNeighbours)) != 0
                        : (sleeper.failed_filters & kTaintFilters) != 0 && room_.could_fit(sleeper.shape, index));
    if (helps) wake(w.pod, sleeper, seq);
  }
  arm_flushes();
}

// --- cycles ----------------------------------------------------------------------------------------------------

void Scheduler::set_timer(TimeUs at, Seq cause, Kind kind, PodId id) {
  context_.timer(at, cause, {Part::scheduler, kind, index_, id});
}

DurationUs Scheduler::call_takes(const Entry& entry, const Pod& pod) const {
  return context_.sample(context_.config().latency.bind, "cluster.bind", pod_key(pod), entry.attempts);
}

void Scheduler::on_timer(const ClusterTimer& timer, Seq cause) {
  switch (static_cast<Kind>(timer.kind)) {
    case kCycleEnds: end_cycle(timer.arg); break;
    case kBind: bind(timer.arg); break;
    case kPatch: patch(timer.arg); break;
    case kBackOffFlush: flush_back_off(); break;
    case kUnschedulableFlush: flush_unschedulable(); break;
    case kVolumes: await_volumes(timer.arg); break;
    case kEvict: evict(timer.arg, cause); break;
    case kGangExpires: gang_expires(timer.arg, cause); break;
  }
}

// One pod at a time (K52).
void Scheduler::start_cycle() {
  if (busy_) return;
  const auto next = next_to_try();
  if (!next) return;
  Entry& entry = entries_.at(next->pod);
  busy_ = true;
  entry.place = Place::in_cycle;
  ++entry.attempts;
  const std::string name = pod_key(*context_.state().find_pod(next->pod)->pod);
  const DurationUs takes =
      context_.sample(context_.config().latency.schedule, "cluster.schedule", name, entry.attempts);
  set_timer(context_.now() + takes, entry.cause, kCycleEnds, next->pod);
}

void Scheduler::end_cycle(PodId id) {
  busy_ = false;
  Entry* entry = find(id);
  if (entry != nullptr && entry->place == Place::in_cycle) {
    const PodPtr pod = context_.state().find_pod(id)->pod;
    // Room that preemption makes for others of its rank or above is theirs (K55).
    const std::vector<PodId> others = nominated_above(id, *entry);
    for (const PodId other : others) room_.take(entries_.at(other).nominated, entries_.at(other).shape);
    const bool refused = claims_ != nullptr && Claims::any(*pod->tmpl) && refused_by_claims(id, *entry, *pod);
    if (!refused && !try_gang(id, *entry, pod)) try_pod(id, *entry, pod);
    for (const PodId other : others) room_.give_back(entries_.at(other).nominated, entries_.at(other).shape);
  }
  start_cycle();
}

void Scheduler::try_pod(PodId id, Entry& entry, const PodPtr& pod) {
  const CycleRules judge = rules(entry, *pod);
  const NodeJudge* says = judge.silent() ? nullptr : &judge;
  if (const auto node = choose_node(entry, *pod, says)) return place_on(id, entry, pod, *node);
  fail(id, entry, pod, judge.filters() ? says : nullptr);
}

std::optional<std::uint32_t> Scheduler::choose_node(Entry& entry, const Pod& pod, const NodeJudge* judge) {
  const auto takes = [&](std::uint32_t node) {
    return room_.passes(entry.shape, node) && (judge == nullptr || judge->check(node) == NodeJudge::Verdict::passes);
  };
  if (entry.only_node != kAnyNode) return takes(entry.only_node) ? std::optional(entry.only_node) : std::nullopt;
  if (entry.nominated != kAnyNode && takes(entry.nominated)) return entry.nominated;
  const Draw tie(context_.seed(), "cluster.scheduler.tie", pod_key(pod), entry.attempts);
  return room_.choose(entry.shape, tie, judge);
}

// The pod takes its room now; the binding is written when the client may send it (K52, K56).
void Scheduler::place_on(PodId id, Entry& entry, const PodPtr& pod, std::uint32_t node) {
  nominate(id, entry, kAnyNode);
  entry.place = Place::binding;
  take(id, entry, *pod, node);
  if (claims_ != nullptr && Claims::any(*pod->tmpl)) {
    claims_->choose(id, *pod, entry.cause);
    if (!claims_->bound(*pod)) return set_timer(context_.now() + kVolumeLookUs, entry.cause, kVolumes, id);
  }
  send_binding(id, entry, *pod);
}

void Scheduler::send_binding(PodId id, const Entry& entry, const Pod& pod) {
  const TimeUs sent = client_.reserve(context_.now());
  set_timer(sent + call_takes(entry, pod), entry.cause, kBind, id);
}

// Claims that waited for their first consumer are being provisioned; the binding is sent once all are bound.
void Scheduler::await_volumes(PodId id) {
  const Entry* entry = find(id);
  if (entry == nullptr || entry->place != Place::binding) return;
  const PodPtr pod = context_.state().find_pod(id)->pod;
  if (!claims_->bound(*pod)) return set_timer(context_.now() + kVolumeLookUs, entry->cause, kVolumes, id);
  send_binding(id, *entry, *pod);
}

void Scheduler::bind(PodId id) {
  const Entry* entry = find(id);
  if (entry == nullptr || entry->place != Place::binding) return;
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  context_.emit("scheduler", entry->cause, fact::PodBound{name, context_.next_rv(), room_.name(entry->node)});
}

// No node takes it: perhaps others can be made to leave one.
void Scheduler::fail(PodId id, Entry& entry, const PodPtr& pod, const NodeJudge* judge) {
  NodeRoom::Refusal by_one;
  if (entry.only_node != kAnyNode) by_one = room_.refusal_by(entry.shape, entry.only_node);
  const NodeRoom::Refusal& refusal = entry.only_node == kAnyNode ? room_.refusal(entry.shape, judge) : by_one;
  const AfterFilter after = after_filter(entry, pod, judge);
  if (!after.keeps_nomination) nominate(id, entry, after.help.node);
  if (!after.words) return refuse(id, entry, *pod, refusal.filters, refusal.message, after.help);
  std::string message = refusal.reasons();
  if (!after.words->empty()) message += " " + *after.words;
  refuse(id, entry, *pod, refusal.filters, std::move(message), after.help);
}

// The pod sleeps until something changes. The real scheduler deletes victims and writes the pod's status within the
// cycle, so the next cycle waits for both; it writes only what is new.
void Scheduler::refuse(PodId id, Entry& entry, const Pod& pod, Filters filters, std::string message, const Help& help) {
  entry.since_us = context_.now();
  sleep(id, entry, filters);
  const TimeUs evicted = send_evictions(help, entry);
  const std::string nominated = entry.nominated == kAnyNode ? "" : room_.name(entry.nominated);
  const Condition* condition = pod.condition("PodScheduled");
  const bool told = condition != nullptr && condition->status == Truth::no && condition->message == message;
  if (told && pod.nominated_node == nominated && evicted <= context_.now()) return;
  patch_message_ = std::move(message);
  patch_nominated_ = nominated;
  busy_ = true;
  const TimeUs sent = std::max(client_.reserve(context_.now()), evicted);
  set_timer(sent + call_takes(entry, pod), entry.cause, kPatch, id);
}

// What the scheduler says before it looks at nodes (persistentvolumeclaim not found, ...), or of every node alike.
bool Scheduler::refused_by_claims(PodId id, Entry& entry, const Pod& pod) {
  const Claims::Refusal why = claims_->check(id, pod);
  if (why.reason.empty()) return false;
  const std::size_t n = room_.size();
  if (n == 0) return false;  // the lack of nodes speaks first
  const std::string help =
      why.everywhere ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling";
  refuse(id, entry, pod, why.everywhere ? kFilterClaimInUse : kFilterClaims,
         fmt::format("0/{} nodes are available: {}{}. preemption: 0/{} nodes are available: {} {}.", n,
                     why.everywhere ? fmt::format("{} ", n) : "", why.reason, n, n, help),
         {});
  return true;
}

void Scheduler::patch(PodId id) {
  busy_ = false;
  Entry* entry = find(id);
  if (entry != nullptr && entry->place != Place::bound) {
    const std::string name = pod_key(*context_.state().find_pod(id)->pod);
    const Seq seq = context_.emit(
        "scheduler", entry->cause,
        fact::PodUnschedulable{name, context_.next_rv(), std::move(patch_message_), std::move(patch_nominated_)});
    if (entry->place == Place::unschedulable) entry->cause = seq;
  }
  start_cycle();
}

// --- for people ------------------------------------------------------------------------------------------------

std::string waits_for(const Pod& pod, bool served) {
  if (!served) return fmt::format("its scheduler \"{}\", which nobody runs here", pod.tmpl->scheduler_name);
  if (!pod.gates.empty()) return fmt::format("its scheduling gates: {}", fmt::join(pod.gates, ", "));
  const Condition* scheduled = pod.condition("PodScheduled");
  return scheduled == nullptr ? "the scheduler, which has not tried it yet" : scheduled->message;
}

}  // namespace podramp::fakeapi
