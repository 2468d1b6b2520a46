#include "fakeapi/config.h"

#include <gtest/gtest.h>

namespace podramp::fakeapi::config_test {
namespace {

TEST(ClusterProfile, VersionsDifferInTheMonitorGracePeriod) {
  EXPECT_EQ(find_profile("k8s-1.31")->monitor_grace_us, 40 * kSecondUs);
  EXPECT_EQ(find_profile("k8s-1.32")->monitor_grace_us, 50 * kSecondUs);
  EXPECT_EQ(find_profile("k8s-1.31")->name, "k8s-1.31");
}

TEST(ClusterProfile, AManagedLargeClusterSchedulesFaster) {
  EXPECT_EQ(find_profile("k8s-1.32")->scheduler_qps, 50);
  EXPECT_EQ(find_profile("managed-large")->scheduler_qps, 500);
}

TEST(ClusterProfile, AnUnknownNameHasNone) { EXPECT_FALSE(find_profile("k8s-0.9").has_value()); }

}  // namespace
}  // namespace podramp::fakeapi::config_test
