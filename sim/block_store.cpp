#include "sim/block_store.h"

namespace podramp::sim {

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
    if (file.executor == executor && !keeps_files_) file.lost = true;
  }
  for (auto& [key, copies] : blocks_) copies.erase(executor);
}

std::vector<FileKey> BlockStore::files_of(ExecutorId executor) const {
  std::vector<FileKey> files;
  if (keeps_files_) return files;
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
