// How the blocks of one executor find their way to its peers: threads, failures, second looks.
#include "sim/block_migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace podramp::sim::block_migration_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimeUs kS = kSecondUs;

// Executor 1 on node 0 leaves; the peers of a test are on the nodes of the same number. Uploads end when the test says.
class MigrationTest : public testing::Test, protected BlockMigration::Links {
 protected:
  MigrationTest() {
    conf.enabled = true;
    conf.moves_shuffle_files = true;
  }
  void begin(std::vector<ExecutorId> executors) {
    living = std::move(executors);
    migration.emplace(static_cast<BlockMigration::Links&>(*this), store, conf, BlockMigration::Owner{1, 0, "etl/1", 7});
    migration->start(now);
  }
  void write_files(int from, int to) {
    for (int map = from; map < to; ++map) store.put_file({0, map}, {1, 0, 100, false});
  }
  void end_upload(bool ok = true) {
    const TransferId id = flows.begin()->first;
    flows.erase(flows.begin());
    migration->transfer_ended(now, id, ok);
  }
  void end_all() {
    while (!flows.empty()) end_upload();
  }
  void run(TimeUs until) {
    while (!wakes.empty() && wakes.begin()->first <= until) {
      now = wakes.begin()->first;
      const std::uint64_t token = wakes.begin()->second;
      wakes.erase(wakes.begin());
      migration->wake(now, token);
    }
    now = until;
  }
  std::vector<std::int32_t> targets() const {
    std::vector<std::int32_t> nodes;
    for (const auto& [id, node] : flows) nodes.push_back(node);
    std::ranges::sort(nodes);
    return nodes;
  }
  bool done(TimeUs last_task_end_us = -1) const { return migration->is_done(last_task_end_us); }

  std::uint64_t wake_at(TimeUs at) override {
    wakes.emplace(at, ++ids);
    return ids;
  }
  TransferId upload(std::int32_t to, std::int64_t) override {
    flows[++ids] = to;
    return ids;
  }
  void cancel(TransferId id) override { flows.erase(id); }
  std::vector<ExecutorId> peers() const override {
    std::vector<ExecutorId> named = living;
    std::erase_if(named, [&](ExecutorId id) { return leaving.contains(id); });
    return named;
  }
  bool accepts(ExecutorId peer) const override { return !leaving.contains(peer); }
  std::optional<std::int32_t> node_of(ExecutorId peer) const override {
    if (dead.contains(peer)) return std::nullopt;
    return peer == 9 ? 0 : static_cast<std::int32_t>(peer);  // 9 is on the leaving one's own node
  }
  bool node_up(std::int32_t node) const override { return !down.contains(node); }
  void tell_driver(const in::BlockUpdated& block) override { told.push_back(block); }

  BlockStore store;
  backend::DecommissionConf conf;
  std::optional<BlockMigration> migration;
  TimeUs now = 0;
  std::vector<ExecutorId> living;
  std::set<ExecutorId> leaving, dead;
  std::set<std::int32_t> down;
  std::map<TransferId, std::int32_t> flows;
  std::multimap<TimeUs, std::uint64_t> wakes;
  std::vector<in::BlockUpdated> told;
  std::uint64_t ids = 0;
};

TEST_F(MigrationTest, EachPeerGetsOneFileAtATime) {
  write_files(0, 5);
  begin({2, 3});
  EXPECT_THAT(targets(), ElementsAre(2, 3));
  end_upload();
  EXPECT_THAT(targets(), ElementsAre(2, 3));
  end_all();
  EXPECT_EQ(told.size(), 5U);
  EXPECT_THAT(store.files_of(1), IsEmpty());
}

TEST_F(MigrationTest, TheDriverHearsOfEachFileFromItsNewHolder) {
  write_files(3, 4);
  begin({2});
  end_all();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].executor, 2);
  EXPECT_EQ(told[0].rdd, -1) << "shuffle of stage 0";
  EXPECT_EQ(told[0].split, 3);
  EXPECT_EQ(told[0].disk_bytes, 100);
  EXPECT_EQ(store.file({0, 3})->executor, 2);
  EXPECT_EQ(store.file({0, 3})->node, 2);
}

TEST_F(MigrationTest, ThereAreNoMoreThreadsThanTheConfAllows) {
  conf.shuffle_threads = 2;
  write_files(0, 9);
  begin({2, 3, 4, 5});
  EXPECT_EQ(flows.size(), 2U);
  const auto first = targets();
  end_upload();
  EXPECT_EQ(targets(), first) << "the pool's places are kept";
  end_upload(false);
  run(now);
  EXPECT_EQ(flows.size(), 2U) << "a thread that has stopped makes place for the next";
  EXPECT_NE(targets(), first);
}

TEST_F(MigrationTest, OnlyALaterLookSeesThatNothingIsLeft) {
  write_files(0, 1);
  begin({2});
  end_all();
  EXPECT_FALSE(done());
  run(29 * kS);
  EXPECT_FALSE(done());
  run(30 * kS);
  EXPECT_TRUE(done());
}

TEST_F(MigrationTest, WithoutBlocksTheFirstLookIsEnough) {
  begin({2});
  EXPECT_TRUE(done());
  EXPECT_FALSE(done(10 * kS)) << "a task that ended later may have written something";
  run(30 * kS);
  EXPECT_TRUE(done(10 * kS));
}

TEST_F(MigrationTest, AFileOfALateTaskIsFoundByTheNextLook) {
  begin({2});
  write_files(0, 1);
  run(29 * kS);
  EXPECT_THAT(flows, IsEmpty());
  run(30 * kS);
  EXPECT_EQ(flows.size(), 1U);
  end_all();
  EXPECT_FALSE(done(20 * kS));
  run(60 * kS);
  EXPECT_TRUE(done(20 * kS));
}

TEST_F(MigrationTest, WithoutPeersItGivesUpAtOnce) {
  write_files(0, 3);
  begin({});
  EXPECT_TRUE(done());
  EXPECT_EQ(store.files_of(1).size(), 3U);
}

TEST_F(MigrationTest, AFailedFileGoesToAnotherPeerAndIsGivenUpAfterThreeFailures) {
  write_files(0, 1);
  begin({2, 3, 4, 5});
  std::set<std::int32_t> tried;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(flows.size(), 1U);
    EXPECT_TRUE(tried.insert(flows.begin()->second).second) << "its thread has stopped";
    end_upload(false);
    run(now);
  }
  EXPECT_THAT(flows, IsEmpty());
  EXPECT_EQ(store.files_of(1).size(), 1U) << "it is lost with its executor";
  run(30 * kS);
  EXPECT_TRUE(done());
}

TEST_F(MigrationTest, APeerThatLeavesItselfRefusesWhichIsNoFailure) {
  conf.failures_max = 1;
  write_files(0, 1);
  begin({2});
  leaving.insert(2);
  write_files(1, 2);
  end_all();
  run(30 * kS);  // it still believes in its peer, which refuses; then nobody is left
  EXPECT_THAT(flows, IsEmpty());
  EXPECT_EQ(store.files_of(1).size(), 1U);
  EXPECT_FALSE(done()) << "the refused file waits for another peer";
  run(60 * kS);
  EXPECT_TRUE(done()) << "there is none";
}

TEST_F(MigrationTest, AnUploadBreaksWhenItsPeerStopsAndIsGivenUpLateWhenItsNodeFallsSilent) {
  write_files(0, 1);
  begin({2, 3});
  const auto first = static_cast<ExecutorId>(flows.begin()->second);
  dead.insert(first);
  migration->peer_stopped(now, first);
  run(now);
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows.begin()->second, 5 - first);
  down.insert(flows.begin()->second);
  end_upload(false);
  run(119 * kS);
  EXPECT_FALSE(done()) << "it waits for an answer";
  run(120 * kS);
  EXPECT_TRUE(done()) << "nobody is left to try";
}

TEST_F(MigrationTest, WithinANodeAFileMovesInNoTime) {
  write_files(0, 2);
  begin({9});
  run(0);
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(ids, 3U) << "two answers and the next look, no upload";
}

TEST_F(MigrationTest, FilesOfAShuffleServiceStay) {
  store = BlockStore(ShuffleFiles::with_node);
  write_files(0, 3);
  begin({2});
  EXPECT_THAT(flows, IsEmpty());
  EXPECT_TRUE(done());
}

TEST_F(MigrationTest, CachedBlocksGoOneAfterTheOtherToExecutorsWithoutACopy) {
  conf.moves_shuffle_files = false;
  conf.moves_cached_blocks = true;
  for (int split = 0; split < 3; ++split) store.put_block({5, split}, 1, {0, 40});
  store.put_block({5, 0}, 2, {2, 40});
  begin({2, 3});
  ASSERT_THAT(targets(), ElementsAre(3)) << "2 has a copy of the first one";
  end_upload();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].executor, 3);
  EXPECT_EQ(told[0].memory_bytes, 40);
  EXPECT_EQ(told[1].executor, 1);
  EXPECT_EQ(told[1].memory_bytes, 0);
  EXPECT_EQ(flows.size(), 1U);
  EXPECT_FALSE(done());
  end_all();
  EXPECT_THAT(store.blocks_of(1), IsEmpty());
  EXPECT_TRUE(done()) << "a round that has moved everything is enough";
  EXPECT_FALSE(done(0)) << "but it must have begun after the last task";
}

TEST_F(MigrationTest, ACachedBlockThatNobodyTakesIsTriedAgainInTheNextRound) {
  conf.moves_shuffle_files = false;
  conf.moves_cached_blocks = true;
  store.put_block({5, 0}, 1, {0, 40});
  begin({2});
  end_upload(false);
  run(now);
  EXPECT_THAT(flows, IsEmpty());
  EXPECT_FALSE(done());
  run(30 * kS);
  EXPECT_EQ(flows.size(), 1U);
  end_all();
  EXPECT_TRUE(done());
}

}  // namespace
}  // namespace podramp::sim::block_migration_test
