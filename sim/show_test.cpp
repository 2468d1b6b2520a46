// podramp show on logs of small runs: what stands beside the backend's own description.
#include "sim/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_sets.h"

namespace podramp::sim::show_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// What is shown of the application after a minute.
std::string shown_after_a_minute(const std::string& text, LogLevel level = LogLevel::all) {
  RunOptions options;
  options.level = level;
  options.log_path =
      testing::TempDir() + "/podramp_show_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl";
  run_tiny(text, options);
  const auto shown = show_log(options.log_path, {std::nullopt, kMinuteUs});
  PODRAMP_CHECK(shown.has_value(), shown ? "" : shown.error().message);
  return shown->application.at("etl");
}

TEST(Show, SetsSayHowManyOfTheirPodsAreMadeAndWhatTheRestWaitsFor) {
  EXPECT_THAT(shown_after_a_minute(set_text("statefulset", {})), HasSubstr("set of profile 0: 6 of 6 pods made\n"));
  EXPECT_THAT(shown_after_a_minute(set_text("deployment", {.name = "", .cluster = pods_quota(5)})),
              HasSubstr("set of profile 0: 4 of 6 pods made, 2 wait for: refused by a ResourceQuota\n"));
}

TEST(Show, ExecutorsWithoutAnIdAreShownByTheirPods) {
  const std::string shown = shown_after_a_minute(set_text("statefulset", {.name = "", .cpu = "2"}));
  EXPECT_THAT(shown, HasSubstr(": unschedulable, no id yet\n"));
}

TEST(Show, OfALogWithoutFactsAndOfDirectPodsSetsSayNothing) {
  EXPECT_THAT(shown_after_a_minute(set_text("statefulset", {}), LogLevel::decisions), Not(HasSubstr("set of profile")));
  EXPECT_THAT(shown_after_a_minute(tiny_text()), Not(HasSubstr("set of profile")));
}

}  // namespace
}  // namespace podramp::sim::show_test
