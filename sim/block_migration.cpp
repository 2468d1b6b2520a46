#include "sim/block_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "backend/port/random.h"

namespace podramp::sim {

BlockMigration::BlockMigration(Links& links, BlockStore& store, const backend::DecommissionConf& conf, Owner owner)
    : links_(links),
      store_(store),
      conf_(conf),
      owner_(std::move(owner)),
      files_stopped_(!conf.moves_shuffle_files),
      blocks_stopped_(!conf.moves_cached_blocks) {}

void BlockMigration::start(TimeUs now) {
  if (!blocks_stopped_) look_for_blocks(now);
  if (!files_stopped_) look_for_files(now);
}

void BlockMigration::stop() {
  for (const auto& [id, upload] : uploads_) links_.cancel(id);
}

// (BlockManagerDecommissioner.lastMigrationInfo)
bool BlockMigration::is_done(TimeUs last_task_end_us) const {
  if (files_stopped_ && blocks_stopped_) return true;
  const bool files_done = files_stopped_ || (!files_left_ && files_us_ > last_task_end_us);
  const bool blocks_done = blocks_stopped_ || (!blocks_left_ && blocks_us_ > last_task_end_us);
  return files_done && blocks_done;
}

void BlockMigration::wake(TimeUs now, std::uint64_t token) {
  if (files_token_ == token) return look_for_files(now);
  if (blocks_token_ == token) return look_for_blocks(now);
  if (const auto node = answers_.extract(token)) ended(now, node.mapped().first, node.mapped().second);
}

// --- peers and uploads -----------------------------------------------------------------------------------------------

const std::vector<ExecutorId>& BlockMigration::peers(TimeUs now, bool anew) {
  if (anew || !peers_us_ || now - *peers_us_ >= kPeersTtlUs) {
    peers_ = links_.peers();
    peers_us_ = now;
  }
  return peers_;
}

std::vector<ExecutorId> BlockMigration::shuffled(std::vector<ExecutorId> executors, const std::string& key) const {
  std::ranges::stable_sort(executors, {}, [&](ExecutorId id) {
    return Draw(owner_.seed, "decommission.peers", key, static_cast<std::uint64_t>(id))();
  });
  return executors;
}

// Every upload ends in a later call: of transfer_ended(), or of wake() when nothing crosses the network.
void BlockMigration::send(TimeUs now, Upload upload, std::int64_t bytes) {
  const auto node = links_.node_of(upload.peer);
  if (!node) return answer(now, upload, Outcome::failed);  // the connection is refused
  upload.node = *node;
  if (!links_.node_up(*node)) return answer(now + kNodeSilentUs, upload, Outcome::failed);
  if (!links_.accepts(upload.peer)) return answer(now, upload, Outcome::refused);
  if (*node == owner_.node) return answer(now, upload, Outcome::stored);
  uploads_[links_.upload(*node, bytes)] = upload;
}

void BlockMigration::answer(TimeUs at, const Upload& upload, Outcome outcome) {
  answers_[links_.wake_at(at)] = {upload, outcome};
}

void BlockMigration::broken(TimeUs now, const Upload& upload) {
  const bool noticed = links_.node_up(owner_.node) && links_.node_up(upload.node);
  answer(noticed ? now : now + kNodeSilentUs, upload, Outcome::failed);
}

void BlockMigration::transfer_ended(TimeUs now, TransferId id, bool ok) {
  const auto node = uploads_.extract(id);
  if (!node) return;
  if (ok) return ended(now, node.mapped(), Outcome::stored);
  broken(now, node.mapped());
}

void BlockMigration::peer_stopped(TimeUs now, ExecutorId peer) {
  for (auto it = uploads_.begin(); it != uploads_.end();) {
    if (it->second.peer != peer) {
      ++it;
      continue;
    }
    links_.cancel(it->first);
    broken(now, it->second);
    it = uploads_.erase(it);
  }
}

void BlockMigration::ended(TimeUs now, const Upload& upload, Outcome outcome) {
  upload.thread ? file_ended(now, upload, outcome) : block_ended(now, upload, outcome);
}

// --- shuffle files ---------------------------------------------------------------------------------------------------

// (refreshMigratableShuffleBlocks) What was found in this look counts as left, however fast it moves.
void BlockMigration::look_for_files(TimeUs now) {
  files_us_ = now;
  bool found = false;
  for (const FileKey& file : store_.files_of(owner_.executor)) {
    if (!seen_.insert(file).second) continue;
    queue_.push_back({file, 0});
    found = true;
  }
  const std::vector<ExecutorId>& living = peers(now, false);
  for (Thread& thread : threads_) {
    if (std::ranges::find(living, thread.peer) == living.end()) thread.keeps_running = false;
  }
  std::vector<ExecutorId> added;
  std::ranges::copy_if(living, std::back_inserter(added),
                       [&](ExecutorId id) { return std::ranges::find(threads_, id, &Thread::peer) == threads_.end(); });
  for (const ExecutorId peer : shuffled(std::move(added), owner_.name)) threads_.push_back({peer, true, {}});
  files_stopped_ = std::ranges::none_of(threads_, &Thread::keeps_running);
  files_left_ = found || std::ssize(seen_) > migrated_;
  if (!files_stopped_) files_token_ = links_.wake_at(now + conf_.reattempt_us);
  deal_out_files(now);
}

// The pool has places for so many threads; in their order, and the others wait until one of those has stopped.
void BlockMigration::deal_out_files(TimeUs now) {
  std::int64_t places = conf_.shuffle_threads;
  for (std::size_t i = 0; i < threads_.size() && places > 0; ++i) {
    Thread& thread = threads_[i];
    if (!thread.keeps_running && !thread.file) continue;
    --places;
    while (thread.keeps_running && !thread.file && !queue_.empty()) {
      const Waiting next = queue_.front();
      queue_.pop_front();
      const ShuffleFile* file = store_.file(next.file);
      if (file == nullptr || file->executor != owner_.executor) {  // written anew by another executor
        ++migrated_;
        continue;
      }
      thread.file = next;
      send(now, {i, thread.peer, 0}, file->bytes);
    }
  }
}

void BlockMigration::file_ended(TimeUs now, const Upload& upload, Outcome outcome) {
  Thread& thread = threads_[*upload.thread];
  const Waiting moved = *std::exchange(thread.file, std::nullopt);
  if (outcome == Outcome::stored) {
    ++migrated_;
    const ShuffleFile* file = store_.file(moved.file);
    if (file != nullptr && file->executor == owner_.executor) {
      const std::int64_t bytes = file->bytes;
      store_.put_file(moved.file, {upload.peer, upload.node, bytes, false});
      links_.tell_driver({upload.peer, -1 - moved.file.first, moved.file.second, 0, bytes});
    }
  } else {
    thread.keeps_running = false;
    const std::int64_t failures = moved.failures + (outcome == Outcome::failed ? 1 : 0);
    if (failures < conf_.failures_max) {
      queue_.push_back({moved.file, failures});
    } else {
      ++migrated_;
    }
  }
  deal_out_files(now);
}

// --- cached blocks ---------------------------------------------------------------------------------------------------

void BlockMigration::look_for_blocks(TimeUs now) {
  blocks_stopped_ = peers(now, false).empty();
  if (blocks_stopped_) return;
  round_us_ = now;
  round_failed_ = false;
  const std::vector<BlockKey> blocks = store_.blocks_of(owner_.executor);
  round_.assign(blocks.begin(), blocks.end());
  replicate(now);
}

// One more copy of each block, on an executor that has none; then the own one goes.
void BlockMigration::replicate(TimeUs now) {
  while (!round_.empty()) {
    const auto& copies = store_.copies(round_.front());
    const auto own = copies.find(owner_.executor);
    if (own == copies.end()) {
      next_block();
      continue;
    }
    if (const auto peer = choose_peer(now, round_.front())) return send(now, {{}, *peer, 0}, own->second.bytes);
    round_failed_ = true;
    next_block();
  }
  blocks_left_ = round_failed_;
  blocks_us_ = round_us_;
  blocks_token_ = links_.wake_at(now + conf_.reattempt_us);
}

std::optional<ExecutorId> BlockMigration::choose_peer(TimeUs now, const BlockKey& block) {
  if (failures_ > conf_.failures_max) return std::nullopt;
  const auto& copies = store_.copies(block);
  std::vector<ExecutorId> able;
  std::ranges::copy_if(peers(now, true), std::back_inserter(able),
                       [&](ExecutorId id) { return !copies.contains(id) && !tried_.contains(id); });
  if (able.empty()) return std::nullopt;
  return shuffled(std::move(able), fmt::format("{}/rdd_{}_{}", owner_.name, block.first, block.second)).front();
}

void BlockMigration::next_block() {
  round_.pop_front();
  tried_.clear();
  failures_ = 0;
}

void BlockMigration::block_ended(TimeUs now, const Upload& upload, Outcome outcome) {
  const BlockKey block = round_.front();
  if (outcome == Outcome::stored) {
    const std::int64_t bytes = store_.copies(block).at(owner_.executor).bytes;
    store_.put_block(block, upload.peer, {upload.node, bytes});
    store_.drop_block(block, owner_.executor);
    links_.tell_driver({upload.peer, block.first, block.second, std::max<std::int64_t>(bytes, 1), 0});
    links_.tell_driver({owner_.executor, block.first, block.second, 0, 0});
    next_block();
  } else {
    tried_.insert(upload.peer);
    ++failures_;
  }
  replicate(now);
}

}  // namespace podramp::sim
