#include "fakeapi/quota_usage.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::quota_usage_test {
namespace {

constexpr std::int64_t kGi = 1 << 30;

TEST(QuotaUsage, CountsRequestsLimitsAndExtendedResources) {  // K39
  PodTemplate tmpl = small_template(1500, 2 * kGi);
  tmpl.containers[0].limits.other["nvidia.com/gpu"] = 2;
  const fact::Usage expected{{"count/pods", 1},
                             {"cpu", 1500},
                             {"limits.cpu", 1500},
                             {"limits.memory", 2 * kGi},
                             {"memory", 2 * kGi},
                             {"pods", 1},
                             {"requests.cpu", 1500},
                             {"requests.memory", 2 * kGi},
                             {"requests.nvidia.com/gpu", 2}};
  EXPECT_EQ(quota_usage(tmpl), expected);
}

TEST(QuotaUsage, InitContainersCountTheirMaximum) {  // K39
  PodTemplate tmpl = small_template(1000, kGi);
  tmpl.init_containers.push_back(tmpl.containers[0]);
  tmpl.init_containers[0].name = "init";
  tmpl.init_containers[0].requests = {3000, kGi / 2, {}};
  EXPECT_EQ(quota_usage(tmpl).at("requests.cpu"), 3000);
  EXPECT_EQ(quota_usage(tmpl).at("requests.memory"), kGi);
}

TEST(QuotaUsage, RefusalListsOnlyWhatIsExceededSorted) {  // K6
  const QuotaRecord quota{"ns",
                          "compute",
                          {{"pods", 10}, {"requests.cpu", 4000}, {"requests.memory", 4 * kGi}},
                          {{"pods", 3}, {"requests.cpu", 3500}, {"requests.memory", 4 * kGi}}};
  const PodTemplate tmpl = small_template(1000, 1408 << 20);
  EXPECT_EQ(quota_refusal(quota, quota_usage(tmpl), unstated_resources(tmpl)),
            "exceeded quota: compute, requested: requests.cpu=1,requests.memory=1408Mi, "
            "used: requests.cpu=3500m,requests.memory=4Gi, limited: requests.cpu=4,requests.memory=4Gi");
}

TEST(QuotaUsage, EveryContainerMustStateWhatTheQuotaNames) {  // K40
  const QuotaRecord quota{"ns", "q", {{"limits.cpu", 10'000}, {"limits.memory", kGi}, {"requests.cpu", 1}}, {}};
  PodTemplate tmpl = small_template();
  tmpl.containers.push_back(tmpl.containers[0]);
  tmpl.containers[1].name = "a-sidecar";
  for (Container& c : tmpl.containers) c.limits = {};
  EXPECT_EQ(quota_refusal(quota, quota_usage(tmpl), unstated_resources(tmpl)),
            "failed quota: q: must specify limits.cpu for: a-sidecar,spark; limits.memory for: a-sidecar,spark");
}

TEST(QuotaUsage, ExactlyTheLimitIsAdmitted) {
  const QuotaRecord quota{"ns", "q", {{"pods", 2}}, {{"pods", 1}}};
  EXPECT_EQ(quota_refusal(quota, {{"pods", 1}}, {}), "");
}

}  // namespace
}  // namespace podramp::fakeapi::quota_usage_test
