// Updates, dry runs, generated names and watches of kinds other than pods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::manifest_updates_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ApiRequest update_of(Manifest object) {
  ApiRequest request = request_of(Verb::update, object.kind, object.name);
  request.manifest = std::make_shared<const Manifest>(std::move(object));
  return request;
}

// "ADDED a", in order.
std::vector<std::string> seen(const TestWorld& world, std::uint64_t watch) {
  std::vector<std::string> found;
  for (const TestWorld::Delivered& d : world.delivered) {
    if (d.watch != watch) continue;
    for (const WatchEvent& e : d.events) found.push_back(std::string(to_text(e.type)) + " " + e.manifest->name);
  }
  return found;
}

TEST(ManifestUpdate, AWholeNewVersionReplacesWhatIsNotTheServersOwn) {
  TestWorld world;
  const ManifestPtr first = world.ask(create_of(config_map("conf", {{"a", "1"}}))).manifest;
  Manifest next = *first;
  next.labels = {{"b", "2"}};
  next.data = {{"x", "y"}};
  next.created_us = 77;
  const ApiReply reply = world.ask(update_of(next));
  EXPECT_EQ(reply.code, 200);
  EXPECT_EQ(reply.manifest->labels, (StringMap{{"b", "2"}}));
  EXPECT_EQ(reply.manifest->data, (StringMap{{"x", "y"}}));
  EXPECT_EQ(reply.manifest->uid, first->uid);
  EXPECT_EQ(reply.manifest->created_us, first->created_us);
  EXPECT_EQ(reply.manifest->resource_version, 2U);
}

TEST(ManifestUpdate, AnOldVersionOrAnotherUidIsAConflictAndNoVersionIsNone) {  // K4
  TestWorld world;
  const Manifest first = *world.ask(create_of(config_map("conf"))).manifest;
  Manifest next = first;
  next.data = {{"x", "1"}};
  EXPECT_EQ(world.ask(update_of(next)).code, 200);
  const ApiReply stale = world.ask(update_of(next));
  EXPECT_EQ(stale.code, 409);
  EXPECT_EQ(stale.message,
            "Operation cannot be fulfilled on configmaps \"conf\": the object has been modified; please apply your "
            "changes to the latest version and try again");
  next.resource_version = 0;
  next.data = {{"x", "2"}};
  EXPECT_EQ(world.ask(update_of(next)).code, 200);
  next.uid = "another";
  EXPECT_EQ(world.ask(update_of(next)).code, 409);
}

TEST(ManifestUpdate, NothingChangedIsNotWritten) {
  TestWorld world;
  const Manifest first = *world.ask(create_of(config_map("conf"))).manifest;
  EXPECT_EQ(world.ask(update_of(first)).manifest->resource_version, 1U);
  EXPECT_THAT(world.facts_of<fact::ObjectChanged>(), IsEmpty());
}

TEST(ManifestUpdate, AnImmutableConfigMapKeepsItsDataAndASetItsSelector) {
  TestWorld world;
  Manifest fixed = config_map("fixed");
  fixed.immutable = true;
  Manifest next = *world.ask(create_of(fixed)).manifest;
  next.data = {{"x", "1"}};
  EXPECT_EQ(world.ask(update_of(next)).message,
            "ConfigMap \"fixed\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
  Manifest set = *world.ask(create_of(set_of(Kind::stateful_set, "web", 1))).manifest;
  set.set->selector = {{"app", "other"}};
  EXPECT_EQ(world.ask(update_of(set)).code, 422);
}

TEST(ManifestUpdate, ADryRunSaysWhatWouldBeAndWritesNothing) {
  TestWorld world;
  ApiRequest create = create_of(config_map("conf"));
  create.dry_run = true;
  EXPECT_EQ(world.ask(create).code, 201);
  EXPECT_EQ(world.ask(request_of(Verb::get, Kind::config_map, "conf")).code, 404);
  create.dry_run = false;
  Manifest next = *world.ask(create).manifest;
  next.data = {{"x", "1"}};
  ApiRequest update = update_of(next);
  update.dry_run = true;
  EXPECT_EQ(world.ask(update).manifest->data, (StringMap{{"x", "1"}}));
  ApiRequest remove = request_of(Verb::remove, Kind::config_map, "conf");
  remove.dry_run = true;
  EXPECT_EQ(world.ask(remove).code, 200);
  EXPECT_EQ(world.ask(request_of(Verb::get, Kind::config_map, "conf")).manifest->data,
            (StringMap{{"spark.properties", "a=b"}}));
}

TEST(ManifestCreate, AGeneratedNameIsTheBaseAndFiveCharacters) {  // K5
  TestWorld world;
  Manifest object = config_map("");
  object.generate_name = "conf-";
  const std::string first = world.ask(create_of(object)).manifest->name;
  const std::string second = world.ask(create_of(object)).manifest->name;
  EXPECT_THAT(first, testing::MatchesRegex("conf-[a-z0-9]{5}"));
  EXPECT_NE(first, second);
}

TEST(ManifestWatch, ChangesOfItsKindNamespaceAndSelectorsArrive) {  // K23
  TestWorld world;
  world.ask(create_of(config_map("a", {{"app", "etl"}})));
  ApiRequest watch = request_of(Verb::watch, Kind::config_map);
  watch.label_selector = parse_label_selector("app=etl").value();
  const std::uint64_t id = world.call(watch);
  world.run_until(kSecondUs);
  world.ask(create_of(claim("other", "ReadWriteOnce", {{"app", "etl"}})));
  Manifest object = *world.ask(create_of(config_map("b", {{"app", "etl"}}))).manifest;
  world.ask(create_of(config_map("c")));
  object.labels = {{"app", "none"}};
  world.ask(update_of(object));
  world.ask(request_of(Verb::remove, Kind::config_map, "a"));
  world.run_until(2 * kSecondUs);
  EXPECT_THAT(seen(world, id), ElementsAre("ADDED a", "ADDED b", "DELETED b", "DELETED a"));
}

TEST(ManifestWatch, ItGoesOnAfterAVersionAndOneThatIsForgottenIsGone) {  // K18
  ClusterConfig config = test_config();
  config.profile.watch_history_max = 100;
  TestWorld world(config);
  const std::uint64_t first = world.ask(create_of(config_map("a"))).manifest->resource_version;
  world.ask(create_of(config_map("b")));
  ApiRequest watch = request_of(Verb::watch, Kind::config_map);
  watch.resource_version = std::to_string(first);
  const std::uint64_t id = world.call(watch);
  world.run_until(world.now() + kSecondUs);
  EXPECT_THAT(seen(world, id), ElementsAre("ADDED b"));
  for (int i = 0; i < 200; ++i) world.ask(create_of(config_map("n" + std::to_string(i))));
  const ApiReply late = world.ask(watch);
  EXPECT_EQ(late.code, 410);
  EXPECT_EQ(late.reason, "Expired");
}

TEST(ManifestWatch, AnUnknownFieldIsABadRequest) {  // K24
  TestWorld world;
  ApiRequest watch = request_of(Verb::watch, Kind::config_map);
  watch.field_selector = parse_field_terms("spec.nodeName=n0").value();
  EXPECT_EQ(world.ask(watch).code, 400);
}

}  // namespace
}  // namespace podramp::fakeapi::manifest_updates_test
