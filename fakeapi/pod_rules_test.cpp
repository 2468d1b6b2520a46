#include "fakeapi/pod_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::pod_rules_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

PodTemplate defaulted(PodTemplate tmpl) {
  apply_api_defaults(tmpl);
  return tmpl;
}

TEST(PodDefaults, AreThoseOfTheServer) {
  PodTemplate tmpl = small_template();
  tmpl.restart_policy = "";
  tmpl.containers[0].requests = {};
  apply_api_defaults(tmpl);
  EXPECT_EQ(tmpl.restart_policy, "Always");
  EXPECT_EQ(tmpl.scheduler_name, "default-scheduler");
  EXPECT_EQ(tmpl.service_account, "default");
  EXPECT_EQ(tmpl.termination_grace_s, 30);
  EXPECT_EQ(tmpl.containers[0].requests, tmpl.containers[0].limits);
}

TEST(PodDefaults, PullPolicyFollowsTheTag) {  // K60
  const auto policy = [](const std::string& image) {
    PodTemplate tmpl = small_template();
    tmpl.containers[0].image = image;
    return defaulted(tmpl).containers[0].image_pull_policy;
  };
  EXPECT_EQ(policy("spark:4.0"), "IfNotPresent");
  EXPECT_EQ(policy("spark:latest"), "Always");
  EXPECT_EQ(policy("registry:5000/spark"), "Always");
  EXPECT_EQ(policy("registry:5000/spark:4.0"), "IfNotPresent");
  EXPECT_EQ(policy("spark@sha256:abc"), "IfNotPresent");
}

TEST(PodDefaults, TolerationsOfLostNodesUnlessThePodHasItsOwn) {  // K71
  PodTemplate tmpl = small_template();
  tmpl.tolerations.push_back({"node.kubernetes.io/unreachable", "Exists", "", "NoExecute", 10});
  apply_default_tolerations(tmpl, 300);
  ASSERT_THAT(tmpl.tolerations, SizeIs(2));
  EXPECT_EQ(tmpl.tolerations[1], (Toleration{"node.kubernetes.io/not-ready", "Exists", "", "NoExecute", 300}));
  PodTemplate all = small_template();
  all.tolerations.push_back({"", "Exists", "", "", std::nullopt});
  apply_default_tolerations(all, 300);
  EXPECT_THAT(all.tolerations, SizeIs(1));
}

TEST(PodValidation, AcceptsWhatSparkSends) {
  const TemplatePtr tmpl = share(defaulted(small_template()));
  EXPECT_THAT(metadata_errors(*make_pod("etl-123-exec-1", tmpl, {{"spark-exec-id", "1"}})), IsEmpty());
  EXPECT_THAT(spec_errors(*tmpl), IsEmpty());
}

TEST(PodValidation, NamesAreSubdomains) {
  const TemplatePtr tmpl = share(small_template());
  EXPECT_THAT(metadata_errors(*make_pod("a.b-c.d1", tmpl)), IsEmpty());
  EXPECT_THAT(
      metadata_errors(*make_pod("Etl_1", tmpl)),
      ElementsAre("metadata.name: Invalid value: \"Etl_1\": a lowercase RFC 1123 subdomain must consist of lower case "
                  "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
                  "'example.com', regex used for validation is "
                  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"));
  EXPECT_THAT(metadata_errors(*make_pod("", tmpl)),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  EXPECT_THAT(metadata_errors(*make_pod(std::string(253, 'a'), tmpl)), IsEmpty());
  const std::string long_name(254, 'a');
  EXPECT_THAT(metadata_errors(*make_pod(long_name, tmpl)),
              ElementsAre("metadata.name: Invalid value: \"" + long_name + "\": must be no more than 253 characters"));
  EXPECT_THAT(metadata_errors(*make_pod("a..b", tmpl)), SizeIs(1));
  EXPECT_THAT(metadata_errors(*make_pod("-a", tmpl)), SizeIs(1));
}

TEST(PodValidation, RequestsMustFitLimits) {
  PodTemplate tmpl = defaulted(small_template());
  tmpl.containers[0].requests.cpu_milli = 2000;
  EXPECT_THAT(spec_errors(tmpl),
              ElementsAre("spec.containers[0].resources.requests: Invalid value: \"2\": must be less "
                          "than or equal to cpu limit of 1"));
}

TEST(PodValidation, ExtendedResourcesMustEqualTheirLimit) {
  PodTemplate tmpl = defaulted(small_template());
  tmpl.containers[0].requests.other["nvidia.com/gpu"] = 1;
  EXPECT_THAT(spec_errors(tmpl),
              ElementsAre("spec.containers[0].resources.limits: Required value: Limit must be set for "
                          "non overcommitable resources"));
  tmpl.containers[0].limits.other["nvidia.com/gpu"] = 2;
  EXPECT_THAT(spec_errors(tmpl),
              ElementsAre("spec.containers[0].resources.requests: Invalid value: \"1\": must be equal "
                          "to nvidia.com/gpu limit of 2"));
}

TEST(PodValidation, ContainersNeedNamesAndImages) {
  PodTemplate tmpl = defaulted(small_template());
  tmpl.containers.push_back(tmpl.containers[0]);
  tmpl.containers.push_back({});
  EXPECT_THAT(spec_errors(tmpl),
              ElementsAre("spec.containers[1].name: Duplicate value: \"spark\"",
                          "spec.containers[2].name: Required value", "spec.containers[2].image: Required value"));
  tmpl.containers.clear();
  EXPECT_THAT(spec_errors(tmpl), ElementsAre("spec.containers: Required value"));
}

TEST(PodValidation, LabelsHaveTheirForm) {
  EXPECT_THAT(label_errors({{"spark.apache.org/x-1", "A.b_c"}, {"empty", ""}}), IsEmpty());
  EXPECT_THAT(label_errors({{"bad key", "v"}}),
              ElementsAre(StartsWith("metadata.labels: Invalid value: \"bad key\": name part must consist of")));
  EXPECT_THAT(label_errors({{"k", "bad value"}}),
              ElementsAre(StartsWith("metadata.labels: Invalid value: \"bad value\": a valid label must be")));
  const std::string long_value(64, 'v');
  EXPECT_THAT(label_errors({{"k", long_value}}), ElementsAre("metadata.labels: Invalid value: \"" + long_value +
                                                             "\": must be no more than 63 characters"));
}

TEST(PodValidation, HostnamesAreLabels) {
  auto pod = std::make_shared<Pod>(*make_pod("a", share(small_template())));
  EXPECT_THAT(hostname_errors(*pod), IsEmpty());
  pod->hostname = "exec.1";
  EXPECT_THAT(hostname_errors(*pod),
              ElementsAre(StartsWith("spec.hostname: Invalid value: \"exec.1\": a lowercase RFC 1123 label")));
}

}  // namespace
}  // namespace podramp::fakeapi::pod_rules_test
