#include "fakeapi/manifest_verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::manifest_verbs_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names(const ApiReply& reply) {
  std::vector<std::string> found;
  for (const ManifestPtr& object : reply.manifests) found.push_back(object->name);
  return found;
}

TEST(ManifestVerbs, ACreatedObjectHasUidVersionAndCreationTimeAndCanBeReadBack) {
  TestWorld world;
  world.run_until(3'500'000);
  const ApiReply created = world.ask(create_of(config_map("conf")));
  EXPECT_EQ(created.code, 201);
  ASSERT_NE(created.manifest, nullptr);
  EXPECT_EQ(created.manifest->uid, "00000000-0000-4000-9000-000000000001");
  EXPECT_EQ(created.manifest->ns, "ns");
  EXPECT_EQ(created.manifest->resource_version, 1U);
  EXPECT_EQ(created.manifest->created_us, 3'000'000);
  const ApiReply read = world.ask(request_of(Verb::get, Kind::config_map, "conf"));
  EXPECT_EQ(read.code, 200);
  EXPECT_EQ(read.manifest, created.manifest);
  EXPECT_EQ(read.manifest->data.at("spark.properties"), "a=b");
}

TEST(ManifestVerbs, ANameIsTakenPerKindAndNamespaceAndTheServerSaysSo) {
  TestWorld world;
  EXPECT_EQ(world.ask(create_of(claim("x"))).code, 201);
  EXPECT_EQ(world.ask(create_of(config_map("x"))).code, 201);
  const ApiReply again = world.ask(create_of(claim("x")));
  EXPECT_EQ(again.code, 409);
  EXPECT_EQ(again.reason, "AlreadyExists");
  EXPECT_EQ(again.message, "persistentvolumeclaims \"x\" already exists");
  const auto refused = world.facts_of<fact::RequestRefused>();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].resource, "persistentvolumeclaims");
  EXPECT_EQ(refused[0].name, "ns/x");
}

TEST(ManifestVerbs, WhatIsNotThereIsNotFoundInTheWordsOfItsKind) {
  TestWorld world;
  const auto message = [&](Verb verb, Kind kind) { return world.ask(request_of(verb, kind, "x")).message; };
  EXPECT_EQ(message(Verb::get, Kind::persistent_volume_claim), "persistentvolumeclaims \"x\" not found");
  EXPECT_EQ(message(Verb::remove, Kind::config_map), "configmaps \"x\" not found");
  EXPECT_EQ(message(Verb::patch, Kind::service), "services \"x\" not found");
  EXPECT_EQ(message(Verb::get, Kind::stateful_set), "statefulsets.apps \"x\" not found");
  EXPECT_EQ(message(Verb::patch, Kind::deployment), "deployments.apps \"x\" not found");
  EXPECT_EQ(message(Verb::remove, Kind::replica_set), "replicasets.apps \"x\" not found");
  EXPECT_EQ(world.ask(request_of(Verb::get, Kind::config_map, "x")).code, 404);
}

TEST(ManifestVerbs, AListIsByNameAndObeysSelectors) {
  TestWorld world;
  world.ask(create_of(claim("b", "ReadWriteOnce", {{"spark-app-selector", "one"}})));
  world.ask(create_of(claim("a", "ReadWriteOnce", {{"spark-app-selector", "one"}})));
  world.ask(create_of(claim("c", "ReadWriteOnce", {{"spark-app-selector", "two"}})));
  ApiRequest list = request_of(Verb::list, Kind::persistent_volume_claim);
  EXPECT_THAT(names(world.ask(list)), ElementsAre("a", "b", "c"));
  EXPECT_EQ(world.ask(list).resource_version, 3U);
  list.label_selector = parse_label_selector("spark-app-selector=one").value();
  EXPECT_THAT(names(world.ask(list)), ElementsAre("a", "b"));
  list.field_selector = parse_field_selector("metadata.name=b").value();
  EXPECT_THAT(names(world.ask(list)), ElementsAre("b"));
  list.ns = "other";
  EXPECT_THAT(names(world.ask(list)), IsEmpty());
  list.field_selector = parse_field_selector("status.phase=Bound").value();
  EXPECT_EQ(world.ask(list).code, 400);
}

TEST(ManifestVerbs, APatchMergesLabelsAndAnnotationsAndWritesNothingWhenNothingChanges) {
  TestWorld world;
  world.ask(create_of(config_map("conf", {{"a", "1"}})));
  ApiRequest patch = request_of(Verb::patch, Kind::config_map, "conf");
  patch.set_labels = {{"b", "2"}};
  patch.set_annotations = {{"note", "x"}};
  const ApiReply patched = world.ask(patch);
  EXPECT_EQ(patched.code, 200);
  EXPECT_EQ(patched.manifest->labels, (StringMap{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(patched.manifest->annotations, (StringMap{{"note", "x"}}));
  EXPECT_EQ(patched.manifest->resource_version, 2U);
  EXPECT_EQ(world.ask(patch).manifest->resource_version, 2U);
  EXPECT_EQ(world.facts_of<fact::ObjectChanged>().size(), 1U);
}

TEST(ManifestVerbs, AnUidPreconditionProtectsARecreatedObject) {
  TestWorld world;
  world.ask(create_of(config_map("conf")));
  ApiRequest remove = request_of(Verb::remove, Kind::config_map, "conf");
  remove.uid_precondition = "another";
  const ApiReply refused = world.ask(remove);
  EXPECT_EQ(refused.code, 409);
  EXPECT_EQ(refused.reason, "Conflict");
  EXPECT_EQ(refused.message,
            "Operation cannot be fulfilled on configmaps \"conf\": Precondition failed: UID in precondition: another, "
            "UID in object meta: 00000000-0000-4000-9000-000000000001");
  remove.uid_precondition.clear();
  EXPECT_EQ(world.ask(remove).code, 200);
  EXPECT_EQ(world.state().find_object(Kind::config_map, "ns/conf"), nullptr);
}

TEST(ManifestVerbs, ADeletecollectionDeletesOneByOneAtTheTimeOfAWriteEach) {
  TestWorld world;
  for (const char* name : {"a", "b", "c"}) world.ask(create_of(claim(name, "ReadWriteOnce", {{"app", "etl"}})));
  world.ask(create_of(claim("d")));
  const TimeUs sent_us = world.now();
  ApiRequest remove = request_of(Verb::remove_collection, Kind::persistent_volume_claim);
  remove.label_selector = parse_label_selector("app=etl").value();
  EXPECT_EQ(world.ask(remove).code, 200);
  std::vector<TimeUs> after;
  for (const TestWorld::Emitted& e : world.facts) {
    if (std::holds_alternative<fact::ObjectGone>(e.fact)) after.push_back(e.at - sent_us);
  }
  EXPECT_THAT(after, ElementsAre(kReadUs + kWriteUs, kReadUs + 2 * kWriteUs, kReadUs + 3 * kWriteUs));
  EXPECT_EQ(world.state().objects(Kind::persistent_volume_claim).size(), 1U);
}

TEST(ManifestVerbs, ABodyOfAnotherNamespaceAndNoBodyAreBadRequests) {
  TestWorld world;
  Manifest elsewhere = config_map("conf");
  elsewhere.ns = "other";
  const ApiReply reply = world.ask(create_of(elsewhere));
  EXPECT_EQ(reply.code, 400);
  EXPECT_EQ(reply.message, "the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(world.ask(request_of(Verb::create, Kind::config_map)).code, 400);
}

TEST(ManifestVerbs, FaultsHitRequestsForOtherKindsAsTheyHitPods) {
  ClusterConfig config = test_config();
  FaultSpec lose;
  lose.point = "api.create.commit_then_timeout";
  lose.until_us = 1'000'000;
  FaultSpec fail;
  fail.point = "api.error";
  fail.from_us = 20'000'000;
  config.faults = {lose, fail};
  TestWorld world(config);
  const ApiReply lost = world.ask(create_of(claim("x")));
  EXPECT_EQ(lost.transport, Transport::maybe_committed);  // K10
  EXPECT_NE(world.state().find_object(Kind::persistent_volume_claim, "ns/x"), nullptr);
  EXPECT_EQ(world.ask(create_of(claim("x"))).code, 409);
  world.run_until(20'000'000);
  EXPECT_EQ(world.ask(create_of(claim("y"))).code, 500);
  EXPECT_EQ(world.state().find_object(Kind::persistent_volume_claim, "ns/y"), nullptr);
}

TEST(ManifestVerbs, OnlyABoundClaimGrowsAndNeverShrinks) {
  TestWorld world;
  world.ask(create_of(claim("x")));
  ApiRequest grow = request_of(Verb::patch, Kind::persistent_volume_claim, "x");
  grow.set_bytes = std::int64_t{2} << 30;
  const ApiReply unbound = world.ask(grow);
  EXPECT_EQ(unbound.code, 403);
  EXPECT_EQ(unbound.message,
            "persistentvolumeclaims \"x\" is forbidden: Only bound persistent volume claims can be expanded");
  Manifest bound = *world.state().find_object(Kind::persistent_volume_claim, "ns/x");
  bound.claim->phase = "Bound";
  bound.claim->capacity_bytes = bound.claim->request_bytes;
  world.store.change(bound, "test", 0);
  EXPECT_EQ(world.ask(grow).manifest->claim->request_bytes, std::int64_t{2} << 30);
  grow.set_bytes = std::int64_t{1} << 29;
  const ApiReply shrunk = world.ask(grow);
  EXPECT_EQ(shrunk.code, 422);
  EXPECT_EQ(shrunk.message,
            "PersistentVolumeClaim \"x\" is invalid: spec.resources.requests.storage: Forbidden: field can not be "
            "less than status.capacity");
}

TEST(ManifestVerbs, AClassMayRefuseToLetItsClaimsGrow) {
  ClusterConfig config = test_config();
  config.storage_classes = {{"fixed", false, false, true}};
  ExistingClaim old{"ns", "x", {}, *claim("x").claim};
  old.spec.storage_class = "fixed";
  config.claims = {old};
  TestWorld world(config);
  ApiRequest grow = request_of(Verb::patch, Kind::persistent_volume_claim, "x");
  grow.set_bytes = std::int64_t{2} << 30;
  EXPECT_EQ(world.ask(grow).message,
            "persistentvolumeclaims \"x\" is forbidden: only dynamically provisioned pvc can be resized and the "
            "storageclass that provisions the pvc must support resize");
}

TEST(ManifestVerbs, AScaleIsAPatchOfASetsReplicas) {
  TestWorld world;
  world.ask(create_of(set_of(Kind::stateful_set, "web", 2)));
  ApiRequest scale = request_of(Verb::patch, Kind::stateful_set, "web");
  scale.replicas = 5;
  EXPECT_EQ(world.ask(scale).manifest->set->replicas, 5);
  scale.replicas = -1;
  EXPECT_EQ(world.ask(scale).message,
            "StatefulSet.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to "
            "0");
}

TEST(PodPatch, AnnotationsAreMergedInOneVersionWithLabels) {
  TestWorld world;
  world.ask(create_of(make_pod("a", share(small_template()))));
  ApiRequest patch = request_of(Verb::patch, "a");
  patch.set_annotations = {{"controller.kubernetes.io/pod-deletion-cost", "-10"}};
  patch.set_labels = {{"pvc", "reused"}};
  const ApiReply patched = world.ask(patch);
  EXPECT_EQ(patched.object->own_annotations.at("controller.kubernetes.io/pod-deletion-cost"), "-10");
  EXPECT_EQ(patched.object->own_labels.at("pvc"), "reused");
  EXPECT_EQ(patched.object->resource_version, 2U);
  EXPECT_EQ(world.ask(patch).object->resource_version, 2U);
  EXPECT_EQ(world.facts_of<fact::PodLabelled>().size(), 1U);
}

TEST(PodPatch, AResizeChangesMemoryRequestAndLimitOfTheSparkContainerOnly) {
  TestWorld world;
  PodTemplate tmpl = small_template();
  tmpl.containers.push_back(tmpl.containers[0]);
  tmpl.containers[1].name = "spark-kubernetes-executor";
  world.ask(create_of(make_pod("a", share(tmpl))));
  ApiRequest patch = request_of(Verb::patch, "a");
  patch.set_bytes = std::int64_t{3} << 30;
  const PodPtr resized = world.ask(patch).object;
  EXPECT_EQ(resized->tmpl->containers[0].limits.memory_bytes, 1 << 30);
  EXPECT_EQ(resized->tmpl->containers[1].limits.memory_bytes, std::int64_t{3} << 30);
  EXPECT_EQ(resized->tmpl->containers[1].requests.memory_bytes, std::int64_t{3} << 30);
  EXPECT_EQ(world.state().find_pod("ns/a")->requests.memory_bytes, std::int64_t{4} << 30);
  EXPECT_EQ(world.facts_of<fact::PodResized>().size(), 1U);
  world.ask(patch);
  EXPECT_EQ(world.facts_of<fact::PodResized>().size(), 1U);
}

}  // namespace
}  // namespace podramp::fakeapi::manifest_verbs_test
