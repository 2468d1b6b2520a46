// The one queue that decides what happens next: (time, lane, insertion) - integer, stable, ours (design 2.1).
// Payloads rest in a slab; the heap moves 32-byte keys only.
#pragma once

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::sim {

// Order of things at the same microsecond; why: spec/05 F7.
enum class Lane : std::uint8_t {
  world,       // faults and node events: the world changes before anyone reacts
  transfers,   // physical completions
  server,      // the server acts before it answers
  deliveries,  // replies and watch events: news before timers
  timers,      // the backend's own
  executors,   // registrations: an executor never wins a tie against the allocator's clock
  demand,      // targets
  samples,     // sees the settled state
};

template <class Payload>
class ItemQueue {
 public:
  struct Item {
    TimeUs at = 0;
    Lane lane = Lane::world;
    Payload payload;
  };

  // tie: order among equal (at, lane) before insertion order; 0 for "as inserted".
  void push(TimeUs at, Lane lane, Payload payload, std::uint64_t tie = 0) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slab_.size());
      slab_.push_back(std::move(payload));
    } else {
      slot = free_.back();
      free_.pop_back();
      slab_[slot] = std::move(payload);
    }
    heap_.push({at, tie, next_++, slot, lane});
  }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  TimeUs next_at() const { return heap_.top().at; }

  Item pop() {
    CHECK(!heap_.empty());
    const Key key = heap_.top();
    heap_.pop();
    free_.push_back(key.slot);
    return {key.at, key.lane, std::move(slab_[key.slot])};
  }

 private:
  struct Key {
    TimeUs at;
    std::uint64_t tie;
    std::uint64_t order;
    std::uint32_t slot;
    Lane lane;
    // Reversed: std::priority_queue has its largest on top.
    friend bool operator<(const Key& a, const Key& b) {
      if (a.at != b.at) return a.at > b.at;
      if (a.lane != b.lane) return a.lane > b.lane;
      if (a.tie != b.tie) return a.tie > b.tie;
      return a.order > b.order;
    }
  };

  std::priority_queue<Key> heap_;
  std::vector<Payload> slab_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_ = 0;
};

}  // namespace podramp::sim
