// Where the shuffle files and cached blocks of one application really lie; what its driver believes is the backend's.
// Who writes and reads them: task_runner.h; who moves them: block_migration.h.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "backend/port/ids.h"

namespace podramp::sim {

// What the shuffle files of an application's executors live and die with.
enum class ShuffleFiles : std::uint8_t {
  with_executor,  // no shuffle service, or one in the executor's own pod
  with_node,      // a shuffle service that never fails is taken for granted on every node
  with_service,   // on their node, and served by the shuffle pod there while that knows the executor
};

using FileKey = std::pair<StageId, int>;        // of map task `second`
using BlockKey = std::pair<std::int32_t, int>;  // (rdd, split)

struct ShuffleFile {  // a map task's output
  ExecutorId executor = 0;
  std::int32_t node = 0;
  std::int64_t bytes = 0;
  bool lost = false;
};

struct CachedBlock {  // one copy
  std::int32_t node = 0;
  std::int64_t bytes = 0;
};

class BlockStore {
 public:
  explicit BlockStore(ShuffleFiles kept = ShuffleFiles::with_executor) : kept_(kept) {}

  ShuffleFiles kept() const { return kept_; }
  // Files of executors that are gone may still be there.
  bool keeps_files() const { return kept_ != ShuffleFiles::with_executor; }
  // A file has one place: the last one.
  void put_file(const FileKey& key, const ShuffleFile& file);
  // nullptr: it was never written.
  const ShuffleFile* file(const FileKey& key) const;
  void put_block(const BlockKey& key, ExecutorId executor, const CachedBlock& block);
  void drop_block(const BlockKey& key, ExecutorId executor);
  // The copies of a block, by executor.
  const std::map<ExecutorId, CachedBlock>& copies(const BlockKey& key) const;
  // Its process is gone, and what it held with it.
  void executor_stopped(ExecutorId executor);

  // A shuffle service deletes what these executors have written on its node; how many bytes that is.
  std::int64_t delete_files(std::int32_t node, const std::set<ExecutorId>& executors);
  // Bytes of shuffle files that lie on nodes, by node; files that a later attempt has replaced too.
  std::map<std::int32_t, std::int64_t> bytes_on_nodes() const;

  // What would be lost with an executor, in order.
  std::vector<FileKey> files_of(ExecutorId executor) const;
  std::vector<BlockKey> blocks_of(ExecutorId executor) const;

 private:
  struct Written {
    std::int32_t node = 0;
    std::int64_t bytes = 0;
  };
  ShuffleFiles kept_;
  std::map<FileKey, ShuffleFile> files_;   // the newest of each map task
  std::map<ExecutorId, Written> written_;  // all that an executor has on its node's disk
  std::map<BlockKey, std::map<ExecutorId, CachedBlock>> blocks_;
};

}  // namespace podramp::sim
