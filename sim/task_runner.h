// Runs task attempts on simulated executors: reads of HDFS blocks, shuffle fetches and cached blocks are flows between
// nodes, then the task works for a drawn time. Where files really lie is block_store.h. A draw is a function of
// (seed, stream, application/job/stage/task, attempt) alone. Not here: executors that leave (decommissioner.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/step.h"
#include "sim/block_store.h"
#include "sim/executor_world.h"
#include "sim/workload.h"

namespace podramp::sim {

// One way between driver and executor.
inline constexpr DurationUs kTaskMessageUs = kMillisecondUs;
// Fetches of one task that are under way at a time (spark.reducer.maxSizeInFlight is asked for in fifths).
inline constexpr std::size_t kFetchesAtOnce = 5;
// How long a fetch is tried when nobody listens: three times with five seconds between (spark.shuffle.io.maxRetries,
// .retryWait); when the node does not answer, one connection time-out, kNodeSilentUs.
inline constexpr DurationUs kFetchRefusedUs = 15 * kSecondUs;

class TaskRunner {
 public:
  TaskRunner(ExecutorWorld& world, std::uint64_t seed) : world_(world), seed_(seed) {}

  void add_application(std::uint32_t application, std::vector<StageRun> stages, ShuffleFiles files);

  void executor_started(std::uint32_t application, ExecutorId executor, const std::string& node);
  // Its process is gone: tasks end without a word, files go with it.
  void executor_stopped(TimeUs now, std::uint32_t application, ExecutorId executor);
  // A shuffle service is gone: who is fetching from it fails.
  void service_stopped(TimeUs now);
  void launch(TimeUs now, std::uint32_t application, const out::TaskLaunched& task, Seq cause);
  void kill(TimeUs now, std::uint32_t application, TaskId task);
  void wake(TimeUs now, std::uint64_t token);
  void transfer_ended(TimeUs now, TransferId id, bool ok);
  bool busy() const { return !running_.empty(); }

  // Tasks that have arrived on an executor and not ended, and when the last one ended (-1: none has).
  std::int64_t running_on(std::uint32_t application, ExecutorId executor) const;
  TimeUs last_end_us(std::uint32_t application, ExecutorId executor) const;
  // nullptr for an application without a program. Valid as long as this.
  BlockStore* blocks(std::uint32_t application);
  const BlockStore* blocks(std::uint32_t application) const;

 private:
  using Key = std::pair<std::uint32_t, TaskId>;
  struct Read {
    std::int32_t node = 0;
    std::int64_t bytes = 0;
    ExecutorId executor = 0;  // whose file or block it is; 0: an HDFS block
    StageId stage = -1;       // of a shuffle file,
    int map = -1;             // the first of those that lie there
  };
  enum class Phase : std::uint8_t { on_its_way, reading, working, ending };
  struct Running {
    out::TaskLaunched task;
    Seq cause = 0;
    TimeUs started_us = 0;
    std::int32_t node = 0;
    Phase phase = Phase::on_its_way;
    std::uint64_t token = 0;  // of the wake-up that counts
    std::vector<Read> reads;  // not started yet, last one first
    std::map<TransferId, Read> flows;
    TaskResult result;  // while ending
  };
  struct Application {
    std::vector<StageRun> stages;
    BlockStore store;
    std::map<ExecutorId, std::int32_t> executors;  // alive, with their nodes
    std::map<ExecutorId, TimeUs> last_end_us;
  };

  const StageRun& stage_of(const Key& key, const Running& run) const;
  void wait(const Key& key, Running& run, Phase phase, TimeUs until);
  void begin(TimeUs now, const Key& key, Running& run);
  // Fills reads; false when the task cannot get all it needs, and then it is ending.
  bool plan_reads(TimeUs now, const Key& key, Running& run);
  bool read_input(TimeUs now, const Key& key, Running& run);
  Serving serving(std::uint32_t application, const Read& read) const;
  bool readable(const Key& key, const Running& run, const ShuffleFile& file) const;
  bool read_shuffle(TimeUs now, const Key& key, Running& run, StageId parent);
  bool read_cache(const Key& key, Running& run);
  void pump(TimeUs now, const Key& key, Running& run);
  void work(TimeUs now, const Key& key, Running& run);
  void worked(TimeUs now, const Key& key, Running& run);
  void fail_fetch(TimeUs now, const Key& key, Running& run, const Read& read);
  void drop_flows(Running& run);
  void finish(TimeUs now, const Key& key);

  ExecutorWorld& world_;
  std::uint64_t seed_;
  std::map<std::uint32_t, Application> applications_;
  std::map<Key, Running> running_;
  std::map<std::uint64_t, Key> tokens_;
  std::map<TransferId, Key> transfers_;
  std::uint64_t next_token_ = 0;
  TransferId next_transfer_ = kTaskTransfers;
};

}  // namespace podramp::sim
