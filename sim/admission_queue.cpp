#include "sim/admission_queue.h"

#include "backend/port/status.h"

namespace podramp::sim {

AdmissionQueue::AdmissionQueue(Engine& inner, const std::vector<std::int32_t>& limits)
    : inner_(inner),
      table_(inner.platform().registry_bytes_per_s.size(), inner.platform().node_bytes_per_s.size()),
      registries_(limits.size()) {
  CHECK(limits.size() == inner.platform().registry_bytes_per_s.size());
  for (std::size_t r = 0; r < limits.size(); ++r) {
    CHECK(limits[r] >= 0);
    registries_[r].limit = limits[r];
  }
}

void AdmissionQueue::run(Body& body) {
  outer_ = &body;
  inner_.run(*this);
}

std::optional<TimeUs> AdmissionQueue::turn(TimeUs now, std::span<const TransferEnd> ended) {
  for (const TransferEnd& end : ended) {
    const Slot slot = table_.find(end.id);
    CHECK(slot != TransferTable::kNone);  // what cancel and set_node took away has no end in the inner engine
    leave(slot);
    table_.end(slot, end.ok);
  }
  const std::optional<TimeUs> wanted = outer_->turn(now, table_.take_ended(now));
  if (!wanted) return wanted;
  if (may_admit_) admit();
  return table_.has_ended() ? now : wanted;
}

void AdmissionQueue::start(const Transfer& transfer) {
  const Slot slot = table_.start(transfer);
  if (slot == TransferTable::kNone) return;
  admitted_.resize(table_.slot_count());
  admitted_[index_of(slot)] = transfer.source >= 0;
  if (transfer.source >= 0) return inner_.start(transfer);
  Registry& registry = registry_of(slot);
  registry.queue.push_back({slot, table_.order(slot)});
  ++registry.queued;
  may_admit_ = true;
}

bool AdmissionQueue::cancel(TransferId id) {
  const Slot slot = table_.find(id);
  if (slot == TransferTable::kNone) return table_.forget_end(id);
  if (admitted_[index_of(slot)]) inner_.cancel(id);
  leave(slot);
  table_.forget(slot);
  return true;
}

void AdmissionQueue::set_node(std::int32_t node, bool on) {
  const auto alive = table_.set_node(node, on);
  if (!on) {
    for (const Slot slot : std::vector<Slot>(alive.begin(), alive.end())) {
      if (admitted_[index_of(slot)]) inner_.cancel(table_.transfer(slot).id);
      leave(slot);
      table_.end(slot, false);
    }
  }
  inner_.set_node(node, on);
}

void AdmissionQueue::admit() {
  may_admit_ = false;
  for (Registry& registry : registries_) {
    while (!registry.queue.empty() && (registry.limit == 0 || registry.admitted < registry.limit)) {
      const Waiting next = registry.queue.front();
      registry.queue.pop_front();
      if (table_.order(next.slot) != next.order) continue;
      --registry.queued;
      ++registry.admitted;
      admitted_[index_of(next.slot)] = true;
      inner_.start(table_.transfer(next.slot));
    }
  }
}

AdmissionQueue::Registry& AdmissionQueue::registry_of(Slot slot) {
  return registries_[index_of(table_.transfer(slot).registry)];
}

void AdmissionQueue::leave(Slot slot) {
  if (table_.transfer(slot).source >= 0) return;
  Registry& registry = registry_of(slot);
  admitted_[index_of(slot)] ? --registry.admitted : --registry.queued;
  may_admit_ = true;
}

}  // namespace podramp::sim
