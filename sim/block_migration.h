// Moves the blocks of one decommissioning executor to its peers: Spark's BlockManagerDecommissioner
// (docs/behaviour.md). One thread a peer takes shuffle files from a queue, one more thread moves cached blocks one
// after the other; both look again every now and then, because running tasks write more. Not here: when the executor
// ends (decommissioner.h).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/decommission_conf.h"
#include "backend/port/step.h"
#include "sim/block_store.h"
#include "sim/executor_world.h"

namespace podramp::sim {

// How long an executor believes what its driver has said of its peers (spark.storage.cachedPeersTtl).
inline constexpr DurationUs kPeersTtlUs = kMinuteUs;

class BlockMigration {
 public:
  // The way out. Ids and tokens come back in transfer_ended() and wake().
  class Links {
   public:
    virtual ~Links() = default;
    virtual std::uint64_t wake_at(TimeUs at) = 0;
    virtual TransferId upload(std::int32_t to, std::int64_t bytes) = 0;  // to another node
    virtual void cancel(TransferId id) = 0;
    // The other executors that the driver would name now: registered and not decommissioning.
    virtual std::vector<ExecutorId> peers() const = 0;
    // It is not decommissioning, so it takes blocks.
    virtual bool accepts(ExecutorId peer) const = 0;
    virtual std::optional<std::int32_t> node_of(ExecutorId peer) const = 0;  // absent: it is gone
    virtual bool node_up(std::int32_t node) const = 0;
    virtual void tell_driver(const in::BlockUpdated& block) = 0;  // from the executor that it names
  };
  struct Owner {
    ExecutorId executor = 0;
    std::int32_t node = 0;
    std::string name;  // what draws go by: "etl/4"
    std::uint64_t seed = 0;
  };

  // links and store outlive this.
  BlockMigration(Links& links, BlockStore& store, const backend::DecommissionConf& conf, Owner owner);
  BlockMigration(const BlockMigration&) = delete;
  BlockMigration& operator=(const BlockMigration&) = delete;

  void start(TimeUs now);
  // Cancels what is under way; nothing may be called after that.
  void stop();
  void wake(TimeUs now, std::uint64_t token);
  void transfer_ended(TimeUs now, TransferId id, bool ok);
  // Its process is gone: what is under way to it breaks.
  void peer_stopped(TimeUs now, ExecutorId peer);
  // Nothing is left to move, or nobody to move it to, and this was seen after the executor's last task had ended.
  bool is_done(TimeUs last_task_end_us) const;

 private:
  enum class Outcome : std::uint8_t { stored, failed, refused };  // refused: the peer is decommissioning
  struct Upload {
    std::optional<std::size_t> thread;  // of a shuffle file; absent: a cached block
    ExecutorId peer = 0;
    std::int32_t node = 0;
  };
  struct Waiting {
    FileKey file;
    std::int64_t failures = 0;
  };
  struct Thread {
    ExecutorId peer = 0;
    bool keeps_running = true;
    std::optional<Waiting> file;  // under way
  };

  const std::vector<ExecutorId>& peers(TimeUs now, bool anew);
  std::vector<ExecutorId> shuffled(std::vector<ExecutorId> executors, const std::string& key) const;
  void send(TimeUs now, Upload upload, std::int64_t bytes);
  void answer(TimeUs at, const Upload& upload, Outcome outcome);
  void broken(TimeUs now, const Upload& upload);
  void ended(TimeUs now, const Upload& upload, Outcome outcome);

  void look_for_files(TimeUs now);
  void deal_out_files(TimeUs now);
  void file_ended(TimeUs now, const Upload& upload, Outcome outcome);

  void look_for_blocks(TimeUs now);
  void replicate(TimeUs now);
  std::optional<ExecutorId> choose_peer(TimeUs now, const BlockKey& block);
  void next_block();
  void block_ended(TimeUs now, const Upload& upload, Outcome outcome);

  Links& links_;
  BlockStore& store_;
  backend::DecommissionConf conf_;
  Owner owner_;
  std::vector<ExecutorId> peers_;
  std::optional<TimeUs> peers_us_;
  std::map<TransferId, Upload> uploads_;
  std::map<std::uint64_t, std::pair<Upload, Outcome>> answers_;  // by token: ends that are no transfer's
  std::optional<std::uint64_t> files_token_;
  std::optional<std::uint64_t> blocks_token_;

  // Shuffle files.
  std::deque<Waiting> queue_;
  std::set<FileKey> seen_;
  std::int64_t migrated_ = 0;  // or given up
  std::vector<Thread> threads_;
  bool files_stopped_;
  bool files_left_ = true;
  TimeUs files_us_ = 0;

  // Cached blocks.
  std::deque<BlockKey> round_;  // the first one is under way
  std::set<ExecutorId> tried_;  // for that one
  std::int64_t failures_ = 0;
  TimeUs round_us_ = 0;
  bool round_failed_ = false;
  bool blocks_stopped_;
  bool blocks_left_ = true;
  TimeUs blocks_us_ = 0;
};

}  // namespace podramp::sim
