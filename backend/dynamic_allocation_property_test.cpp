// Over random histories: ticking only when next_tick() says so decides the same as ticking every 100 ms, and whatever
// happens targets keep to their limits and no removal takes a profile below its minimum or target.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "backend/dynamic_allocation.h"
#include "backend/port/random.h"

namespace podramp::backend::dynamic_allocation_property_test {
namespace {

// One listener event, as something to do to a manager.
struct Event {
  TimeUs at_us = 0;
  std::function<std::optional<TargetRequest>(DynamicAllocation&)> apply;
};

// A manager, the ticks it gets, and a backend that refuses some kills and some requests by the time of day alone.
class Ticker {
 public:
  Ticker(const DynamicAllocationSettings& settings, std::uint64_t seed, bool every_tick)
      : manager(settings), settings_(settings), seed_(seed), every_tick_(every_tick) {
    note(0, manager.start(0));
    arm(0);
  }

  DynamicAllocation manager;
  std::vector<std::string> decisions;
  std::int64_t ticks = 0;

  void play(const std::vector<Event>& events, TimeUs end) {
    for (const Event& event : events) {
      run_to(event.at_us);
      if (const auto request = event.apply(manager)) note(event.at_us, *request);
      arm(event.at_us);
    }
    run_to(end);
  }

 private:
  void arm(TimeUs now) {
    armed_us_ = every_tick_ ? (now / kDynamicTickUs + 1) * kDynamicTickUs : manager.next_tick(now);
  }
  // Ticks of an instant come before its events.
  void run_to(TimeUs until) {
    while (armed_us_ <= until) {
      const TimeUs now = armed_us_;
      ASSERT_EQ(now % kDynamicTickUs, 0);
      tick(now);
      arm(now);
    }
  }
  void tick(TimeUs now) {
    ++ticks;
    if (const auto request = manager.tick(now)) {
      note(now, *request);
      manager.request_answered(!draw("request", now, 0).chance(1, 10));
    }
    for (const auto& [profile, target] : manager.targets()) {
      ASSERT_GE(target, settings_.min);
      ASSERT_LE(target, settings_.max);
    }
    const auto removal = manager.removal();
    if (!removal) return;
    decisions.push_back(fmt::format("{} remove {}", now, removal->executors));
    check_removal(*removal);
    std::vector<ExecutorId> accepted;
    for (const ExecutorId id : removal->executors) {
      if (!draw("kill", now, id).chance(1, 4)) accepted.push_back(id);
    }
    note(now, manager.removal_answered(accepted));
  }
  void check_removal(const Removal& removal) {
    std::map<ProfileId, std::int64_t> going;
    for (const ExecutorId id : removal.executors) ++going[manager.monitor().profile_of(id).value()];
    for (const auto& [profile, count] : going) {
      ASSERT_GE(manager.monitor().remaining(profile) - count, std::max(settings_.min, manager.target(profile)));
    }
  }
  Draw draw(std::string_view what, TimeUs now, ExecutorId id) const {
    return {seed_, "test.dynamic.backend", fmt::format("{} {}", what, id), static_cast<std::uint64_t>(now)};
  }
  void note(TimeUs now, const TargetRequest& request) {
    decisions.push_back(fmt::format("{} {} need {}: {}", now, request.targets, request.needed, request.why));
  }

  DynamicAllocationSettings settings_;
  std::uint64_t seed_;
  bool every_tick_;
  TimeUs armed_us_ = 0;
};

class Histories {
 public:
  explicit Histories(std::uint64_t seed) : draw_(seed, "test.dynamic", "history") {}

  DynamicAllocationSettings settings() {
    DynamicAllocationSettings settings;
    settings.min = draw_.uniform(0, 3);
    settings.max = settings.min + draw_.uniform(1, 20);
    settings.initial = draw_.uniform(settings.min, settings.max);
    settings.ratio = draw_.chance(1, 2) ? 1.0 : 0.4;
    settings.backlog_timeout_us = draw_.uniform(1, 30) * 100 * kMillisecondUs;
    settings.sustained_backlog_timeout_us = draw_.uniform(1, 30) * 70 * kMillisecondUs;
    settings.decommission = draw_.chance(1, 3);
    for (ProfileId profile = 0; profile < 3; ++profile) settings.slots[profile] = draw_.uniform(1, 4);
    settings.monitor.idle_timeout_us = draw_.uniform(1, 50) * 90 * kMillisecondUs;
    settings.monitor.cached_idle_timeout_us = draw_.uniform(1, 100) * 90 * kMillisecondUs;
    settings.monitor.shuffle_timeout_us = draw_.uniform(1, 100) * 90 * kMillisecondUs;
    settings.monitor.shuffle_service = draw_.chance(1, 3);
    settings.monitor.service_fetches_blocks = draw_.chance(1, 2);
    return settings;
  }

  std::vector<Event> events(int count) {
    std::vector<Event> all;
    TimeUs now = 0;
    for (int i = 0; i < count; ++i) {
      if (draw_.chance(2, 3)) now += draw_.uniform(0, 400) * kMillisecondUs;
      if (draw_.chance(1, 3)) now += draw_.uniform(0, 99'999);
      if (draw_.chance(1, 40)) now += draw_.uniform(1, 10) * kSecondUs;
      all.push_back({now, event(now)});
    }
    return all;
  }

 private:
  using Apply = std::function<std::optional<TargetRequest>(DynamicAllocation&)>;
  template <class F>
  static Apply quiet(F change) {
    return [change](DynamicAllocation& manager) -> std::optional<TargetRequest> {
      change(manager);
      return std::nullopt;
    };
  }

  Apply event(TimeUs now) {
    const auto executor = static_cast<ExecutorId>(draw_.uniform(1, 25));
    const StageAttempt attempt{static_cast<StageId>(draw_.uniform(0, 6)), static_cast<int>(draw_.uniform(0, 1))};
    const auto profile = static_cast<ProfileId>(draw_.uniform(0, 2));
    const auto index = static_cast<int>(draw_.uniform(0, 12));
    const bool flag = draw_.chance(1, 3);
    const auto tasks = draw_.uniform(1, 30);
    switch (draw_.uniform(0, 19)) {
      case 0:
      case 1: return [=](DynamicAllocation& manager) { return manager.stage_submitted(now, attempt, tasks, profile); };
      case 2: return quiet([=](DynamicAllocation& manager) { manager.stage_completed(attempt); });
      case 3:
      case 4:
      case 5:
        return quiet(
            [=](DynamicAllocation& manager) { manager.task_started(now, attempt, index, flag, executor, true); });
      case 6:
      case 7:
      case 8: {
        const auto how = static_cast<TaskEnd>(draw_.uniform(0, 4));
        return quiet([=](DynamicAllocation& manager) { manager.task_ended(now, attempt, index, flag, executor, how); });
      }
      case 9:
        return quiet([=](DynamicAllocation& manager) { manager.speculative_task_submitted(now, attempt, index); });
      case 10: return quiet([=](DynamicAllocation& manager) { manager.unschedulable_task_set_added(now, attempt); });
      case 11: return quiet([=](DynamicAllocation& manager) { manager.unschedulable_task_set_removed(attempt); });
      case 12:
      case 13:
      case 14:
        return quiet([=](DynamicAllocation& manager) { manager.monitor().executor_added(now, executor, profile % 2); });
      default: return monitor_event(executor, attempt.stage, index, flag);
    }
  }

  Apply monitor_event(ExecutorId executor, StageId stage, int index, bool flag) {
    const auto job = static_cast<JobId>(draw_.uniform(0, 3));
    const auto rdd = static_cast<std::int32_t>(draw_.uniform(0, 2));
    switch (draw_.uniform(0, 6)) {
      case 0: return quiet([=](DynamicAllocation& manager) { manager.monitor().executor_removed(executor, ""); });
      case 1:
        return quiet([=](DynamicAllocation& manager) {
          manager.monitor().block_updated(executor, rdd, index, flag, index % 2 == 0, true);
        });
      case 2: return quiet([=](DynamicAllocation& manager) { manager.monitor().rdd_unpersisted(rdd); });
      case 3:
        return quiet([=](DynamicAllocation& manager) {
          manager.monitor().job_started(job, {{stage, rdd}, {stage + 1, std::nullopt}});
        });
      case 4: return quiet([=](DynamicAllocation& manager) { manager.monitor().job_ended(job); });
      case 5: return quiet([=](DynamicAllocation& manager) { manager.monitor().shuffle_cleaned(rdd); });
      default:
        if (!draw_.chance(1, 10)) {
          return quiet(
              [=](DynamicAllocation& manager) { manager.monitor().shuffle_block_stored(executor, rdd, true); });
        }
        return quiet([](DynamicAllocation& manager) { manager.reset(); });
    }
  }

  Draw draw_;
};

std::string books(const DynamicAllocation& manager) {
  std::string text =
      fmt::format("add at {}, initializing {}, idle", manager.add_time_us().value_or(kNever), manager.initializing());
  for (const IdleExecutor& idle : manager.monitor().candidates()) text += fmt::format(" {}", idle.executor);
  for (const auto& [profile, target] : manager.targets()) {
    text += fmt::format("; profile {}: target {} step {} need {}", profile, target, manager.to_add(profile),
                        manager.needed(profile));
  }
  return text +
         fmt::format("; pending {} {}", manager.monitor().pending_removal(), manager.monitor().decommissioning());
}

TEST(DynamicAllocationProperty, SkippingTicksThatCannotMatterDecidesTheSameAsTickingEvery100Ms) {
  std::int64_t all_ticks = 0;
  std::int64_t needed_ticks = 0;
  std::size_t removals = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Histories histories(seed);
    const DynamicAllocationSettings settings = histories.settings();
    const std::vector<Event> events = histories.events(250);
    const TimeUs end = events.back().at_us + 20 * kSecondUs;
    Ticker every(settings, seed, true);
    Ticker needed(settings, seed, false);
    every.play(events, end);
    needed.play(events, end);
    ASSERT_EQ(every.decisions, needed.decisions) << "seed " << seed;
    ASSERT_EQ(books(every.manager), books(needed.manager)) << "seed " << seed;
    all_ticks += every.ticks;
    needed_ticks += needed.ticks;
    removals += static_cast<std::size_t>(std::ranges::count_if(
        every.decisions, [](const auto& line) { return line.find("remove") != std::string::npos; }));
  }
  EXPECT_GT(removals, 1000U) << "the histories must be worth something";
  EXPECT_LT(needed_ticks * 2, all_ticks);
}

}  // namespace
}  // namespace podramp::backend::dynamic_allocation_property_test
