#include "sim/transfer_table.h"

#include <algorithm>

#include "backend/port/status.h"

namespace podramp::sim {

TransferTable::TransferTable(std::size_t registries, std::size_t nodes)
    : registries_(registries), on_node_(nodes), from_node_(nodes), node_on_(nodes, true) {}

TransferTable::Slot TransferTable::start(const Transfer& transfer) {
  const bool from_node = transfer.source >= 0;
  CHECK(from_node || (transfer.registry >= 0 && index(transfer.registry) < registries_));
  CHECK(transfer.node >= 0 && index(transfer.node) < node_on_.size());
  CHECK(transfer.bytes >= 0);
  CHECK(!from_node || (index(transfer.source) < node_on_.size() && transfer.source != transfer.node));
  const std::uint64_t order = ++started_;
  const bool on = node_on_[index(transfer.node)] && (!from_node || node_on_[index(transfer.source)]);
  if (!on || transfer.bytes == 0) {
    CHECK(slots_.find(transfer.id) == kNone);
    ended_.push_back({order, transfer.id, on});
    return kNone;
  }
  Slot slot = static_cast<Slot>(rows_.size());
  if (free_.empty()) {
    rows_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  CHECK(slots_.insert(transfer.id, slot));
  rows_[index(slot)] = {transfer, order};
  on_node_[index(transfer.node)].push_back(slot);
  if (from_node) from_node_[index(transfer.source)].push_back(slot);
  return slot;
}

void TransferTable::end(Slot slot, bool ok) {
  ended_.push_back({order(slot), transfer(slot).id, ok});
  forget(slot);
}

void TransferTable::forget(Slot slot) {
  Row& row = rows_[index(slot)];
  CHECK(slots_.erase(row.transfer.id));
  std::erase(on_node_[index(row.transfer.node)], slot);
  if (row.transfer.source >= 0) std::erase(from_node_[index(row.transfer.source)], slot);
  row.order = 0;
  free_.push_back(slot);
}

bool TransferTable::forget_end(TransferId id) {
  return std::erase_if(ended_, [&](const Ended& e) { return e.id == id; }) > 0;
}

std::span<const TransferTable::Slot> TransferTable::set_node(std::int32_t node, bool on) {
  CHECK(node >= 0 && index(node) < node_on_.size());
  node_on_[index(node)] = on;
  const std::vector<Slot>& from = from_node_[index(node)];
  if (from.empty()) return on_node(node);
  touched_ = on_node_[index(node)];
  touched_.insert(touched_.end(), from.begin(), from.end());
  std::sort(touched_.begin(), touched_.end(), [this](Slot a, Slot b) { return order(a) < order(b); });
  return touched_;
}

std::span<const TransferEnd> TransferTable::take_ended(TimeUs now) {
  std::sort(ended_.begin(), ended_.end(), [](const Ended& a, const Ended& b) { return a.order < b.order; });
  delivered_.clear();
  for (const Ended& e : ended_) delivered_.push_back({e.id, now, e.ok});
  ended_.clear();
  return delivered_;
}

}  // namespace podramp::sim
