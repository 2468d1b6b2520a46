#include "fakeapi/flow_control.h"

#include <algorithm>
#include <limits>

#include "backend/port/random.h"
#include "backend/port/status.h"

namespace podramp::fakeapi {
namespace {

struct LevelFacts {
  std::string_view name;
  int shares;
  int lendable_percent;
  int queues;
  int hand;
};
// K90, K91: the suggested and mandatory configuration.
constexpr std::array<LevelFacts, kFlowLevels> kFacts{{{"system", 30, 33, 64, 6},
                                                      {"node-high", 40, 25, 64, 6},
                                                      {"leader-election", 10, 0, 16, 4},
                                                      {"workload-high", 40, 50, 128, 6},
                                                      {"workload-low", 100, 90, 128, 6},
                                                      {"global-default", 20, 50, 128, 6},
                                                      {"catch-all", 5, 0, 0, 0}}};
// What a request is expected to take before it has run, for the fair order only.
constexpr DurationUs kExpectedServiceUs = 3000;
constexpr std::int64_t kProgressScale = 1024;  // of seat-microseconds
constexpr std::string_view kServiceAccount = "system:serviceaccount:";

std::int64_t progress_of(int seats, DurationUs us) { return seats * us * kProgressScale; }

}  // namespace

std::string_view flow_level_name(FlowLevel level) { return kFacts[static_cast<std::size_t>(level)].name; }

Flow flow_of(std::string_view user) {
  Flow flow;
  if (user.starts_with("system:serviceaccount:kube-system:")) {
    flow.level = FlowLevel::workload_high;
  } else if (user.starts_with(kServiceAccount)) {
    flow.level = FlowLevel::workload_low;
  }
  flow.hash = hash_text(user);
  return flow;
}

FlowControl::FlowControl(const ClusterProfile& profile) {
  const int server_seats = profile.max_requests_inflight + profile.max_mutating_inflight;  // K89
  const auto shares_of = [&](std::size_t i) {
    return static_cast<FlowLevel>(i) == FlowLevel::workload_low ? profile.workload_low_shares : kFacts[i].shares;
  };
  int shares = 0;
  for (std::size_t i = 0; i < kFlowLevels; ++i) shares += shares_of(i);
  for (std::size_t i = 0; i < kFlowLevels; ++i) {
    Level& level = levels_[i];
    level.nominal = (server_seats * shares_of(i) + shares - 1) / shares;
    level.least = level.nominal - (level.nominal * kFacts[i].lendable_percent + 50) / 100;
    total_seats_ += level.nominal;
    level.hand = kFacts[i].hand;
    level.length = static_cast<std::size_t>(profile.queue_length);
    level.queues.resize(static_cast<std::size_t>(kFacts[i].queues));
  }
  const std::vector<int> seats = share();
  for (std::size_t i = 0; i < kFlowLevels; ++i) levels_[i].idle = levels_[i].limit = seats[i];
}

// K90: every level keeps what it wanted lately, up to its nominal seats, and never less than it may not lend.
std::vector<int> FlowControl::share() const {
  std::vector<SeatClaim> claims;
  for (const Level& level : levels_) {
    const int low = std::max(level.least, std::min(level.nominal, level.demand.highest()));
    claims.push_back({low, std::max<std::int64_t>(std::int64_t{low} * 1000, level.demand.smoothed_milli())});
  }
  return share_seats(total_seats_, claims);
}

// Virtual time advances as fast as each active queue could be worked off.
void FlowControl::sync(Level& level, TimeUs now) {
  if (level.active_queues > 0) {
    const std::int64_t rate = std::min(level.seats_in_use + level.seats_waiting, level.limit);
    level.progress += rate * (now - level.synced_us) * kProgressScale / level.active_queues;
  }
  level.synced_us = now;
}

// One that wants more seats than there are gets them all.
bool FlowControl::fits(const Level& level, int seats) {
  return seats > level.limit ? level.seats_in_use == 0 : level.seats_in_use + seats <= level.limit;
}

// Shuffle sharding: the flow's hand of queues, and of those the one with the least work waiting.
std::size_t FlowControl::pick_queue(Level& level, std::uint64_t hash) {
  std::array<std::size_t, 8> hand{};
  const auto size = static_cast<std::size_t>(level.hand);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t left = level.queues.size() - i;
    std::size_t card = hash % left;
    hash /= left;
    // The card-th of those that are not dealt yet.
    std::array<std::size_t, 8> dealt = hand;
    std::sort(dealt.begin(), dealt.begin() + static_cast<std::ptrdiff_t>(i));
    for (std::size_t d = 0; d < i && dealt[d] <= card; ++d) ++card;
    hand[i] = card;
  }
  const std::size_t offset = level.enqueues++ % size;
  std::size_t best = hand[offset];
  for (std::size_t i = 1; i < size; ++i) {
    const std::size_t queue = hand[(offset + i) % size];
    if (level.queues[queue].work_waiting < level.queues[best].work_waiting) best = queue;
  }
  return best;
}

// Of the queues in which somebody waits, the one whose first request would end first; ties in turn.
std::size_t FlowControl::next_queue(Level& level) {
  std::int64_t soonest = std::numeric_limits<std::int64_t>::max();
  std::size_t best = level.queues.size();
  for (std::size_t i = 1; i <= level.queues.size(); ++i) {
    const std::size_t at = (level.robin + i) % level.queues.size();
    const Queue& queue = level.queues[at];
    if (queue.waiting.empty()) continue;
    const std::int64_t end = queue.next_dispatch + progress_of(queue.waiting.front().work.seats, kExpectedServiceUs);
    if (end >= soonest) continue;
    soonest = end;
    best = at;
  }
  return best;
}

bool FlowControl::enter(Slot slot, const Flow& flow, const FlowWork& work, TimeUs now) {
  Level& level = level_(flow.level);
  sync(level, now);
  const int seats = std::max(work.seats, work.final_seats);
  if (level.queues.empty()) {
    if (!fits(level, seats)) {
      level.dropped.record(now / kSecondUs);
      return false;
    }
    run(flow.level, 0, {slot, work}, now);
    return true;
  }
  const std::size_t at = pick_queue(level, flow.hash);
  Queue& queue = level.queues[at];
  if (level.seats_in_use >= level.limit && queue.waiting.size() >= level.length) {
    level.dropped.record(now / kSecondUs);
    return false;
  }
  if (!queue.active()) {
    queue.next_dispatch = level.progress;
    ++level.active_queues;
  }
  queue.waiting.push_back({slot, work});
  queue.work_waiting += seats;
  level.seats_waiting += seats;
  ++level.requests_waiting;
  level.demand.set(level.seats_in_use + level.seats_waiting, now, kAdjustPeriodUs);
  queued_.emplace(slot, std::pair{flow.level, at});
  dispatch(flow.level, now);
  return true;
}

void FlowControl::run(FlowLevel id, std::size_t at, const Waiting& next, TimeUs now) {
  Level& level = level_(id);
  const int seats = std::max(next.work.seats, next.work.final_seats);
  level.seats_in_use += seats;
  if (!level.queues.empty()) {
    Queue& queue = level.queues[at];
    queue.seats_in_use += seats;
    ++queue.executing;
    queue.next_dispatch += progress_of(next.work.seats, kExpectedServiceUs);
  }
  level.demand.set(level.seats_in_use + level.seats_waiting, now, kAdjustPeriodUs);
  running_[next.slot] = {id, at, next.work, now};
  started_.push_back(next.slot);
}

void FlowControl::dispatch(FlowLevel id, TimeUs now) {
  Level& level = level_(id);
  while (level.requests_waiting > 0) {
    const std::size_t at = next_queue(level);
    Queue& queue = level.queues[at];
    const Waiting next = queue.waiting.front();
    const int seats = std::max(next.work.seats, next.work.final_seats);
    if (!fits(level, seats)) return;
    level.robin = at;
    queue.waiting.pop_front();
    queue.work_waiting -= seats;
    level.seats_waiting -= seats;
    --level.requests_waiting;
    queued_.erase(next.slot);
    run(id, at, next, now);
  }
}

void FlowControl::free_seats(Level& level, Queue* queue, int seats, TimeUs now) {
  level.seats_in_use -= seats;
  if (queue != nullptr) queue->seats_in_use -= seats;
  level.demand.set(level.seats_in_use + level.seats_waiting, now, kAdjustPeriodUs);
}

DurationUs FlowControl::leave(Slot slot, TimeUs now) {
  const auto it = running_.find(slot);
  if (it == running_.end()) return 0;
  const Running& was = it->second;
  Level& level = level_(was.level);
  sync(level, now);
  Queue* queue = level.queues.empty() ? nullptr : &level.queues[was.queue];
  // The queue is charged what it took instead of what was expected.
  if (queue != nullptr) {
    queue->next_dispatch += progress_of(was.work.seats, now - was.dispatched_us - kExpectedServiceUs);
    queue->next_dispatch += progress_of(was.work.final_seats, was.work.final_us);
  }
  const int seats = std::max(was.work.seats, was.work.final_seats);
  if (was.work.final_us > 0) {
    free_seats(level, queue, seats - was.work.final_seats, now);
    dispatch(was.level, now);
    return was.work.final_us;
  }
  it->second.work.final_seats = seats;
  finish(slot, now);
  return 0;
}

void FlowControl::finish(Slot slot, TimeUs now) {
  const auto it = running_.find(slot);
  if (it == running_.end()) return;
  const Running was = it->second;
  running_.erase(it);
  Level& level = level_(was.level);
  sync(level, now);
  Queue* queue = level.queues.empty() ? nullptr : &level.queues[was.queue];
  free_seats(level, queue, was.work.final_seats, now);
  if (queue != nullptr) {
    --queue->executing;
    if (!queue->active()) --level.active_queues;
  }
  dispatch(was.level, now);
}

void FlowControl::withdraw(Slot slot, TimeUs now, bool refused) {
  const auto it = queued_.find(slot);
  if (it == queued_.end()) return;
  const auto [id, at] = it->second;
  queued_.erase(it);
  Level& level = level_(id);
  sync(level, now);
  Queue& queue = level.queues[at];
  const auto mine = std::ranges::find(queue.waiting, slot, &Waiting::slot);
  const int seats = std::max(mine->work.seats, mine->work.final_seats);
  queue.waiting.erase(mine);
  queue.work_waiting -= seats;
  level.seats_waiting -= seats;
  --level.requests_waiting;
  if (!queue.active()) --level.active_queues;
  level.demand.set(level.seats_in_use + level.seats_waiting, now, kAdjustPeriodUs);
  if (refused) level.dropped.record(now / kSecondUs);
  dispatch(id, now);
}

std::int64_t FlowControl::ahead(Slot slot) const {
  const auto& [id, at] = queued_.at(slot);
  const std::deque<Waiting>& waiting = level_(id).queues[at].waiting;
  return std::ranges::find(waiting, slot, &Waiting::slot) - waiting.begin();
}

bool FlowControl::wants_adjustment() const {
  return std::ranges::any_of(
      levels_, [](const Level& level) { return level.limit != level.idle || level.demand.highest() > level.least; });
}

std::vector<std::pair<FlowLevel, int>> FlowControl::adjust(TimeUs now) {
  for (Level& level : levels_) {
    sync(level, now);
    level.demand.close(now);
  }
  const std::vector<int> seats = share();
  std::vector<std::pair<FlowLevel, int>> moved;
  for (std::size_t i = 0; i < kFlowLevels; ++i) {
    levels_[i].demand.begin();
    if (levels_[i].limit == seats[i]) continue;
    levels_[i].limit = seats[i];
    moved.emplace_back(static_cast<FlowLevel>(i), seats[i]);
    dispatch(static_cast<FlowLevel>(i), now);
  }
  return moved;
}

}  // namespace podramp::fakeapi
