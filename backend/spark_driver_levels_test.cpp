// Whole drivers at their levels (02 0.2): who ends the driver over failures, what a pod that cannot be built does, and
// recovery mode. The parts have tests of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "backend/test_world.h"

namespace podramp::backend::spark_driver_levels_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Application application_at(Compat level, std::int64_t executors) {
  Application application = test_application(executors);
  application.conf.compat = level;
  return application;
}

struct Living {
  explicit Living(Application application)
      : backend(std::make_unique<Backend>(std::move(application))), world([this](TimeUs now, const Input& input) {
          Outbox out;
          backend->step(now, input, out);
          return out.take();
        }) {
    world.at(0, in::Started{"app-1"});
  }
  std::vector<out::Exited> exits() const {
    std::vector<out::Exited> found;
    for (const auto& [when, exited] : world.all<out::Exited>()) found.push_back(exited);
    return found;
  }
  std::int64_t creates() const {
    std::int64_t n = 0;
    for (const auto& [when, called] : world.all<out::Called>()) n += called.request.verb == Verb::create ? 1 : 0;
    return n;
  }

  std::unique_ptr<Backend> backend;
  TestWorld world;
};

std::optional<ApiReply> refuse_creates(const ApiRequest& request) {
  if (request.verb != Verb::create) return std::nullopt;
  return reply_error(403, "Forbidden");
}

TEST(DriverLevels, AnEndlessRefusalIsTriedForEverUpTo41AndBoundedByTheFailureLimitFrom42) {
  for (const Compat level : {Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1}) {
    Living living(application_at(level, 5));
    living.world.fault = refuse_creates;
    living.world.run(60 * kSecondUs);
    EXPECT_THAT(living.exits(), IsEmpty());
    EXPECT_EQ(living.creates(), 60) << "one a round, which lasts a little more than a second";
  }
  for (const Compat level : {Compat::spark_4_2, Compat::spark_4_4}) {
    Living living(application_at(level, 5));
    living.world.fault = refuse_creates;
    living.world.run(60 * kSecondUs);
    const auto exits = living.exits();
    ASSERT_THAT(exits, SizeIs(1));
    EXPECT_EQ(exits[0].code, 11);
    EXPECT_EQ(exits[0].why, "5 executors have failed, more than the 3 that spark.executor.maxNumFailures allows");
    EXPECT_EQ(living.creates(), 6) << "the lifecycle manager looks once a second, just after the allocator";
  }
}

TEST(DriverLevels, FailedPodsEndTheDriverAtEveryLevel) {
  for (const Compat level : {Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_2}) {
    Application application = application_at(level, 1);
    application.conf.max_executor_failures = 1;
    application.conf.delete_on_termination = false;  // else 3.5 may miss them
    Living living(application);
    for (int executor = 1; executor <= 2; ++executor) {
      living.world.run_for(3 * kSecondUs);
      living.world.set_phase("app-exec-" + std::to_string(executor), PodPhase::failed);
    }
    living.world.run_for(3 * kSecondUs);
    const auto exits = living.exits();
    ASSERT_THAT(exits, SizeIs(1));
    EXPECT_EQ(exits[0].code, 11);
  }
}

Application cpu_above_limit(Compat level) {
  Application application = application_at(level, 1);
  application.conf.request_cpu_milli = 2000;
  application.conf.limit_cpu_milli = 1000;
  return application;
}

TEST(DriverLevels, CpuAboveItsLimitIsLeftToTheServerUpTo40) {
  for (const Compat level : {Compat::spark_3_5, Compat::spark_4_0}) {
    Living living(cpu_above_limit(level));
    living.world.run(5 * kSecondUs);
    EXPECT_EQ(living.creates(), 1);
    EXPECT_THAT(living.exits(), IsEmpty());
  }
}

TEST(DriverLevels, CpuAboveItsLimitIsTriedAgainEveryRoundAt41WithoutAnExit) {
  Living living(cpu_above_limit(Compat::spark_4_1));
  living.world.run(10 * kSecondUs);
  EXPECT_EQ(living.creates(), 0);
  EXPECT_THAT(living.exits(), IsEmpty());
  EXPECT_EQ(living.backend->books().next_executor_id, 12) << "an id a round";
}

TEST(DriverLevels, CpuAboveItsLimitEndsTheDriverWithCodeOneFrom42) {
  for (const Compat level : {Compat::spark_4_2, Compat::spark_4_4}) {
    Living living(cpu_above_limit(level));
    living.world.run(10 * kSecondUs);
    const auto exits = living.exits();
    ASSERT_THAT(exits, SizeIs(1));
    EXPECT_EQ(exits[0].code, 1);
    EXPECT_THAT(exits[0].why, HasSubstr("the executor cpu request 2 must be less than or equal to the limit 1"));
  }
}

TEST(DriverLevels, AMissingImageIsAnOrdinaryExceptionAtEveryLevel) {
  for (const Compat level : {Compat::spark_4_0, Compat::spark_4_2}) {
    Application application = application_at(level, 1);
    application.conf.executor_image.clear();
    Living living(application);
    living.world.run(5 * kSecondUs);
    EXPECT_THAT(living.exits(), IsEmpty());
    EXPECT_EQ(living.creates(), 0);
  }
}

// SPARK_EXECUTOR_CORES of an executor's pod as it was created.
std::string cores_of(const Living& living, const std::string& pod) {
  for (const auto& [when, called] : living.world.all<out::Called>()) {
    const PodPtr& body = called.request.body;
    if (body == nullptr || body->name != pod) continue;
    for (const EnvVar& env : body->tmpl->containers.at(0).env) {
      if (env.name == "SPARK_EXECUTOR_CORES") return env.value;
    }
  }
  return "not created";
}

TEST(DriverLevels, AfterAnOomExecutorsOf42HaveOneSlotAndThoseOf41AllTheirCores) {
  for (const Compat level : {Compat::spark_4_1, Compat::spark_4_2}) {
    Application application = application_at(level, 1);
    application.conf.executor_cores = 4;
    application.conf.event_processing_interval_us = 500 * kMillisecondUs;  // it notices before the next round
    Living living(application);
    living.world.run(3 * kSecondUs);
    Pod dead = *living.world.pods().at("app-exec-1");
    dead.phase = PodPhase::failed;
    dead.containers = {ended_container("spark-kubernetes-executor", 137)};
    living.world.put(std::move(dead));
    living.world.run_for(3 * kSecondUs);
    EXPECT_EQ(cores_of(living, "app-exec-1"), "4");
    EXPECT_EQ(cores_of(living, "app-exec-2"), level == Compat::spark_4_2 ? "1" : "4");
  }
}

}  // namespace
}  // namespace podramp::backend::spark_driver_levels_test
