#include "fakeapi/priority_rules.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::priority_rules_test {
namespace {

const std::vector<PriorityClassSpec> kClasses{{"batch", -10}, {"urgent", 1000, false, false}};

PodTemplate of_class(const std::string& name) {
  PodTemplate tmpl = small_template(1000, 1 << 30);
  tmpl.priority_class = name;
  return tmpl;
}

TEST(PriorityRules, a_class_gives_its_value_and_its_policy_K55) {
  PodTemplate tmpl = of_class("urgent");
  EXPECT_EQ(resolve_priority(tmpl, kClasses), "");
  EXPECT_EQ(tmpl.priority, 1000);
  EXPECT_EQ(tmpl.preemption_policy, "Never");
  tmpl = of_class("system-node-critical");
  EXPECT_EQ(resolve_priority(tmpl, kClasses), "");
  EXPECT_EQ(tmpl.priority, 2'000'001'000);
  tmpl = of_class("system-cluster-critical");
  EXPECT_EQ(resolve_priority(tmpl, {}), "");
  EXPECT_EQ(tmpl.priority, 2'000'000'000);
}

TEST(PriorityRules, without_a_class_a_pod_has_0_or_the_lowest_global_default) {
  PodTemplate tmpl = of_class("");
  EXPECT_EQ(resolve_priority(tmpl, kClasses), "");
  EXPECT_EQ(tmpl, of_class(""));
  EXPECT_EQ(resolve_priority(tmpl, {{"a", 7, true}, {"b", 5, true}}), "");
  EXPECT_EQ(tmpl.priority_class, "b");
  EXPECT_EQ(tmpl.priority, 5);
}

TEST(PriorityRules, what_contradicts_the_class_is_refused) {
  PodTemplate tmpl = of_class("urgent");
  tmpl.priority = 5;
  EXPECT_EQ(
      resolve_priority(tmpl, kClasses),
      "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed "
      "1000 from the given PriorityClass name");
  tmpl = of_class("urgent");
  tmpl.preemption_policy = "PreemptLowerPriority";
  EXPECT_EQ(resolve_priority(tmpl, kClasses),
            "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority "
            "admission controller computed Never from the given PriorityClass name");
}

TEST(PriorityRules, a_pod_of_an_unknown_class_gets_403_and_is_not_stored) {
  ClusterConfig config = test_config();
  config.quotas.push_back({"ns", "q", {{"pods", 2}}});
  TestWorld world(config);
  const ApiReply reply = world.ask(create_of(make_pod("a", share(of_class("vip")))));
  EXPECT_EQ(reply.code, 403);
  EXPECT_EQ(reply.message, "pods \"a\" is forbidden: no PriorityClass with name vip was found");
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
  EXPECT_EQ(world.state().quotas().at("ns/q").used.at("pods"), 0);
}

}  // namespace
}  // namespace podramp::fakeapi::priority_rules_test
