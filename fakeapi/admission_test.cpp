#include "fakeapi/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::admission_test {
namespace {

using testing::ElementsAre;

ClusterConfig with_quota(fact::Usage hard) {
  ClusterConfig config = test_config();
  config.quotas.push_back({"ns", "q", std::move(hard)});
  return config;
}

class AdmissionTest : public testing::Test {
 protected:
  void use(const ClusterConfig& config) { world.emplace(config); }
  ApiReply create(const std::string& name) { return world->ask(create_of(make_pod(name, tmpl))); }
  fact::Usage used(const std::string& quota = "ns/q") const { return world->state().quotas().at(quota).used; }

  std::optional<TestWorld> world;
  TemplatePtr tmpl = share(small_template(1000, 1 << 30));
};

TEST_F(AdmissionTest, PodsOfOneTemplateShareTheStoredOne) {
  use(test_config());
  create("a");
  create("b");
  const PodPtr a = world->state().find_pod("ns/a")->pod;
  EXPECT_EQ(a->tmpl, world->state().find_pod("ns/b")->pod->tmpl);
  EXPECT_NE(a->tmpl, tmpl);
  EXPECT_EQ(a->tmpl->tolerations.size(), 2U);
  EXPECT_EQ(a->tmpl->tolerations[0].seconds, 300);
}

TEST_F(AdmissionTest, QuotaIsChargedBeforeThePodIsStored) {  // K2, K36
  use(with_quota({{"pods", 2}, {"requests.cpu", 8000}}));
  EXPECT_EQ(create("a").code, 201);
  EXPECT_EQ(used(), (fact::Usage{{"pods", 1}, {"requests.cpu", 1000}}));
  const auto& facts = world->facts;
  ASSERT_TRUE(std::holds_alternative<fact::QuotaCharged>(facts[facts.size() - 2].fact));
  ASSERT_TRUE(std::holds_alternative<fact::PodCreated>(facts.back().fact));
}

TEST_F(AdmissionTest, RefusesWhatExceedsTheQuotaInItsWords) {  // K6
  use(with_quota({{"pods", 1}, {"requests.cpu", 8000}}));
  create("a");
  const ApiReply reply = create("b");
  EXPECT_EQ(reply.code, 403);
  EXPECT_EQ(reply.reason, "Forbidden");
  EXPECT_EQ(reply.message,
            "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1");
  EXPECT_EQ(used(), (fact::Usage{{"pods", 1}, {"requests.cpu", 1000}}));
  std::vector<std::string> lines;
  world->admission.waiting(lines);
  EXPECT_THAT(lines, ElementsAre("quota ns/q has refused 1 creates; used: pods=1,requests.cpu=1, "
                                 "limited: pods=1,requests.cpu=8"));
}

TEST_F(AdmissionTest, EveryQuotaOfTheNamespaceMustAdmit) {  // K41
  ClusterConfig config = with_quota({{"pods", 10}});
  config.quotas.push_back({"ns", "tight", {{"requests.memory", 1 << 20}}});
  use(config);
  EXPECT_EQ(create("a").message,
            "pods \"a\" is forbidden: exceeded quota: tight, requested: requests.memory=1Gi, used: requests.memory=0, "
            "limited: requests.memory=1Mi");
  EXPECT_EQ(used().at("pods"), 0);
}

TEST_F(AdmissionTest, AnInvalidPodIs422AndChargesNothing) {  // K2
  use(with_quota({{"pods", 1}}));
  EXPECT_EQ(create("Bad_Name").code, 422);
  EXPECT_EQ(used().at("pods"), 0);
  EXPECT_TRUE(world->facts_of<fact::QuotaCharged>().empty());
}

TEST_F(AdmissionTest, ADuplicateNameStaysChargedUntilTheResync) {  // K2, K42
  use(with_quota({{"pods", 10}}));
  create("a");
  const ApiReply reply = create("a");
  EXPECT_EQ(reply.code, 409);
  EXPECT_EQ(reply.reason, "AlreadyExists");
  EXPECT_EQ(reply.message, "pods \"a\" already exists");
  EXPECT_EQ(used().at("pods"), 2);
  world->run_until(300 * kSecondUs - 1);
  EXPECT_EQ(used().at("pods"), 2);
  world->run_until(300 * kSecondUs);
  EXPECT_EQ(used().at("pods"), 1);
  EXPECT_EQ(world->facts.back().by, "quota");
}

TEST_F(AdmissionTest, ARecountAfterAPodHasGoneAlsoMendsALeak) {
  use(with_quota({{"pods", 10}}));
  create("a");
  create("a");
  create("b");
  const TimeUs gone_us = world->now();
  world->deletion.remove(world->id_of("ns/b"), std::nullopt, "api", "apiserver", 0);
  EXPECT_EQ(used().at("pods"), 3);
  world->run_until(gone_us + kQuotaUs - 1);
  EXPECT_EQ(used().at("pods"), 3);
  world->run_until(gone_us + kQuotaUs);
  EXPECT_EQ(used().at("pods"), 1);
}

TEST_F(AdmissionTest, AFinishedPodFreesItsQuotaButCountsAsStored) {  // K36, K38, K42
  use(with_quota({{"pods", 10}, {"count/pods", 10}, {"requests.cpu", 10'000}}));
  create("a");
  world->bind("ns/a", "n1");
  world->start_pod("ns/a");
  world->finish_pod("ns/a");
  world->run_until(world->now() + kQuotaUs);
  EXPECT_EQ(used(), (fact::Usage{{"count/pods", 1}, {"pods", 0}, {"requests.cpu", 0}}));
}

TEST_F(AdmissionTest, ATerminatingPodIsReleasedAtTwiceItsGrace) {  // K37
  use(with_quota({{"pods", 10}}));
  create("a");
  world->bind("ns/a", "n1");
  world->start_pod("ns/a");
  world->run_until(10 * kSecondUs);
  world->deletion.remove(1, std::nullopt, "api", "apiserver", 0);
  world->run_until(70 * kSecondUs + kQuotaUs);  // deletionTimestamp 40 s, grace 30 s: after 70 s
  EXPECT_EQ(used().at("pods"), 1);
  world->run_until(70 * kSecondUs + kQuotaUs + 1);
  EXPECT_EQ(used().at("pods"), 0);
  world->deletion.finish(1, "kubelet", "kubelet", 0);
  const std::size_t facts = world->facts.size();
  world->run_until(200 * kSecondUs);
  EXPECT_EQ(world->facts.size(), facts);  // nothing is logged for a recount that changes nothing
}

TEST_F(AdmissionTest, LoweringAQuotaBlocksOnlyNewPods) {  // K43
  use(with_quota({{"pods", 10}}));
  create("a");
  create("b");
  world->admission.set_quota({"ns", "q", {{"pods", 1}}}, 0);
  EXPECT_NE(world->state().find_pod("ns/b"), nullptr);
  EXPECT_EQ(create("c").message,
            "pods \"c\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=1");
}

TEST_F(AdmissionTest, ANewQuotaRefusesUntilItHasBeenCounted) {  // K6
  use(test_config());
  create("a");
  world->admission.set_quota({"ns", "late", {{"pods", 10}, {"requests.cpu", 10'000}}}, 0);
  EXPECT_EQ(create("b").message,
            "pods \"b\" is forbidden: status unknown for quota: late, resources: pods,requests.cpu");
  EXPECT_FALSE(world->state().quotas().at("ns/late").counted) << "it has no status yet";
  world->run_until(world->now() + kQuotaUs);
  EXPECT_TRUE(world->state().quotas().at("ns/late").counted);
  EXPECT_EQ(used("ns/late"), (fact::Usage{{"pods", 1}, {"requests.cpu", 1000}}));
  EXPECT_EQ(create("b").code, 201);
}

TEST_F(AdmissionTest, LimitRangeDefaultsComeBeforeTheQuota) {  // K40
  ClusterConfig config = with_quota({{"limits.cpu", 10'000}, {"requests.cpu", 10'000}});
  config.limit_ranges.push_back({"ns", "lr", {250, std::nullopt, {}}, {500, std::nullopt, {}}, {}, {}});
  use(config);
  PodTemplate bare = small_template();
  bare.containers[0].requests = {};
  bare.containers[0].limits = {};
  tmpl = share(bare);
  EXPECT_EQ(create("a").code, 201);
  EXPECT_EQ(used(), (fact::Usage{{"limits.cpu", 500}, {"requests.cpu", 250}}));
}

TEST_F(AdmissionTest, WithoutDefaultsThePodMustStateThem) {  // K40
  use(with_quota({{"limits.cpu", 10'000}}));
  PodTemplate bare = small_template();
  bare.containers[0].limits = {};
  tmpl = share(bare);
  EXPECT_EQ(create("a").message, "pods \"a\" is forbidden: failed quota: q: must specify limits.cpu for: spark");
}

TEST_F(AdmissionTest, APodOutsideItsLimitRangeIsForbiddenAndChargesNothing) {
  ClusterConfig config = with_quota({{"pods", 10}});
  LimitRangeSpec range{"ns", "lr", {}, {}, {}, {}};
  range.max.cpu_milli = 500;
  config.limit_ranges.push_back(range);
  use(config);
  const ApiReply reply = create("a");
  EXPECT_EQ(reply.code, 403);
  EXPECT_EQ(reply.message, "pods \"a\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1");
  EXPECT_EQ(used().at("pods"), 0);
}

TEST_F(AdmissionTest, AQuietClusterHasNoTimers) {
  use(with_quota({{"pods", 10}}));
  create("a");
  world->run_until(kHourUs);
  EXPECT_EQ(world->facts_of<fact::QuotaRecounted>().size(), 1U) << "the first count, at the start";
  EXPECT_TRUE(world->idle());
}

}  // namespace
}  // namespace podramp::fakeapi::admission_test
