// Spark 2.2's dynamic allocation in a driver: the order of what goes out, and a kill that lowers the backend's total.
#include "backend/early_scaling_side.h"

#include <gtest/gtest.h>

#include "backend/test_pods.h"

namespace podramp::backend::early_scaling_side_test {
namespace {

class EarlyBackend final : public ScalingClient {
 public:
  EarlyScalingSide* side = nullptr;
  std::int64_t total = 0;
  std::vector<std::int64_t> totals;
  std::vector<ExecutorId> killed;

  bool request_total(TimeUs, const std::map<ProfileId, std::int64_t>& targets, Outbox&) override {
    total = targets.at(kDefaultProfile);
    totals.push_back(total);
    return true;
  }
  std::vector<ExecutorId> remove(TimeUs, const Removal& removal, Outbox&) override {
    EXPECT_TRUE(removal.adjust_target);
    for (const ExecutorId id : removal.executors) {
      killed.push_back(id);
      --total;
      side->executor_removed(id);
    }
    return removal.executors;
  }
  bool is_active(ExecutorId) const override { return true; }
};

TEST(EarlyScalingSide, GrowsAtItsDeadlinesAndKillsIdleExecutorsWithoutSendingTheTargetAgain) {
  EarlyDynamicSettings settings;
  settings.max = 10;
  settings.shuffle_service = true;
  EarlyBackend backend;
  EarlyScalingSide side(settings, backend);
  backend.side = &side;
  Outbox out;
  std::optional<TimeUs> timer;
  const auto take = [&] {
    for (const out::TimerSet& set : only<out::TimerSet>(out.take())) timer = set.at_us;
  };
  const auto run = [&](TimeUs until) {
    while (timer && *timer <= until) {
      const TimeUs now = *std::exchange(timer, std::nullopt);
      side.tick_due(now, out);
      take();
    }
  };
  side.start(0, out);
  side.stage_submitted(0, 0, 3, locality_hints({{"n1"}, {"n1"}, {}}));
  side.settle(0, out);
  take();
  run(3 * kSecondUs);
  EXPECT_EQ(backend.totals, (std::vector<std::int64_t>{0, 1, 3}));
  EXPECT_EQ(side.hints(), (LocalityHints{2, {{"n1", 2}}}));

  for (ExecutorId id = 1; id <= 3; ++id) side.executor_added(3 * kSecondUs, id);
  side.settle(3 * kSecondUs, out);
  take();
  run(70 * kSecondUs);
  EXPECT_EQ(backend.killed, (std::vector<ExecutorId>{1, 2, 3}));
  EXPECT_EQ(backend.total, 0) << "lowered by the kills alone";
  EXPECT_EQ(backend.totals.size(), 3U);
  EXPECT_EQ(side.manager().target(), 3) << "the manager still believes in its own target";
  EXPECT_EQ(side.manager().pending_removal().size(), 0U);
}

}  // namespace
}  // namespace podramp::backend::early_scaling_side_test
