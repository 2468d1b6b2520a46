#include "fakeapi/quota_scopes.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::quota_scopes_test {
namespace {

PodTemplate asking_for_nothing() {
  PodTemplate tmpl = small_template();
  tmpl.containers[0].requests = {};
  tmpl.containers[0].limits = {};
  return tmpl;
}

TEST(QuotaScopes, K41_APodIsInAllScopesOrItIsNotMeant) {
  PodTemplate urgent = small_template();
  urgent.priority_class = "high";
  EXPECT_TRUE(in_scopes({}, urgent));
  EXPECT_TRUE(in_scopes({"NotBestEffort", "PriorityClass:high"}, urgent));
  EXPECT_FALSE(in_scopes({"BestEffort", "PriorityClass:high"}, urgent));
  EXPECT_FALSE(in_scopes({"PriorityClass:low"}, urgent));
  EXPECT_TRUE(in_scopes({"BestEffort"}, asking_for_nothing()));
}

TEST(QuotaScopes, K41_TerminatingMeansADeadline) {
  PodTemplate job = small_template();
  EXPECT_TRUE(in_scopes({"NotTerminating"}, job));
  job.extra_json = R"({"spec":{"activeDeadlineSeconds":60}})";
  EXPECT_TRUE(in_scopes({"Terminating"}, job));
  EXPECT_FALSE(in_scopes({"NotTerminating"}, job));
}

TEST(QuotaScopes, NamesOfScopesAreKnown) {
  for (const char* scope : {"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass:x"}) {
    EXPECT_TRUE(is_scope(scope)) << scope;
  }
  for (const char* scope : {"", "terminating", "PriorityClass:", "PriorityClass"})
    EXPECT_FALSE(is_scope(scope)) << scope;
}

TEST(QuotaScopes, K41_AScopedQuotaChargesAndCountsItsOwnPodsOnly) {
  ClusterConfig config = test_config();
  config.priority_classes.push_back({"high", 1000, false, true});
  config.quotas.push_back({"ns", "all", {{"pods", 10}}, {}});
  config.quotas.push_back({"ns", "urgent", {{"pods", 1}}, {"PriorityClass:high"}});
  TestWorld world(config);
  PodTemplate urgent = small_template();
  urgent.priority_class = "high";
  const TemplatePtr high = share(urgent);
  const TemplatePtr plain = share(small_template());
  EXPECT_EQ(world.ask(create_of(make_pod("a", high))).code, 201);
  EXPECT_EQ(world.ask(create_of(make_pod("b", plain))).code, 201);
  EXPECT_EQ(world.ask(create_of(make_pod("c", plain))).code, 201);
  const ApiReply refused = world.ask(create_of(make_pod("d", high)));
  EXPECT_EQ(refused.code, 403);
  EXPECT_NE(refused.message.find("exceeded quota: urgent"), std::string::npos);
  const auto used = [&](const std::string& quota) { return world.state().quotas().at(quota).used.at("pods"); };
  EXPECT_EQ(used("ns/all"), 3);
  EXPECT_EQ(used("ns/urgent"), 1);
  EXPECT_EQ(world.ask(request_of(Verb::remove, "b")).code, 200);
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(used("ns/all"), 2);
  EXPECT_EQ(used("ns/urgent"), 1);
  EXPECT_EQ(world.ask(request_of(Verb::remove, "a")).code, 200);
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(used("ns/urgent"), 0);
}

}  // namespace
}  // namespace podramp::fakeapi::quota_scopes_test
