// Runs task attempts on simulated executors: reads of HDFS blocks, shuffle fetches and cached blocks are flows between
// nodes, then the task works for a drawn time. It knows where files really lie; what the driver believes is the
// backend's. A draw is a function of (seed, stream, application/job/stage/task, attempt) alone. Next: workload.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/step.h"
#include "sim/engine.h"
#include "sim/workload.h"

namespace podramp::sim {

// One way between driver and executor.
inline constexpr DurationUs kTaskMessageUs = kMillisecondUs;
// Fetches of one task that are under way at a time (spark.reducer.maxSizeInFlight is asked for in fifths).
inline constexpr std::size_t kFetchesAtOnce = 5;
// How long a fetch is tried: three times with five seconds between when nobody listens (spark.shuffle.io.maxRetries,
// .retryWait); one connection time-out when the node does not answer (spark.network.timeout).
inline constexpr DurationUs kFetchRefusedUs = 15 * kSecondUs;
inline constexpr DurationUs kFetchSilentUs = 120 * kSecondUs;
// Transfers of tasks have ids from here on; those of the cluster are below.
inline constexpr TransferId kTaskTransfers = TransferId{1} << 62U;

// Whether the files of an executor can be fetched where it keeps them.
enum class Serving : std::uint8_t {
  served,
  refused,           // nobody listens at that address
  unknown_executor,  // a shuffle service does, and has never heard of the executor
};

// What the shuffle files of an application's executors live and die with.
enum class ShuffleFiles : std::uint8_t {
  with_executor,  // no shuffle service, or one in the executor's own pod
  with_node,      // a shuffle service that never fails is taken for granted on every node
  with_service,   // on their node, and served by the shuffle pod there while that knows the executor
};

class TaskRunner {
 public:
  // The world around it, as the kernel offers it.
  class World {
   public:
    virtual ~World() = default;
    virtual void start_transfer(const Transfer& transfer) = 0;
    virtual void cancel_transfer(TransferId id) = 0;
    virtual void wake_task(TimeUs at, std::uint64_t token) = 0;  // answered by TaskRunner::wake
    virtual void tell_driver(std::uint32_t application, ExecutorId from, Input input, Seq cause) = 0;
    virtual std::int32_t node_index(const std::string& node) const = 0;  // in the engine's platform
    virtual bool node_up(std::int32_t node) const = 0;
    virtual Serving serving(std::uint32_t application, ExecutorId executor) const = 0;  // of with_service
  };
  TaskRunner(World& world, std::uint64_t seed) : world_(world), seed_(seed) {}

  void add_application(std::uint32_t application, std::vector<StageRun> stages, ShuffleFiles files);

  void executor_started(std::uint32_t application, ExecutorId executor, const std::string& node);
  // Its process is gone: tasks end without a word, files go with it.
  void executor_stopped(TimeUs now, std::uint32_t application, ExecutorId executor);
  // A shuffle service is gone: who is fetching from it fails.
  void service_stopped(TimeUs now);
  // A shuffle service deletes what these executors have written on its node; how many bytes that is.
  std::int64_t delete_files(std::uint32_t application, const std::string& node, const std::set<ExecutorId>& executors);
  // Bytes of shuffle files that lie on nodes, by node.
  std::map<std::int32_t, std::int64_t> bytes_on_nodes(std::uint32_t application) const;
  void launch(TimeUs now, std::uint32_t application, const out::TaskLaunched& task, Seq cause);
  void kill(TimeUs now, std::uint32_t application, TaskId task);
  void wake(TimeUs now, std::uint64_t token);
  void transfer_ended(TimeUs now, TransferId id, bool ok);
  bool busy() const { return !running_.empty(); }

 private:
  using Key = std::pair<std::uint32_t, TaskId>;
  using FileKey = std::pair<StageId, int>;
  struct File {  // a map task's output
    ExecutorId executor = 0;
    std::int32_t node = 0;
    std::int64_t bytes = 0;
    bool lost = false;
  };
  struct Written {  // all that an executor has on its node's disk, replaced files too
    std::int32_t node = 0;
    std::int64_t bytes = 0;
  };
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
    ShuffleFiles keeps = ShuffleFiles::with_executor;
    std::map<ExecutorId, std::int32_t> executors;  // alive, with their nodes
    std::map<FileKey, File> files;                 // the newest of each map task
    std::map<ExecutorId, Written> written;
    std::map<std::pair<std::int32_t, int>, std::map<ExecutorId, std::int32_t>> blocks;  // (rdd, split) -> holders
  };

  const StageRun& stage_of(const Key& key, const Running& run) const;
  void wait(const Key& key, Running& run, Phase phase, TimeUs until);
  void begin(TimeUs now, const Key& key, Running& run);
  // Fills reads; false when the task cannot get all it needs, and then it is ending.
  bool plan_reads(TimeUs now, const Key& key, Running& run);
  bool read_input(TimeUs now, const Key& key, Running& run);
  Serving serving(std::uint32_t application, const Read& read) const;
  bool readable(const Key& key, const Running& run, const File& file) const;
  bool read_shuffle(TimeUs now, const Key& key, Running& run, StageId parent);
  bool read_cache(const Key& key, Running& run);
  void pump(TimeUs now, const Key& key, Running& run);
  void work(TimeUs now, const Key& key, Running& run);
  void worked(TimeUs now, const Key& key, Running& run);
  void fail_fetch(TimeUs now, const Key& key, Running& run, const Read& read);
  void drop_flows(Running& run);
  void finish(TimeUs now, const Key& key);

  World& world_;
  std::uint64_t seed_;
  std::map<std::uint32_t, Application> applications_;
  std::map<Key, Running> running_;
  std::map<std::uint64_t, Key> tokens_;
  std::map<TransferId, Key> transfers_;
  std::uint64_t next_token_ = 0;
  TransferId next_transfer_ = kTaskTransfers;
};

}  // namespace podramp::sim
