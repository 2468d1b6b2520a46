// A whole backend with dynamic allocation: a job makes it grow, its end makes it shrink, idle executors are killed.
#include "backend/scaling_link.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backend/backend.h"
#include "backend/snapshots.h"
#include "backend/test_world.h"

namespace podramp::backend::scaling_link_test {
namespace {

Application dynamic_application(std::int64_t max) {
  Application application = test_application(0);
  Conf& conf = application.conf;
  conf.dynamic_allocation = true;
  conf.scaling.dynamic.max = max;
  conf.scaling.dynamic.monitor.idle_timeout_us = 10 * kSecondUs;
  return application;
}

// Executors register half a second after their pod was made, tasks take 30 s.
class DynamicBackend {
 public:
  explicit DynamicBackend(const Application& application)
      : backend(application), world([this](TimeUs now, const Input& input) { return step(now, input); }) {
    world.at(0, in::Started{"app-1"});
  }
  Backend backend;
  TestWorld world;

  void job(TimeUs when, JobId id, std::int64_t tasks) {
    JobPlan plan;
    plan.job = id;
    plan.stages.resize(1);
    plan.stages[0].stage = id;
    plan.stages[0].tasks = tasks;
    world.at(when, in::JobSubmitted{std::move(plan)});
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> lines;
    for (const auto& [when, request] : world.all<out::TargetsRequested>()) {
      lines.push_back(fmt::format("{} {}: {}", format_time(when), request.targets.at(kDefaultProfile), request.why));
    }
    return lines;
  }
  std::vector<std::string> removed() const {
    std::vector<std::string> lines;
    for (const auto& [when, gone] : world.all<out::ExecutorRemoved>()) {
      lines.push_back(fmt::format("{} executor {}", format_time(when), gone.executor));
    }
    return lines;
  }

 private:
  std::vector<Effect> step(TimeUs now, const Input& input) {
    Outbox out;
    backend.step(now, input, out);
    for (const Effect& effect : out.effects()) {
      if (const auto* launched = std::get_if<out::TaskLaunched>(&effect)) {
        world.at(now + 30 * kSecondUs, in::TaskEnded{launched->task, {}});
      }
      const auto* called = std::get_if<out::Called>(&effect);
      if (called == nullptr || called->request.verb != Verb::create || called->request.body == nullptr) continue;
      const ExecutorId id = executor_id(*called->request.body).value();
      world.at(now + 500 * kMillisecondUs, in::Registered{id, fmt::format("10.0.0.{}", id)});
    }
    return out.take();
  }
};

TEST(ScalingLink, AJobMakesTheTargetGrowAndItsEndMakesItShrinkUntilIdleExecutorsAreKilled) {
  DynamicBackend app(dynamic_application(4));
  app.job(0, 1, 8);
  app.world.run(20 * kSecondUs);
  EXPECT_EQ(app.targets(), (std::vector<std::string>{"0.000s 0: dynamic allocation starts", "1.000s 1: backlog",
                                                     "2.000s 3: backlog", "3.000s 4: backlog"}));
  EXPECT_EQ(app.world.all<out::RegistrationAccepted>().size(), 4U);
  EXPECT_EQ(app.world.all<out::TaskLaunched>().size(), 4U);

  app.world.run(120 * kSecondUs);
  EXPECT_EQ(app.world.all<out::JobEnded>().size(), 1U);
  // The second tasks end at 61.5, 62.5 (two) and 63.5 s; each time the tick after that lowers the target.
  const std::vector<std::string> targets = app.targets();
  EXPECT_EQ(
      std::vector<std::string>(targets.begin() + 4, targets.end()),
      (std::vector<std::string>{"1m01.600s 3: less needed", "1m02.600s 1: less needed", "1m03.600s 0: less needed",
                                "1m11.500s 0: idle executors removed", "1m12.500s 0: idle executors removed",
                                "1m12.600s 0: idle executors removed", "1m13.500s 0: idle executors removed"}));
  EXPECT_EQ(app.removed(), (std::vector<std::string>{"1m11.500s executor 1", "1m12.500s executor 2",
                                                     "1m12.600s executor 3", "1m13.500s executor 4"}));
  EXPECT_EQ(app.backend.books().registered, 0);
}

TEST(ScalingLink, AShuffleFileThatMovesInKeepsAnIdleExecutorAndIsNoCachedBlock) {
  Application application = dynamic_application(4);
  application.conf.scaling.dynamic.monitor.shuffle_tracking = true;
  application.conf.scaling.dynamic.monitor.shuffle_timeout_us = kHourUs;
  DynamicBackend app(application);
  app.job(0, 1, 8);
  app.world.at(30 * kSecondUs, in::BlockUpdated{2, -1, 0, 0, 100});
  app.world.run(120 * kSecondUs);
  EXPECT_EQ(app.removed().size(), 3U);
  for (const std::string& line : app.removed()) EXPECT_FALSE(line.ends_with("executor 2")) << line;
}

TEST(ScalingLink, WithoutTheKeyNothingIsRequestedAndNoTickIsArmed) {
  Application application = dynamic_application(4);
  application.conf.dynamic_allocation = false;
  DynamicBackend app(application);
  app.job(0, 1, 8);
  app.world.run(20 * kSecondUs);
  EXPECT_EQ(app.targets(), std::vector<std::string>{});
  for (const auto& [when, timer] : app.world.all<out::TimerSet>()) EXPECT_NE(timer.timer, TimerKind::dynamic_tick);
}

}  // namespace
}  // namespace podramp::backend::scaling_link_test
