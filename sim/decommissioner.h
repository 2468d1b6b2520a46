// Executors that leave in peace: told to decommission themselves, they finish what runs, move their blocks away and end
// with 0. A thread of each looks once a second whether it may go (CoarseGrainedExecutorBackend.decommissionSelf). Its
// driver's part - no new tasks, the force kill - is backend/scheduler_backend.h. Next: block_migration.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sim/block_migration.h"
#include "sim/task_runner.h"

namespace podramp::sim {

// It looks so often, first after as long.
inline constexpr DurationUs kLeavingLookUs = kSecondUs;

class Decommissioner {
 public:
  // Both outlive this.
  Decommissioner(ExecutorWorld& world, TaskRunner& runner, std::uint64_t seed);
  Decommissioner(const Decommissioner&) = delete;
  Decommissioner& operator=(const Decommissioner&) = delete;
  ~Decommissioner();

  void add_application(std::uint32_t application, std::string name, const backend::DecommissionConf& conf);
  // Its executors have a handler of SIGPWR (spark.decommission.enabled).
  bool listens(std::uint32_t application) const;
  // An executor is told to leave, or tells itself. It takes no notice without spark.decommission.enabled, or when it is
  // leaving already.
  void begin(TimeUs now, std::uint32_t application, ExecutorId executor, Seq cause);
  // Its process is gone, whether it was leaving or not.
  void executor_stopped(TimeUs now, std::uint32_t application, ExecutorId executor);
  void wake(TimeUs now, std::uint64_t token);
  void transfer_ended(TimeUs now, TransferId id, bool ok);
  // Blocks are under way.
  bool busy() const { return !transfers_.empty(); }

 private:
  using Key = std::pair<std::uint32_t, ExecutorId>;
  class Leaving;  // one of them
  struct Application {
    std::string name;
    backend::DecommissionConf conf;
  };

  ExecutorWorld& world_;
  TaskRunner& runner_;
  std::uint64_t seed_;
  std::map<std::uint32_t, Application> applications_;
  std::map<Key, std::unique_ptr<Leaving>> leaving_;  // until their processes are gone
  std::map<std::uint64_t, Key> tokens_;
  std::map<TransferId, Key> transfers_;
  std::uint64_t next_token_ = 0;
  TransferId next_transfer_ = kMigrationTransfers;
};

}  // namespace podramp::sim
