// Priority and fairness of the API server (K1, K89-K93): priority levels with seats, shuffle-sharded queues within a
// level, fair dispatch, refusal with an adaptive Retry-After, and levels that borrow each other's idle seats. Knows
// requests only as slots with the seats they take. Not here: what a request costs and does (api_server.h).
// After kubernetes/apiserver pkg/util/flowcontrol; integers instead of its floating point (docs/behaviour.md).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backend/port/time.h"
#include "fakeapi/config.h"
#include "fakeapi/dropped_requests.h"
#include "fakeapi/seat_demand.h"

namespace podramp::fakeapi {

enum class FlowLevel : std::uint8_t {
  system,
  node_high,
  leader_election,
  workload_high,
  workload_low,
  global_default,
  catch_all
};
inline constexpr std::size_t kFlowLevels = 7;
std::string_view flow_level_name(FlowLevel level);  // "workload-low"

// Where a user's requests go, and the flow that they share with the user's other clients (K90).
struct Flow {
  FlowLevel level = FlowLevel::global_default;
  std::uint64_t hash = 0;
};
// "system:serviceaccount:NAMESPACE:NAME" is a service account; anything else is a human's or a machine's certificate.
Flow flow_of(std::string_view user);

// What a request costs: seats while it runs, and seats that its watchers keep busy for a while after it (K93).
struct FlowWork {
  int seats = 1;
  int final_seats = 0;
  DurationUs final_us = 0;
};

class FlowControl {
 public:
  using Slot = std::uint64_t;
  static constexpr DurationUs kAdjustPeriodUs = 10 * kSecondUs;  // of borrowing

  explicit FlowControl(const ClusterProfile& profile);

  // False: refused with 429, now. Else it is in started() at once or later.
  bool enter(Slot slot, const Flow& flow, const FlowWork& work, TimeUs now);
  // The request has been served. Positive: its final seats are held so long, then finish() is due.
  DurationUs leave(Slot slot, TimeUs now);
  void finish(Slot slot, TimeUs now);
  // A request that still waits is taken out of its queue; refused: for waiting too long, which counts for Retry-After.
  void withdraw(Slot slot, TimeUs now, bool refused);

  bool waits(Slot slot) const { return queued_.contains(slot); }
  // Slots that may run since the last call.
  std::vector<Slot> take_started() { return std::exchange(started_, {}); }
  std::int64_t ahead(Slot slot) const;  // requests in the same queue, of a slot that waits
  std::int64_t retry_after_s(FlowLevel level) const { return level_(level).dropped.retry_after_s(); }

  // Is there a reason to look at the borrowing at the next multiple of kAdjustPeriodUs?
  bool wants_adjustment() const;
  // Levels whose seats have changed, with what they have now. Slots may have started.
  std::vector<std::pair<FlowLevel, int>> adjust(TimeUs now);

  int seats(FlowLevel level) const { return level_(level).limit; }

 private:
  struct Waiting {
    Slot slot = 0;
    FlowWork work;
  };
  struct Queue {
    std::deque<Waiting> waiting;
    std::int64_t work_waiting = 0;   // seats of all that wait
    std::int64_t next_dispatch = 0;  // on the level's progress meter
    int seats_in_use = 0;
    int executing = 0;
    bool active() const { return !waiting.empty() || executing > 0; }
  };
  struct Level {
    int nominal = 0;
    int least = 0;  // what it never lends
    int idle = 0;   // what it has when nobody has asked for anything in a while
    int hand = 0;
    std::size_t length = 0;
    int limit = 0;
    std::vector<Queue> queues;  // none: no waiting
    int seats_in_use = 0;
    int seats_waiting = 0;
    std::int64_t requests_waiting = 0;
    int active_queues = 0;
    std::int64_t progress = 0;  // virtual time
    TimeUs synced_us = 0;
    std::uint64_t enqueues = 0;
    std::size_t robin = 0;
    SeatDemand demand;
    DroppedRequests dropped;
  };
  struct Running {
    FlowLevel level = FlowLevel::catch_all;
    std::size_t queue = 0;
    FlowWork work;
    TimeUs dispatched_us = 0;
  };

  const Level& level_(FlowLevel level) const { return levels_[static_cast<std::size_t>(level)]; }
  Level& level_(FlowLevel level) { return levels_[static_cast<std::size_t>(level)]; }
  std::vector<int> share() const;
  static void sync(Level& level, TimeUs now);
  static bool fits(const Level& level, int seats);
  static std::size_t pick_queue(Level& level, std::uint64_t hash);
  static std::size_t next_queue(Level& level);
  void run(FlowLevel level, std::size_t queue, const Waiting& next, TimeUs now);
  void dispatch(FlowLevel level, TimeUs now);
  void free_seats(Level& level, Queue* queue, int seats, TimeUs now);

  std::array<Level, kFlowLevels> levels_;
  std::unordered_map<Slot, std::pair<FlowLevel, std::size_t>> queued_;  // never iterated
  std::unordered_map<Slot, Running> running_;                           // never iterated
  std::vector<Slot> started_;
  int total_seats_ = 0;  // of all levels together
};

}  // namespace podramp::fakeapi
