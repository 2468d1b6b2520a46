#include "sim/block_store.h"

namespace podramp::sim {

void BlockStore::put_file(const FileKey& key, const ShuffleFile& file) {
  files_[key] = file;
  Written& written = written_[file.executor];
  written = {file.node, written.bytes + file.bytes};
}

const ShuffleFile* BlockStore::file(const FileKey& key) const {
  const auto it = files_.find(key);
  return it == files_.end() ? nullptr : &it->second;
}

void BlockStore::put_block(const BlockKey& key, ExecutorId executor, const CachedBlock& block) {
  blocks_[key][executor] = block;
}

void BlockStore::drop_block(const BlockKey& key, ExecutorId executor) {
  if (const auto it = blocks_.find(key); it != blocks_.end()) it->second.erase(executor);
}

const std::map<ExecutorId, CachedBlock>& BlockStore::copies(const BlockKey& key) const {
  static const std::map<ExecutorId, CachedBlock> kNowhere;
  const auto it = blocks_.find(key);
  return it == blocks_.end() ? kNowhere : it->second;
}

void BlockStore::executor_stopped(ExecutorId executor) {
  for (auto& [key, file] : files_) {
    if (file.executor == executor && !keeps_files()) file.lost = true;
  }
  if (!keeps_files()) written_.erase(executor);
  for (auto& [key, copies] : blocks_) copies.erase(executor);
}

std::int64_t BlockStore::delete_files(std::int32_t node, const std::set<ExecutorId>& executors) {
  std::int64_t bytes = 0;
  for (const ExecutorId executor : executors) {
    const auto written = written_.find(executor);
    if (written == written_.end() || written->second.node != node) continue;
    bytes += written->second.bytes;
    written_.erase(written);
  }
  for (auto& [key, file] : files_) {
    if (file.node == node && executors.contains(file.executor)) file.lost = true;
  }
  return bytes;
}

std::map<std::int32_t, std::int64_t> BlockStore::bytes_on_nodes() const {
  std::map<std::int32_t, std::int64_t> bytes;
  for (const auto& [executor, written] : written_) bytes[written.node] += written.bytes;
  return bytes;
}

std::vector<FileKey> BlockStore::files_of(ExecutorId executor) const {
  std::vector<FileKey> files;
  if (keeps_files()) return files;
  for (const auto& [key, file] : files_) {
    if (file.executor == executor && !file.lost) files.push_back(key);
  }
  return files;
}

std::vector<BlockKey> BlockStore::blocks_of(ExecutorId executor) const {
  std::vector<BlockKey> blocks;
  for (const auto& [key, copies] : blocks_) {
    if (copies.contains(executor)) blocks.push_back(key);
  }
  return blocks;
}

}  // namespace podramp::sim
