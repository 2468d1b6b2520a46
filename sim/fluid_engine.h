// The engine that computes transfers itself: max-min fair sharing of registry and node links, without SimGrid. Flows
// that always run at one rate form a class; a class counts the bytes each of its flows has received and keeps the
// flows in a heap by the count at which they end, so an event costs O(classes + log flows). Usual case: one class.
// Held to SimGrid's dates by engine_agreement_test.cpp. Read next: fluid_engine.cpp run, fair_share.h.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/engine.h"
#include "sim/fair_share.h"
#include "sim/transfer_table.h"

namespace podramp::sim {

class FluidEngine : public Engine {
 public:
  explicit FluidEngine(const EnginePlatform& platform);

  const EnginePlatform& platform() const override { return platform_; }
  void run(Body& body) override;
  void start(const Transfer& transfer) override;
  bool cancel(TransferId id) override;
  void set_node(std::int32_t node, bool on) override;

 private:
  using Slot = TransferTable::Slot;

  // Bytes in fixed point (2^-20): sums over days stay exact where a double would lose microseconds.
  using Bytes = __int128;

  // A date between two microseconds; fraction in [0, 1).
  struct Instant {
    TimeUs us = 0;
    double fraction = 0;
    friend auto operator<=>(const Instant&, const Instant&) = default;
  };

  // node < 0: the flows of one source that are alone on nodes with links of `capacity`.
  // Otherwise the flows from one source to a node that receives several.
  struct ClassKey {
    std::int32_t node = -1;
    std::int64_t capacity = 0;
    std::int32_t source = 0;     // a registry, or after all of them a node
    std::int32_t zone_out = -1;  // whose links they cross, -1 for none
    std::int32_t zone_in = -1;
    friend auto operator<=>(const ClassKey&, const ClassKey&) = default;
  };
  struct HeapEntry {
    Bytes finish = 0;
    std::uint64_t order = 0;
    Slot slot = 0;
  };
  struct Later {
    bool operator()(const HeapEntry& a, const HeapEntry& b) const {
      return a.finish != b.finish ? a.finish > b.finish : a.order > b.order;
    }
  };
  struct Class {
    Bytes served = 0;  // received by each flow since the class exists
    double rate = 0;   // bytes per second of each flow
    std::int64_t flows = 0;
    std::vector<HeapEntry> heap;  // earliest end first; entries of flows that left are stale
  };
  using Classes = std::map<ClassKey, Class>;
  struct Flow {
    std::uint64_t order = 0;
    Bytes finish = 0;  // ends when its class has served so much
    Classes::iterator of;
  };

  ClassKey key_of(Slot slot) const;
  void join(Slot slot, Bytes remaining);
  Bytes leave(Slot slot);
  void leave_node_to_one(std::int32_t node);
  void number_sources();
  void number_zones();
  void purge(Classes::iterator c);
  void catch_up();
  void move_clock(Instant to);
  void reshare();
  void find_next_end();
  void end_due_transfers();

  EnginePlatform platform_;
  TransferTable table_;
  std::vector<Flow> flows_;  // by slot
  Classes classes_;
  FairShare fair_share_;
  std::vector<FairClass> fair_classes_;
  std::vector<double> side_capacity_;
  std::vector<std::int32_t> sources_;          // in use while nodes send, ascending
  std::vector<std::int64_t> shared_capacity_;  // of sources, then of zones outwards and inwards; while needed
  std::vector<Slot> due_;
  TimeUs now_ = 0;    // of the turn
  Instant clock_;     // up to which the classes' service is counted; may lag behind now_, or lead by a rounding
  Instant next_end_;  // valid unless changed_
  Classes::iterator next_class_;
  bool changed_ = false;  // flows came or went since the rates were computed
  bool ran_ = false;
};

}  // namespace podramp::sim
