// The scheduler's pools: active, back-off, unschedulable, and who wakes whom (K44-K47). Part of Scheduler.
#include <algorithm>

#include "fakeapi/scheduler.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kBackOffFlushUs = kSecondUs;  // K46
constexpr Filters kTouchy = kFilterSpread | kFilterNeighbours;

}  // namespace

Scheduler::Entry* Scheduler::find(PodId id) {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

DurationUs Scheduler::back_off(std::uint32_t attempts) const {
  const ClusterProfile& profile = context_.config().profile;
  DurationUs wait = profile.backoff_initial_us;
  for (std::uint32_t i = 1; i < attempts && wait < profile.backoff_max_us; ++i) wait *= 2;
  return std::min(wait, profile.backoff_max_us);
}

// Recent versions order pods whose back-off ends within one second by priority.
Scheduler::Waiting Scheduler::in_back_off(PodId id, const Entry& entry) const {
  const TimeUs until = entry.since_us + back_off(entry.attempts);
  if (!context_.config().profile.early_pops) return {until, 0, entry.order, id};
  return {until / kBackOffFlushUs * kBackOffFlushUs, -entry.priority, entry.order, id};
}

void Scheduler::activate(PodId id, Entry& entry) {
  entry.place = Place::active;
  entry.order = ++orders_;
  active_.push({-entry.priority, entry.since_us, entry.order, id});
  start_cycle();
}

void Scheduler::sleep(PodId id, Entry& entry, Filters filters) {
  entry.place = Place::unschedulable;
  entry.failed_filters = filters;
  entry.order = ++orders_;
  unschedulable_.insert({entry.since_us, 0, entry.order, id});
  if ((filters & kTouchy) != 0) ++touchy_;
  arm_flushes();
}

// Of an active pod the heap keeps a stale reference, which is passed over.
void Scheduler::leave_pool(PodId id, Entry& entry) {
  if (entry.place == Place::back_off) back_off_.erase(in_back_off(id, entry));
  if (entry.place != Place::unschedulable) return;
  unschedulable_.erase({entry.since_us, 0, entry.order, id});
  if ((entry.failed_filters & kTouchy) != 0) --touchy_;
}

// A pod in the unschedulable pool gets another try: now, or when its back-off is over (K46).
void Scheduler::wake(PodId id, Entry& entry, Seq cause) {
  leave_pool(id, entry);
  entry.cause = cause;
  if (entry.since_us + back_off(entry.attempts) <= context_.now()) return activate(id, entry);
  entry.place = Place::back_off;
  back_off_.insert(in_back_off(id, entry));
  if (context_.config().profile.early_pops) start_cycle();
}

void Scheduler::wake_all(Filters filters, Seq cause) {
  const std::vector<Waiting> sleepers(unschedulable_.begin(), unschedulable_.end());
  for (const Waiting& w : sleepers) {
    Entry& sleeper = entries_.at(w.pod);
    if ((sleeper.failed_filters & filters) != 0) wake(w.pod, sleeper, cause);
  }
  arm_flushes();
}

// Those whose neighbours or whose spread the coming or going of this pod concerns.
void Scheduler::wake_let_in(const Pod& other, bool comes, Seq cause) {
  const std::vector<Waiting> sleepers(unschedulable_.begin(), unschedulable_.end());
  for (const Waiting& w : sleepers) {
    Entry& sleeper = entries_.at(w.pod);
    if ((sleeper.failed_filters & kTouchy) == 0) continue;
    if (may_let_in(*context_.state().find_pod(w.pod)->pod, other, comes)) wake(w.pod, sleeper, cause);
  }
  arm_flushes();
}

// The real loops tick for ever; ours are armed for the tick at which they will find something.
void Scheduler::arm_flushes() {
  if (!back_off_.empty()) {
    // Where back-offs count by whole seconds, the first may have begun its last second: the next tick finds it.
    const TimeUs due = round_up(std::max(back_off_.begin()->first, context_.now()), kBackOffFlushUs);
    if (due < back_off_flush_us_) {
      back_off_flush_us_ = due;
      set_timer(due, 0, kBackOffFlush, 0);
    }
  }
  if (!unschedulable_.empty() && unschedulable_flush_us_ == kNever) {
    const ClusterProfile& profile = context_.config().profile;
    // The wait has to be exceeded, not only reached.
    const TimeUs over = unschedulable_.begin()->first + profile.unschedulable_timeout_us + 1;
    unschedulable_flush_us_ = round_up(over, profile.unschedulable_flush_us);
    set_timer(unschedulable_flush_us_, 0, kUnschedulableFlush, 0);
  }
}

void Scheduler::flush_back_off() {
  if (context_.now() < back_off_flush_us_) return;
  back_off_flush_us_ = kNever;
  while (!back_off_.empty() && back_off_.begin()->first <= context_.now()) {
    const PodId id = back_off_.begin()->pod;
    back_off_.erase(back_off_.begin());
    activate(id, entries_.at(id));
  }
  arm_flushes();
}

void Scheduler::flush_unschedulable() {
  unschedulable_flush_us_ = kNever;
  const DurationUs timeout = context_.config().profile.unschedulable_timeout_us;
  while (!unschedulable_.empty() && context_.now() - unschedulable_.begin()->first > timeout) {
    const PodId id = unschedulable_.begin()->pod;
    Entry& entry = entries_.at(id);
    wake(id, entry, entry.cause);
  }
  arm_flushes();
}

// A pod that left the pool meanwhile is passed over. With nobody active, recent versions take one whose back-off is
// not over yet (K46).
std::optional<Scheduler::Waiting> Scheduler::next_to_try() {
  while (!active_.empty()) {
    const Waiting next = active_.top();
    active_.pop();
    const Entry* entry = find(next.pod);
    if (entry != nullptr && entry->place == Place::active && entry->order == next.order) return next;
  }
  if (!context_.config().profile.early_pops || back_off_.empty()) return std::nullopt;
  const Waiting next = *back_off_.begin();
  back_off_.erase(back_off_.begin());
  return next;
}

}  // namespace podramp::fakeapi
