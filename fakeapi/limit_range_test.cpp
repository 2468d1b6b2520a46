#include "fakeapi/limit_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::limit_range_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kGi = 1 << 30;

TEST(LimitRange, MaxGivesDefaultLimitsAndThoseDefaultRequests) {
  LimitRangeSpec range;
  range.max.cpu_milli = 2000;
  range.default_limit.memory_bytes = kGi;
  range.min.cpu_milli = 100;
  const LimitRangeSpec full = with_own_defaults(range);
  EXPECT_EQ(full.default_limit, (Resources{2000, kGi, {}}));
  EXPECT_EQ(full.default_request, (Resources{2000, kGi, {}}));
}

TEST(LimitRange, GivesWhatIsMissingAndSaysSo) {
  LimitRangeSpec range;
  range.default_request = {250, kGi, {}};
  range.default_limit = {500, std::nullopt, {}};
  PodTemplate tmpl = small_template();
  tmpl.containers[0].requests = {std::nullopt, 2 * kGi, {}};
  tmpl.containers[0].limits = {};
  apply_defaults(range, tmpl);
  EXPECT_EQ(tmpl.containers[0].requests, (Resources{250, 2 * kGi, {}}));
  EXPECT_EQ(tmpl.containers[0].limits, (Resources{500, std::nullopt, {}}));
  EXPECT_EQ(tmpl.annotations.at("kubernetes.io/limit-ranger"),
            "LimitRanger plugin set: cpu request for container spark; cpu limit for container spark");
}

TEST(LimitRange, RefusesInTheServersWords) {
  LimitRangeSpec range;
  range.min = {100, std::nullopt, {}};
  range.max = {1000, kGi, {}};
  PodTemplate tmpl = small_template(2000, kGi);
  EXPECT_THAT(violations(range, tmpl), ElementsAre("maximum cpu usage per Container is 1, but limit is 2"));
  tmpl.containers[0].requests.cpu_milli = 50;
  tmpl.containers[0].limits = {500, std::nullopt, {}};
  EXPECT_THAT(violations(range, tmpl),
              ElementsAre("minimum cpu usage per Container is 100m, but request is 50m",
                          "maximum memory usage per Container is 1Gi.  No limit is specified"));
  EXPECT_THAT(violations(range, small_template(1000, kGi)), IsEmpty());
}

TEST(LimitRange, AmountsPrintByTheirResource) {
  EXPECT_EQ(print_amount("requests.cpu", 1500), "1500m");
  EXPECT_EQ(print_amount("limits.memory", 4 * kGi), "4Gi");
  EXPECT_EQ(print_amount("ephemeral-storage", kGi), "1Gi");
  EXPECT_EQ(print_amount("pods", 12), "12");
  EXPECT_EQ(print_amount("requests.nvidia.com/gpu", 3), "3");
  EXPECT_EQ(print_amount("memory", 0), "0");
}

}  // namespace
}  // namespace podramp::fakeapi::limit_range_test
