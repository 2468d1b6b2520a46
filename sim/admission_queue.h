// Lets only so many transfers per registry be alive at once, first come, first served: real registries queue too,
// and an engine's cost grows with what is alive. An Engine in front of an Engine: the kernel uses it in its place.
// Time in the queue costs the transfer nothing but time. Read next: engine.h.
#pragma once

#include <deque>
#include <vector>

#include "sim/engine.h"
#include "sim/transfer_table.h"

namespace podramp::sim {

inline constexpr std::int32_t kDefaultAdmissionLimit = 64;  // design 2.2

class AdmissionQueue : public Engine, private Body {
 public:
  // limits: transfers alive at once, one number per registry of the platform, 0 means any number. `inner` is not owned
  // and must be used through the queue.
  AdmissionQueue(Engine& inner, const std::vector<std::int32_t>& limits);

  const EnginePlatform& platform() const override { return inner_.platform(); }
  void run(Body& body) override;
  // Queues; what fits is admitted at the end of the turn, after its cancels and node changes, at the turn's date. What
  // comes from another node does not queue.
  void start(const Transfer& transfer) override;
  // Also takes a transfer out of the queue.
  bool cancel(TransferId id) override;
  // Switching a node off also fails what is queued for it, at once.
  void set_node(std::int32_t node, bool on) override;

  // Transfers of a registry that are on their way and that wait.
  std::int32_t admitted(std::int32_t registry) const {
    return registries_[static_cast<std::size_t>(registry)].admitted;
  }
  std::int32_t queued(std::int32_t registry) const { return registries_[static_cast<std::size_t>(registry)].queued; }

 private:
  using Slot = TransferTable::Slot;
  struct Waiting {
    Slot slot = 0;
    std::uint64_t order = 0;  // not the slot's any more: cancelled or failed while it waited
  };
  struct Registry {
    std::deque<Waiting> queue;
    std::int32_t limit = 0;
    std::int32_t admitted = 0;
    std::int32_t queued = 0;
  };

  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override;
  void admit();
  Registry& registry_of(Slot slot);
  // Takes the transfer out of its registry's counts.
  void leave(Slot slot);

  Engine& inner_;
  Body* outer_ = nullptr;
  TransferTable table_;
  std::vector<bool> admitted_;  // by slot
  std::vector<Registry> registries_;
  bool may_admit_ = false;  // a place or a transfer came since the last look
};

}  // namespace podramp::sim
