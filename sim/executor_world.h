// What simulated executors need of the world around them, as the kernel offers it: transfers, wake-ups, the way to
// their driver, and who else is there. Who needs it: task_runner.h, decommissioner.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/step.h"
#include "sim/engine.h"

namespace podramp::sim {

// Transfers of tasks have ids from here on; those of the cluster are below.
inline constexpr TransferId kTaskTransfers = TransferId{1} << 62U;
// Those of blocks that leave with a decommissioned executor.
inline constexpr TransferId kMigrationTransfers = TransferId{3} << 61U;
// How long it takes to give up a connection to a node that does not answer (spark.network.timeout).
inline constexpr DurationUs kNodeSilentUs = 120 * kSecondUs;

// Whether the files of an executor can be fetched where it keeps them.
enum class Serving : std::uint8_t {
  served,
  refused,           // nobody listens at that address
  unknown_executor,  // a shuffle service does, and has never heard of the executor
};

class ExecutorWorld {
 public:
  virtual ~ExecutorWorld() = default;
  virtual void start_transfer(const Transfer& transfer) = 0;
  virtual void cancel_transfer(TransferId id) = 0;
  virtual void wake_task(TimeUs at, std::uint64_t token) = 0;     // answered by TaskRunner::wake
  virtual void wake_leaving(TimeUs at, std::uint64_t token) = 0;  // answered by Decommissioner::wake
  virtual void tell_driver(std::uint32_t application, ExecutorId from, Input input, Seq cause) = 0;
  virtual std::int32_t node_index(const std::string& node) const = 0;  // in the engine's platform
  virtual bool node_up(std::int32_t node) const = 0;
  virtual Serving serving(std::uint32_t application, ExecutorId executor) const = 0;  // by its shuffle service
  // Executors of an application as its driver knows them, in order.
  virtual std::vector<ExecutorId> registered(std::uint32_t application) const = 0;
  // Where a process runs; absent: it is gone, whatever its driver knows.
  virtual std::optional<std::int32_t> node_of(std::uint32_t application, ExecutorId executor) const = 0;
  // The process ends by itself, with 0. False: its node is silent, so nothing comes of it now.
  virtual bool end_executor(std::uint32_t application, ExecutorId executor, Seq cause) = 0;
};

}  // namespace podramp::sim
