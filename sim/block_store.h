// Where the shuffle files and cached blocks of one application really lie; what its driver believes is the backend's.
// Who writes and reads them: task_runner.h; who moves them: block_migration.h.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "backend/port/ids.h"

namespace podramp::sim {

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
  // keeps_files: an external shuffle service on every node serves files of executors that are gone.
  explicit BlockStore(bool keeps_files = false) : keeps_files_(keeps_files) {}

  bool keeps_files() const { return keeps_files_; }
  // A file has one place: the last one.
  void put_file(const FileKey& key, const ShuffleFile& file) { files_[key] = file; }
  // nullptr: it was never written.
  const ShuffleFile* file(const FileKey& key) const;
  void put_block(const BlockKey& key, ExecutorId executor, const CachedBlock& block);
  void drop_block(const BlockKey& key, ExecutorId executor);
  // The copies of a block, by executor.
  const std::map<ExecutorId, CachedBlock>& copies(const BlockKey& key) const;
  // Its process is gone, and what it held with it.
  void executor_stopped(ExecutorId executor);

  // What would be lost with an executor, in order.
  std::vector<FileKey> files_of(ExecutorId executor) const;
  std::vector<BlockKey> blocks_of(ExecutorId executor) const;

 private:
  bool keeps_files_;
  std::map<FileKey, ShuffleFile> files_;
  std::map<BlockKey, std::map<ExecutorId, CachedBlock>> blocks_;
};

}  // namespace podramp::sim
