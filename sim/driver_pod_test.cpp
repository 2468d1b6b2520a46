// What a driver's pod is to its driver: deleting it ends the application, as does a client that goes away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"

namespace podramp::sim::driver_pod_test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string driven(const std::string& more) {
  return R"({"schema":"podramp/v1","seed":3,
    "cluster":{"nodes":[{"group":"worker","count":3,"cpu":"16","memory":"64Gi"}]},
    "background":[{"name":"etl-driver","cpu":"1","memory":"1Gi","node":"worker-1","restart_policy":"Never"}],
    "applications":[{"name":"etl","conf":{"spark.executor.instances":"6",
      "spark.kubernetes.driver.pod.name":"etl-driver","spark.kubernetes.container.image":"spark:4"}}])" +
         more + "}";
}

std::int64_t pods_left(const std::vector<LoggedEvent>& events) {
  std::int64_t pods = 1;  // the driver's
  for (const LoggedEvent& event : events) {
    if (event.get<fact::PodCreated>() != nullptr && event.t() > 0) ++pods;
    if (event.get<fact::PodGone>() != nullptr) --pods;
  }
  return pods;
}

TEST(DriverPod, ADeletedOneStopsItsApplicationWhichCleansUp) {
  const auto events = run_and_read(
      text_scenario(driven(R"(,"timeline":[{"at":"1m","do":"delete_pods","pods":["default/etl-driver"]}])")));
  EXPECT_THAT(all<in::Stopped>(events), SizeIs(1));
  EXPECT_EQ(pods_left(events), 0);
}

TEST(DriverPod, K33_OneThatIsForcedAwayLeavesItsExecutorsToTheGarbageCollector) {
  const auto events = run_and_read(text_scenario(
      driven(R"(,"timeline":[{"at":"1m","do":"delete_pods","pods":["default/etl-driver"],"grace":"0s"}])")));
  EXPECT_THAT(all<in::Stopped>(events), IsEmpty());
  EXPECT_EQ(pods_left(events), 0);
  std::size_t collected = 0;
  for (const auto& [t, going] : all<fact::PodTerminating>(events)) collected += going.why == "gc" ? 1 : 0;
  EXPECT_EQ(collected, 6U);
}

TEST(DriverPod, AnApplicationWhosePodWasDeletedBeforeItsStartNeverStarts) {
  std::string text = driven(R"(,"timeline":[{"at":"1m","do":"delete_pods","pods":["default/etl-driver"]}])");
  text.replace(text.find(R"("name":"etl",)"), 13, R"("name":"etl","start":"2m",)");
  const auto events = run_and_read(text_scenario(text));
  EXPECT_THAT(all<in::Started>(events), IsEmpty());
  EXPECT_EQ(pods_left(events), 0);
}

TEST(DriverPod, AClientThatCrashesBetweenTwoCreatesMakesNoMoreAndCleansNothingUp) {
  // Its first requests are a get of its own pod, a watch and a ConfigMap; then come the executors.
  const auto events =
      run_and_read(text_scenario(driven(R"(,"end":"10m","faults":[{"point":"client.crash","calls":[6]}])")));
  std::vector<std::string> made;
  for (const auto& [t, created] : all<fact::PodCreated>(events)) {
    if (t > 0) made.push_back(created.pod->name);
  }
  EXPECT_FALSE(made.empty());
  EXPECT_LT(made.size(), 6U);
  EXPECT_THAT(all<in::Stopped>(events), IsEmpty());
  EXPECT_THAT(all<fault::Fired>(events), SizeIs(1));
}

}  // namespace
}  // namespace podramp::sim::driver_pod_test
