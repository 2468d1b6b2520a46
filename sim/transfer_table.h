// The books every engine keeps: which transfers are alive, on which node, which ended and wait to be delivered.
// It knows no bandwidth and no time; the physics is in fluid_engine.cpp and simgrid_engine.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/engine.h"
#include "sim/slot_map.h"

namespace podramp::sim {

class TransferTable {
 public:
  using Slot = std::int32_t;  // small and reused: engines keep their own columns beside the table
  static constexpr Slot kNone = SlotMap::kNone;

  TransferTable(std::size_t registries, std::size_t nodes);

  // The new transfer's slot, or kNone if it is over already (node down, nothing to carry). CHECKs its fields.
  Slot start(const Transfer& transfer);
  // The slot of a transfer that is alive, or kNone.
  Slot find(TransferId id) const { return slots_.find(id); }
  const Transfer& transfer(Slot slot) const { return rows_[index(slot)].transfer; }
  // Counts starts from 1; tells apart two users of one slot.
  std::uint64_t order(Slot slot) const { return rows_[index(slot)].order; }
  // Frees the slot; the end waits for take_ended.
  void end(Slot slot, bool ok);
  // Frees the slot; there will be no end.
  void forget(Slot slot);
  // Drops an end that waits to be delivered; false if there is none.
  bool forget_end(TransferId id);

  // Marks the node and returns what is alive on it or comes from it, in the order of the starts (valid until the next
  // change).
  std::span<const Slot> set_node(std::int32_t node, bool on);
  bool node_on(std::int32_t node) const { return node_on_[index(node)]; }
  // What is alive on a node as its receiver, in the order of the starts (valid until the next change).
  std::span<const Slot> on_node(std::int32_t node) const { return on_node_[index(node)]; }

  std::size_t alive() const { return slots_.size(); }
  // Slots ever used: every slot is smaller.
  std::size_t slot_count() const { return rows_.size(); }
  bool has_ended() const { return !ended_.empty(); }
  // The ends so far, dated `now`, in the order of the starts. Valid until the next call.
  std::span<const TransferEnd> take_ended(TimeUs now);

 private:
  struct Row {
    Transfer transfer;
    std::uint64_t order = 0;
  };
  struct Ended {
    std::uint64_t order = 0;
    TransferId id = 0;
    bool ok = true;
  };
  static std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }

  std::size_t registries_;
  std::uint64_t started_ = 0;
  std::vector<Row> rows_;
  std::vector<Slot> free_;
  SlotMap slots_;
  std::vector<std::vector<Slot>> on_node_;
  std::vector<std::vector<Slot>> from_node_;
  std::vector<Slot> touched_;
  std::vector<bool> node_on_;
  std::vector<Ended> ended_;
  std::vector<TransferEnd> delivered_;
};

}  // namespace podramp::sim
