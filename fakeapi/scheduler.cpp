#include "fakeapi/scheduler.h"

#include <fmt/format.h>

#include "backend/port/json_writer.h"
#include "fakeapi/claims.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kBackOffFlushUs = kSecondUs;  // K46
constexpr DurationUs kVolumeLookUs = kSecondUs;    // how often a binding pod looks whether its claims are bound

constexpr std::uint8_t kTaintFilters = kFilterTaints | kFilterUnschedulable;

bool of_default_scheduler(const Pod& pod) {
  return pod.tmpl->scheduler_name.empty() || pod.tmpl->scheduler_name == kDefaultScheduler;
}

}  // namespace

Scheduler::Scheduler(Context& context)
    : context_(context), client_(context.config().profile.scheduler_qps, context.config().profile.scheduler_burst) {}

// --- facts -----------------------------------------------------------------------------------------------------

void Scheduler::on_fact(const Fact& fact, Seq seq) {
  const ClusterState::Change& change = context_.state().last_change();
  if (const auto* f = std::get_if<fact::PodCreated>(&fact)) {
    pod_created(change.id, *f->pod, seq);
  } else if (const auto* bound = std::get_if<fact::PodBound>(&fact)) {
    pod_bound(change.id, *change.after, bound->node);
  } else if (std::holds_alternative<fact::PodFinished>(fact) || std::holds_alternative<fact::PodGone>(fact)) {
    pod_freed(change.id, seq);
  } else if (std::holds_alternative<fact::PodResized>(fact)) {
    pod_resized(change.id, *change.after, seq);
  } else if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    node_changed(added->node, true, seq);
  } else if (const auto* tainted = std::get_if<fact::NodeTainted>(&fact)) {
    node_changed(context_.state().find_node(tainted->node)->node, false, seq);
  } else if (const auto* node = std::get_if<fact::NodeGone>(&fact)) {
    room_.remove_node(node->node);
  } else if (std::holds_alternative<fact::ObjectCreated>(fact) || std::holds_alternative<fact::ObjectChanged>(fact)) {
    const bool claim = context_.state().last_object_change().after->kind == podramp::Kind::persistent_volume_claim;
    if (claim) wake_all(kFilterClaims, seq);
  }
}

void Scheduler::pod_created(PodId id, const Pod& pod, Seq seq) {
  if (is_terminal(pod)) return;
  if (!pod.node.empty()) {
    pod_bound(id, pod, pod.node);
    return;
  }
  if (!of_default_scheduler(pod)) return;
  Entry& entry = entries_[id];
  entry.shape = room_.shape(*pod.tmpl);
  if (!pod.affinity_node.empty()) entry.only_node = room_.index(pod.affinity_node);
  entry.since_us = context_.now();
  entry.cause = seq;
  activate(id, entry);
}

// Also for pods that somebody else has bound: they take room all the same.
void Scheduler::pod_bound(PodId id, const Pod& pod, const std::string& node) {
  Entry& entry = entries_[id];
  const std::uint32_t index = room_.index(node);
  if (entry.place == Place::binding && entry.node == index) {
    entry.place = Place::bound;
    return;
  }
  if (entry.place == Place::binding) room_.give_back(entry.node, entry.shape);
  if (entry.place == Place::unschedulable) unschedulable_.erase({entry.since_us, entry.order, id});
  if (entry.place == Place::back_off) back_off_.erase({entry.since_us + back_off(entry.attempts), entry.order, id});
  entry.shape = room_.shape(*pod.tmpl);
  entry.node = index;
  entry.place = Place::bound;
  room_.take(index, entry.shape);
}

void Scheduler::pod_freed(PodId id, Seq seq) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  const Entry entry = it->second;
  entries_.erase(it);  // terminal pods are of no more interest
  if (entry.place == Place::unschedulable) unschedulable_.erase({entry.since_us, entry.order, id});
  if (entry.place == Place::back_off) back_off_.erase({entry.since_us + back_off(entry.attempts), entry.order, id});
  if (entry.place != Place::binding && entry.place != Place::bound) return;
  room_.give_back(entry.node, entry.shape);
  wake_all(kFilterResources | kFilterClaimInUse, seq);
}

void Scheduler::wake_all(std::uint8_t filters, Seq cause) {
  const std::vector<Waiting> sleepers(unschedulable_.begin(), unschedulable_.end());
  for (const Waiting& w : sleepers) {
    Entry& sleeper = entries_.at(w.pod);
    if ((sleeper.failed_filters & filters) != 0) wake(w.pod, sleeper, cause);
  }
  arm_flushes();
}

// A pod that is placed takes its new room; one that shrinks may let others in (K47).
void Scheduler::pod_resized(PodId id, const Pod& pod, Seq seq) {
  Entry* entry = find(id);
  if (entry == nullptr) return;
  const bool placed = entry->place == Place::binding || entry->place == Place::bound;
  if (placed) room_.give_back(entry->node, entry->shape);
  entry->shape = room_.shape(*pod.tmpl);
  if (!placed) return;
  room_.take(entry->node, entry->shape);
  wake_all(kFilterResources, seq);
}

// Each filter that refused a pod is asked by itself about a new node (queueing hints, on by default from 1.32): a node
// with room wakes it although its taints do not let it in yet. A change of taints wakes those whom it can let in.
void Scheduler::node_changed(const Node& node, bool added, Seq seq) {
  room_.set_node(node);
  const std::uint32_t index = room_.index(node.name);
  const std::vector<Waiting> sleepers(unschedulable_.begin(), unschedulable_.end());
  for (const Waiting& w : sleepers) {
    Entry& sleeper = entries_.at(w.pod);
    const bool asked = sleeper.only_node == kAnyNode || sleeper.only_node == index;
    const bool helps =
        asked && (added ? (sleeper.failed_filters & room_.passed_filters(sleeper.shape, index)) != 0
                        : (sleeper.failed_filters & kTaintFilters) != 0 && room_.could_fit(sleeper.shape, index));
    if (helps) wake(w.pod, sleeper, seq);
  }
  arm_flushes();
}

// --- pools -----------------------------------------------------------------------------------------------------

Scheduler::Entry* Scheduler::find(PodId id) {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

void Scheduler::set_timer(TimeUs at, Seq cause, Kind kind, PodId id) {
  context_.timer(at, cause, {Part::scheduler, kind, 0, id});
}

DurationUs Scheduler::back_off(std::uint32_t attempts) const {
  const ClusterProfile& profile = context_.config().profile;
  DurationUs wait = profile.backoff_initial_us;
  for (std::uint32_t i = 1; i < attempts && wait < profile.backoff_max_us; ++i) wait *= 2;
  return std::min(wait, profile.backoff_max_us);
}

void Scheduler::activate(PodId id, Entry& entry) {
  entry.place = Place::active;
  entry.order = ++orders_;
  active_.push({entry.since_us, entry.order, id});
  start_cycle();
}

// A pod in the unschedulable pool gets another try: now, or when its back-off is over (K46).
void Scheduler::wake(PodId id, Entry& entry, Seq cause) {
  unschedulable_.erase({entry.since_us, entry.order, id});
  entry.cause = cause;
  const TimeUs until = entry.since_us + back_off(entry.attempts);
  if (until <= context_.now()) {
    activate(id, entry);
    return;
  }
  entry.place = Place::back_off;
  back_off_.insert({until, entry.order, id});
}

// The real loops tick for ever; ours are armed for the tick at which they will find something.
void Scheduler::arm_flushes() {
  if (!back_off_.empty()) {
    const TimeUs due = round_up(back_off_.begin()->at, kBackOffFlushUs);
    if (due < back_off_flush_us_) {
      back_off_flush_us_ = due;
      set_timer(due, 0, kBackOffFlush, 0);
    }
  }
  if (!unschedulable_.empty() && unschedulable_flush_us_ == kNever) {
    const ClusterProfile& profile = context_.config().profile;
    // The wait has to be exceeded, not only reached.
    const TimeUs over = unschedulable_.begin()->at + profile.unschedulable_timeout_us + 1;
    unschedulable_flush_us_ = round_up(over, profile.unschedulable_flush_us);
    set_timer(unschedulable_flush_us_, 0, kUnschedulableFlush, 0);
  }
}

void Scheduler::flush_back_off() {
  if (context_.now() < back_off_flush_us_) return;
  back_off_flush_us_ = kNever;
  while (!back_off_.empty() && back_off_.begin()->at <= context_.now()) {
    const PodId id = back_off_.begin()->pod;
    back_off_.erase(back_off_.begin());
    activate(id, entries_.at(id));
  }
  arm_flushes();
}

void Scheduler::flush_unschedulable() {
  unschedulable_flush_us_ = kNever;
  const DurationUs timeout = context_.config().profile.unschedulable_timeout_us;
  while (!unschedulable_.empty() && context_.now() - unschedulable_.begin()->at > timeout) {
    const PodId id = unschedulable_.begin()->pod;
    Entry& entry = entries_.at(id);
    wake(id, entry, entry.cause);
  }
  arm_flushes();
}

// --- cycles ----------------------------------------------------------------------------------------------------

void Scheduler::on_timer(const ClusterTimer& timer, Seq) {
  switch (static_cast<Kind>(timer.kind)) {
    case kCycleEnds: end_cycle(timer.arg); break;
    case kBind: bind(timer.arg); break;
    case kPatch: patch(timer.arg); break;
    case kBackOffFlush: flush_back_off(); break;
    case kUnschedulableFlush: flush_unschedulable(); break;
    case kVolumes: await_volumes(timer.arg); break;
  }
}

// One pod at a time (K52). A pod that left the pool meanwhile is passed over.
void Scheduler::start_cycle() {
  while (!busy_ && !active_.empty()) {
    const Waiting next = active_.top();
    active_.pop();
    Entry* entry = find(next.pod);
    if (entry == nullptr || entry->place != Place::active || entry->order != next.order) continue;
    busy_ = true;
    entry->place = Place::in_cycle;
    ++entry->attempts;
    const std::string name = pod_key(*context_.state().find_pod(next.pod)->pod);
    const DurationUs takes =
        context_.sample(context_.config().latency.schedule, "cluster.schedule", name, entry->attempts);
    set_timer(context_.now() + takes, entry->cause, kCycleEnds, next.pod);
  }
}

void Scheduler::end_cycle(PodId id) {
  busy_ = false;
  Entry* entry = find(id);
  if (entry != nullptr && entry->place == Place::in_cycle) {
    const PodPtr pod = context_.state().find_pod(id)->pod;
    const std::string name = pod_key(*pod);
    const Draw tie(context_.seed(), "cluster.scheduler.tie", name, entry->attempts);
    const bool refused = claims_ != nullptr && Claims::any(*pod->tmpl) && refused_by_claims(id, *entry, *pod);
    if (!refused) choose_node(id, *entry, *pod, tie);
  }
  start_cycle();
}

void Scheduler::choose_node(PodId id, Entry& entry, const Pod& pod, const Draw& tie) {
  if (entry.only_node != kAnyNode) {
    if (room_.passes(entry.shape, entry.only_node)) return place_on(id, entry, pod, entry.only_node);
    return refuse(id, entry, pod, room_.refusal_by(entry.shape, entry.only_node));
  }
  if (const auto node = room_.choose(entry.shape, tie)) return place_on(id, entry, pod, *node);
  refuse(id, entry, pod, room_.refusal(entry.shape));
}

// The pod takes its room now; the binding is written when the client may send it (K52, K56).
void Scheduler::place_on(PodId id, Entry& entry, const Pod& pod, std::uint32_t node) {
  entry.place = Place::binding;
  entry.node = node;
  room_.take(node, entry.shape);
  if (claims_ != nullptr && Claims::any(*pod.tmpl)) {
    claims_->choose(id, pod, entry.cause);
    if (!claims_->bound(pod)) return set_timer(context_.now() + kVolumeLookUs, entry.cause, kVolumes, id);
  }
  const TimeUs sent = client_.reserve(context_.now());
  const DurationUs takes =
      context_.sample(context_.config().latency.bind, "cluster.bind", pod_key(pod), entry.attempts);
  set_timer(sent + takes, entry.cause, kBind, id);
}

// Claims that waited for their first consumer are being provisioned; the binding is sent once all are bound.
void Scheduler::await_volumes(PodId id) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->place != Place::binding) return;
  const PodPtr pod = context_.state().find_pod(id)->pod;
  if (!claims_->bound(*pod)) return set_timer(context_.now() + kVolumeLookUs, entry->cause, kVolumes, id);
  const TimeUs sent = client_.reserve(context_.now());
  const DurationUs takes =
      context_.sample(context_.config().latency.bind, "cluster.bind", pod_key(*pod), entry->attempts);
  set_timer(sent + takes, entry->cause, kBind, id);
}

void Scheduler::bind(PodId id) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->place != Place::binding) return;
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  context_.emit("scheduler", entry->cause, fact::PodBound{name, context_.next_rv(), room_.name(entry->node)});
}

// The pod sleeps until something changes. The real scheduler writes its status within the cycle, so the next cycle
// waits for a patch; it writes only what is new.
void Scheduler::refuse(PodId id, Entry& entry, const Pod& pod, const NodeRoom::Refusal& refusal) {
  entry.place = Place::unschedulable;
  entry.failed_filters = refusal.filters;
  entry.since_us = context_.now();
  entry.order = ++orders_;
  unschedulable_.insert({entry.since_us, entry.order, id});
  arm_flushes();
  const Condition* condition = pod.condition("PodScheduled");
  if (condition != nullptr && condition->status == Truth::no && condition->message == refusal.message) return;
  patch_message_ = refusal.message;
  busy_ = true;
  const TimeUs sent = client_.reserve(context_.now());
  const DurationUs takes =
      context_.sample(context_.config().latency.bind, "cluster.bind", pod_key(pod), entry.attempts);
  set_timer(sent + takes, entry.cause, kPatch, id);
}

// What the scheduler says before it looks at nodes (persistentvolumeclaim not found, ...), or of every node alike.
bool Scheduler::refused_by_claims(PodId id, Entry& entry, const Pod& pod) {
  const Claims::Refusal why = claims_->check(id, pod);
  if (why.reason.empty()) return false;
  const std::size_t n = room_.size();
  if (n == 0) return false;  // the lack of nodes speaks first
  NodeRoom::Refusal refusal;
  refusal.filters = why.everywhere ? kFilterClaimInUse : kFilterClaims;
  const std::string help =
      why.everywhere ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling";
  refusal.message = fmt::format("0/{} nodes are available: {}{}. preemption: 0/{} nodes are available: {} {}.", n,
                                why.everywhere ? fmt::format("{} ", n) : "", why.reason, n, n, help);
  refuse(id, entry, pod, refusal);
  return true;
}

void Scheduler::patch(PodId id) {
  busy_ = false;
  Entry* entry = find(id);
  if (entry != nullptr && entry->place != Place::bound) {
    const std::string name = pod_key(*context_.state().find_pod(id)->pod);
    const Seq seq = context_.emit("scheduler", entry->cause,
                                  fact::PodUnschedulable{name, context_.next_rv(), std::move(patch_message_)});
    if (entry->place == Place::unschedulable) entry->cause = seq;
  }
  start_cycle();
}

// --- for people ------------------------------------------------------------------------------------------------

void Scheduler::waiting(std::vector<std::string>& lines) const {
  for (const auto& [name, id] : context_.state().pods_by_name()) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    if (!pod.node.empty() || is_terminal(pod)) continue;
    std::string what = "the scheduler, which has not tried it yet";
    if (!of_default_scheduler(pod)) {
      what = fmt::format("scheduler {}, which does not exist here", pod.tmpl->scheduler_name);
    } else if (const Condition* condition = pod.condition("PodScheduled"); condition != nullptr) {
      what = condition->message;
    }
    lines.push_back(fmt::format("pod {} waits for: {}", name, what));
  }
}

}  // namespace podramp::fakeapi
