#include "sim/admission_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/engine_test_support.h"

namespace podramp::sim::admission_queue_test {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kMB = 1'000'000;

// Stands between the queue and the engine: passes everything on, keeps its own books, looks after every turn.
class Watched : public Engine, private Body {
 public:
  explicit Watched(Engine& inner) : inner_(inner) {}
  const EnginePlatform& platform() const override { return inner_.platform(); }
  void run(Body& body) override {
    body_ = &body;
    inner_.run(*this);
  }
  void start(const Transfer& transfer) override {
    started.push_back(transfer.id);
    alive_[transfer.id] = transfer.registry;
    inner_.start(transfer);
  }
  bool cancel(TransferId id) override {
    alive_.erase(id);
    return inner_.cancel(id);
  }
  void set_node(std::int32_t node, bool on) override { inner_.set_node(node, on); }
  std::int32_t alive(std::int32_t registry) const {
    return static_cast<std::int32_t>(
        std::count_if(alive_.begin(), alive_.end(), [&](const auto& entry) { return entry.second == registry; }));
  }

  std::vector<TransferId> started;
  std::function<void()> after_turn;

 private:
  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override {
    for (const TransferEnd& end : ended) alive_.erase(end.id);
    const auto wanted = body_->turn(now, ended);
    if (after_turn) after_turn();
    return wanted;
  }

  Engine& inner_;
  Body* body_ = nullptr;
  std::map<TransferId, std::int32_t> alive_;
};

class AdmissionQueueTest : public testing::TestWithParam<EngineKind> {
 protected:
  void build(const EnginePlatform& platform, const std::vector<std::int32_t>& limits) {
    engine_ = make_engine(GetParam(), platform);
    watched_ = std::make_unique<Watched>(*engine_);
    queue_ = std::make_unique<AdmissionQueue>(*watched_, limits);
  }
  AdmissionQueue& queue() { return *queue_; }
  Watched& watched() { return *watched_; }
  const std::vector<TransferId>& started() const { return watched_->started; }
  Script script_;

 private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Watched> watched_;
  std::unique_ptr<AdmissionQueue> queue_;
};

INSTANTIATE_TEST_SUITE_P(Engines, AdmissionQueueTest, testing::Values(EngineKind::fluid, EngineKind::simgrid),
                         [](const auto& kind) { return engine_name(kind.param); });

TEST_P(AdmissionQueueTest, TheNextIsAdmittedAtTheInstantAPlaceIsFree) {
  build({{1000 * kMB}, {100 * kMB, 100 * kMB, 100 * kMB}}, {1});
  script_.at(0, [&] {
    for (std::int32_t n = 0; n < 3; ++n) queue().start({static_cast<TransferId>(n + 1), 0, n, 100 * kMB});
    EXPECT_EQ(queue().queued(0), 3);  // admitted when the turn is over
  });
  script_.at(1, [&] {
    EXPECT_EQ(queue().admitted(0), 1);
    EXPECT_EQ(queue().queued(0), 2);
  });
  queue().run(script_);
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, kSecondUs, true}, TransferEnd{2, 2 * kSecondUs, true},
                                        TransferEnd{3, 3 * kSecondUs, true}));
  EXPECT_EQ(queue().admitted(0), 0);
}

TEST_P(AdmissionQueueTest, HoldsItsLimitsAtEveryInstantIsFullWhileAnyoneWaitsAndKeepsTheOrder) {
  std::vector<std::int64_t> nodes;
  nodes.reserve(40);
  for (int n = 0; n < 40; ++n) nodes.push_back((10 + n) * kMB);
  build({{100 * kMB, 70 * kMB}, nodes}, {4, 3});
  std::vector<TransferId> asked[2];
  for (TransferId id = 0; id < 200; ++id) {
    const auto registry = static_cast<std::int32_t>(id % 3 == 0);
    const auto node = static_cast<std::int32_t>((id * 17) % 40);
    const auto bytes = static_cast<std::int64_t>(1 + id % 13) * 4 * kMB;
    script_.at(static_cast<TimeUs>(id / 5) * 400'000, [&, id, registry, node, bytes] {
      asked[registry].push_back(id);
      queue().start({id, registry, node, bytes});
    });
  }
  std::int32_t most_waiting[2] = {0, 0};
  watched().after_turn = [&] {
    for (std::int32_t r = 0; r < 2; ++r) {
      EXPECT_EQ(watched().alive(r), queue().admitted(r)) << "at " << script_.now();
      const std::int32_t limit = r == 0 ? 4 : 3;
      EXPECT_LE(watched().alive(r), limit) << "at " << script_.now();
      if (queue().queued(r) > 0) {
        EXPECT_EQ(watched().alive(r), limit) << "a free place at " << script_.now();
      }
      most_waiting[r] = std::max(most_waiting[r], queue().queued(r));
    }
  };
  queue().run(script_);
  EXPECT_GT(most_waiting[0], 10);
  EXPECT_GT(most_waiting[1], 10);
  EXPECT_EQ(script_.ends.size(), 200u);
  for (std::size_t r = 0; r < 2; ++r) {
    std::vector<TransferId> admitted;
    for (const TransferId id : started()) {
      if ((id % 3 == 0) == (r == 1)) admitted.push_back(id);
    }
    EXPECT_EQ(admitted, asked[r]);
  }
}

TEST_P(AdmissionQueueTest, WithoutALimitAllStartAtOnce) {
  build({{100 * kMB}, std::vector<std::int64_t>(100, 100 * kMB)}, {0});
  script_.at(0, [&] {
    for (std::int32_t n = 0; n < 100; ++n) queue().start({static_cast<TransferId>(n), 0, n, kMB});
  });
  script_.at(10, [&] { EXPECT_EQ(queue().admitted(0), 100); });
  queue().run(script_);
  ASSERT_EQ(script_.ends.size(), 100u);
  for (const TransferEnd& end : script_.ends) EXPECT_EQ(end.at, kSecondUs);
}

TEST_P(AdmissionQueueTest, ACancelledOneLeavesTheQueueOrItsPlace) {
  build({{1000 * kMB}, std::vector<std::int64_t>(4, 100 * kMB)}, {1});
  script_.at(0, [&] {
    for (std::int32_t n = 0; n < 4; ++n) queue().start({static_cast<TransferId>(n + 1), 0, n, 100 * kMB});
  });
  script_.at(100, [&] {
    EXPECT_TRUE(queue().cancel(2));  // waits
    EXPECT_FALSE(queue().cancel(2));
    EXPECT_EQ(queue().queued(0), 2);
  });
  script_.at(500'000, [&] { EXPECT_TRUE(queue().cancel(1)); });  // on its way: 3 takes its place at this instant
  queue().run(script_);
  EXPECT_THAT(started(), ElementsAre(1, 3, 4));
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{3, 1'500'000, true}, TransferEnd{4, 2'500'000, true}));
}

TEST_P(AdmissionQueueTest, WhatIsQueuedForANodeThatGoesDownFailsAtOnce) {
  build({{1000 * kMB}, std::vector<std::int64_t>(3, 100 * kMB)}, {1});
  script_.at(0, [&] {
    queue().start({1, 0, 0, 100 * kMB});
    queue().start({2, 0, 1, 100 * kMB});
    queue().start({3, 0, 0, 100 * kMB});
    queue().start({4, 0, 2, 100 * kMB});
  });
  script_.at(200'000, [&] { queue().set_node(0, false); });     // 1 on its way, 3 in the queue
  script_.at(300'000, [&] { queue().start({5, 0, 0, kMB}); });  // down
  script_.at(400'000, [&] { queue().set_node(0, true); });
  script_.at(500'000, [&] { queue().start({1, 0, 0, 100 * kMB}); });
  queue().run(script_);
  EXPECT_THAT(started(), ElementsAre(1, 2, 4, 1));
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, 200'000, false}, TransferEnd{3, 200'000, false},
                                        TransferEnd{5, 300'000, false}, TransferEnd{2, 1'200'000, true},
                                        TransferEnd{4, 2'200'000, true}, TransferEnd{1, 3'200'000, true}));
}

TEST_P(AdmissionQueueTest, AStartInTheTurnOfAnEndWaitsBehindThoseBeforeIt) {
  build({{1000 * kMB}, std::vector<std::int64_t>(3, 100 * kMB)}, {1});
  script_.at(0, [&] {
    queue().start({1, 0, 0, 100 * kMB});
    queue().start({2, 0, 1, 100 * kMB});
  });
  script_.on_end = [&](const TransferEnd& end) {
    if (end.id == 1) queue().start({3, 0, 0, 100 * kMB});
  };
  queue().run(script_);
  EXPECT_THAT(started(), ElementsAre(1, 2, 3));
  EXPECT_THAT(script_.ends, ElementsAre(TransferEnd{1, kSecondUs, true}, TransferEnd{2, 2 * kSecondUs, true},
                                        TransferEnd{3, 3 * kSecondUs, true}));
}

}  // namespace
}  // namespace podramp::sim::admission_queue_test
