// What live runs change in requests, and what --max-pods refuses.
#include "backend/live/stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/live/pod_limit.h"

namespace podramp::live::stand_in_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PodPtr executor(const std::string& name) {
  PodTemplate tmpl;
  tmpl.labels = {{"spark-role", "executor"}};
  tmpl.node_selector = {{"pool", "spot"}};
  tmpl.containers.resize(2);
  tmpl.containers[0].name = "sidecar";
  tmpl.containers[0].image = "proxy:1";
  tmpl.containers[1].name = "spark-kubernetes-executor";
  tmpl.containers[1].image = "spark:4";
  tmpl.containers[1].args = {"executor"};
  tmpl.containers[1].pre_stop_exec = {"/opt/decom.sh"};
  tmpl.containers[1].requests.cpu_milli = 1000;
  auto pod = std::make_shared<Pod>();
  pod->name = name;
  pod->ns = "spark";
  pod->tmpl = share(std::move(tmpl));
  return pod;
}

ApiRequest create(const std::string& name) {
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = "spark";
  request.body = executor(name);
  return request;
}

TEST(StandIns, OnlyTheSparkContainersProgramIsReplaced) {
  StandIns stand_ins({"pause:1", {"/wait"}, {"60"}}, "r-1", false);
  const PodPtr pod = stand_ins.dressed(create("a")).body;
  EXPECT_EQ(pod->tmpl->containers[0], executor("a")->tmpl->containers[0]);
  const Container& spark = pod->tmpl->containers[1];
  EXPECT_EQ(spark.image, "pause:1");
  EXPECT_THAT(spark.command, ElementsAre("/wait"));
  EXPECT_THAT(spark.args, ElementsAre("60"));
  EXPECT_TRUE(spark.pre_stop_exec.empty());
  EXPECT_EQ(spark.requests.cpu_milli, 1000);
  EXPECT_EQ(pod->tmpl->node_selector, (StringMap{{"pool", "spot"}}));
  EXPECT_EQ(*pod->label(kRunLabel), "r-1");
  EXPECT_EQ(*pod->label(kManagedByLabel), kManagedBy);
  EXPECT_EQ(*pod->label("spark-role"), "executor");
  EXPECT_TRUE(objects_of("r-1").matches(*pod) && objects_of_any_run().matches(*pod));
  EXPECT_FALSE(objects_of("r-2").matches(*pod));
  EXPECT_EQ(stand_ins.dressed(create("b")).body->tmpl, pod->tmpl);  // shared, as it was
}

TEST(StandIns, ASetsPodsAreDressedToo) {
  StandIns stand_ins({}, "r-1", false);
  auto set = std::make_shared<Manifest>();
  set->kind = Kind::stateful_set;
  set->set.emplace();
  set->set->pod = executor("");
  ApiRequest request;
  request.verb = Verb::create;
  request.kind = Kind::stateful_set;
  request.manifest = set;
  const ManifestPtr dressed = stand_ins.dressed(request).manifest;
  EXPECT_EQ(dressed->labels.at(kRunLabel), "r-1");
  EXPECT_EQ(*dressed->set->pod->label(kRunLabel), "r-1");
  EXPECT_EQ(dressed->set->pod->tmpl->containers[1].image, StandIn{}.image);
}

TEST(StandIns, ADryRunAsksForNothingThatStays) {
  StandIns stand_ins({}, "r-1", true);
  EXPECT_TRUE(stand_ins.dressed(create("a")).dry_run);
  ApiRequest request;
  for (const Verb verb : {Verb::remove, Verb::remove_collection, Verb::patch, Verb::update}) {
    request.verb = verb;
    EXPECT_TRUE(stand_ins.dressed(request).dry_run);
  }
  for (const Verb verb : {Verb::get, Verb::list, Verb::watch}) {
    request.verb = verb;
    EXPECT_FALSE(stand_ins.dressed(request).dry_run);
  }
}

ApiReply answer(int code, const ApiRequest& request, std::uint64_t version = 5) {
  ApiReply reply;
  reply.code = code;
  auto pod = std::make_shared<Pod>(*request.body);
  pod->resource_version = version;
  if (reply.ok()) reply.object = pod;
  return reply;
}

TEST(PodLimit, RefusesOneTooManyLikeAQuota) {
  PodLimit limit(2);
  EXPECT_FALSE(limit.refuse(0, create("a")).has_value());
  EXPECT_FALSE(limit.refuse(0, create("b")).has_value());
  EXPECT_FALSE(limit.refuse(0, create("b")).has_value());  // the same once more
  const auto refused = limit.refuse(0, create("c"));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code, 403);
  EXPECT_EQ(refused->reason, "Forbidden");
  EXPECT_THAT(refused->message, HasSubstr("exceeded quota: podramp's own --max-pods=2"));
  EXPECT_EQ(limit.pods(), 2);
}

TEST(PodLimit, ARefusedCreateADeletedPodAndOneThatALongerListLacksMakeRoom) {
  PodLimit limit(3);
  for (const char* name : {"a", "b", "c"}) EXPECT_FALSE(limit.refuse(0, create(name)).has_value());
  limit.on_reply(0, create("a"), answer(403, create("a")));
  EXPECT_EQ(limit.pods(), 2);
  limit.on_reply(0, create("b"), answer(201, create("b")));
  limit.on_reply(0, create("c"), answer(201, create("c"), 90));
  limit.on_event(0, {WatchEventType::deleted, answer(201, create("b"), 6).object});
  EXPECT_EQ(limit.pods(), 1);
  ApiReply list;
  list.code = 200;
  list.list.emplace();
  list.resource_version = 80;
  limit.on_list(0, list, true);
  EXPECT_EQ(limit.pods(), 1);  // c is younger than the list
  list.resource_version = 100;
  limit.on_list(0, list, false);
  EXPECT_EQ(limit.pods(), 1);
  limit.on_list(0, list, true);
  EXPECT_EQ(limit.pods(), 0);
}

TEST(PodLimit, OneApplicationsListSaysNothingOfAnothersPods) {
  PodLimit limit(2);
  for (const std::uint32_t app : {0U, 1U}) {
    EXPECT_FALSE(limit.refuse(app, create("same")).has_value());
    limit.on_reply(app, create("same"), answer(201, create("same")));
  }
  ApiReply list;
  list.code = 200;
  list.list.emplace();
  list.resource_version = 100;
  limit.on_list(1, list, true);
  EXPECT_EQ(limit.pods(), 1);
}

TEST(PodLimit, AnAnswerThatWasLostKeepsItsPlace) {
  PodLimit limit(1);
  EXPECT_FALSE(limit.refuse(0, create("a")).has_value());
  ApiReply lost;
  lost.transport = Transport::maybe_committed;
  limit.on_reply(0, create("a"), lost);
  EXPECT_TRUE(limit.refuse(0, create("b")).has_value());
}

TEST(PodLimit, SetsCountWithTheirReplicas) {
  PodLimit limit(5);
  ApiRequest scale;
  scale.verb = Verb::patch;
  scale.kind = Kind::stateful_set;
  scale.ns = "spark";
  scale.name = "s";
  scale.replicas = 4;
  EXPECT_FALSE(limit.refuse(0, scale).has_value());
  EXPECT_FALSE(limit.refuse(0, create("a")).has_value());
  EXPECT_TRUE(limit.refuse(0, create("b")).has_value());
  scale.replicas = 5;
  EXPECT_TRUE(limit.refuse(0, scale).has_value());
  scale.replicas = 1;
  EXPECT_FALSE(limit.refuse(0, scale).has_value());
  EXPECT_EQ(limit.pods(), 2);
}

}  // namespace
}  // namespace podramp::live::stand_in_test
