// Updates of pods, their status, bindings, evictions and dry runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::pod_updates_test {
namespace {

ApiRequest update_of(const Pod& pod, const std::string& subresource = "") {
  ApiRequest request = request_of(Verb::update, pod.name);
  request.body = std::make_shared<const Pod>(pod);
  request.subresource = subresource;
  return request;
}

// A pod that was read, with another template.
Pod with(const Pod& pod, const std::function<void(PodTemplate&)>& change) {
  PodTemplate tmpl = *pod.tmpl;
  change(tmpl);
  Pod next = pod;
  next.tmpl = share(std::move(tmpl));
  return next;
}

TEST(PodUpdate, LabelsMayComeAndGoAndAnImageMayChange) {
  TestWorld world;
  const Pod first = *world.ask(create_of(make_pod("a", share(small_template())))).object;
  const ApiReply reply = world.ask(update_of(with(first, [](PodTemplate& tmpl) {
    tmpl.labels = {{"app", "other"}};
    tmpl.containers[0].image = "spark:4.1";
  })));
  EXPECT_EQ(reply.code, 200);
  EXPECT_EQ(reply.object->tmpl->labels, (StringMap{{"app", "other"}}));
  EXPECT_EQ(reply.object->tmpl->containers[0].image, "spark:4.1");
  EXPECT_EQ(reply.object->resource_version, 2U);
  EXPECT_EQ(world.facts_of<fact::PodEdited>().size(), 1U);
}

TEST(PodUpdate, TheRestOfTheSpecIsFixed) {
  TestWorld world;
  const Pod first = *world.ask(create_of(make_pod("a", share(small_template())))).object;
  const ApiReply reply =
      world.ask(update_of(with(first, [](PodTemplate& tmpl) { tmpl.containers[0].args = {"--fast"}; })));
  EXPECT_EQ(reply.code, 422);
  EXPECT_THAT(reply.message, testing::HasSubstr("pod updates may not change fields other than"));
}

TEST(PodUpdate, AnOldVersionIsAConflictAndNothingChangedIsNotWritten) {
  TestWorld world;
  const Pod first = *world.ask(create_of(make_pod("a", share(small_template())))).object;
  EXPECT_EQ(world.ask(update_of(first)).object->resource_version, 1U);
  EXPECT_TRUE(world.facts_of<fact::PodEdited>().empty());
  world.bind("ns/a", "n0");
  EXPECT_EQ(world.ask(update_of(first)).code, 409);
}

TEST(PodUpdate, AWrittenStatusIsTheKubeletsAndAnEndedPodIsFinished) {
  TestWorld world;
  const Pod first = *world.ask(create_of(make_pod("a", share(small_template())))).object;
  Pod running = first;
  running.phase = PodPhase::running;
  running.pod_ip = "10.0.0.9";
  running.tmpl = share(small_template(9000));  // a status update leaves the spec alone
  const ApiReply reply = world.ask(update_of(running, "status"));
  EXPECT_EQ(reply.object->phase, PodPhase::running);
  EXPECT_EQ(reply.object->pod_ip, "10.0.0.9");
  EXPECT_EQ(reply.object->tmpl->containers[0].requests.cpu_milli, 1000);
  Pod done = *reply.object;
  done.phase = PodPhase::succeeded;
  EXPECT_EQ(world.ask(update_of(done, "status")).object->phase, PodPhase::succeeded);
  EXPECT_EQ(world.facts_of<fact::PodFinished>().size(), 1U);
}

TEST(PodBinding, APodIsBoundOnceAndToANodeThatIsThere) {
  World world(steady_cluster(1));
  PodTemplate tmpl = small_template();
  tmpl.scheduler_name = "mine";
  world.ask(create_of(make_pod("a", share(tmpl))));
  ApiRequest bind = request_of(Verb::create, "a");
  bind.subresource = "binding";
  Pod target;
  target.node = "n9";
  bind.body = std::make_shared<const Pod>(target);
  EXPECT_EQ(world.ask(bind).message, "nodes \"n9\" not found");
  target.node = "n0";
  bind.body = std::make_shared<const Pod>(target);
  EXPECT_EQ(world.ask(bind).code, 201);
  const ApiReply again = world.ask(bind);
  EXPECT_EQ(again.code, 409);
  EXPECT_EQ(again.message, "Operation cannot be fulfilled on pods \"a\": pod a is already assigned to node \"n0\"");
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(world.pod("a")->phase, PodPhase::running);
}

TEST(PodEviction, AnEvictedPodSaysWhyAndThenGoes) {  // K78
  ClusterConfig config = steady_cluster(1);
  add_running(config, "a", "n0", small_template());
  World world(config);
  ApiRequest evict = request_of(Verb::create, "a");
  evict.subresource = "eviction";
  evict.dry_run = true;
  EXPECT_EQ(world.ask(evict).code, 201);
  EXPECT_FALSE(world.pod("a")->deletion_us.has_value());
  evict.dry_run = false;
  EXPECT_EQ(world.ask(evict).code, 201);
  ASSERT_NE(world.pod("a")->condition("DisruptionTarget"), nullptr);
  EXPECT_EQ(world.pod("a")->condition("DisruptionTarget")->reason, "EvictionByEvictionAPI");
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(world.pod("a"), nullptr);
}

TEST(PodDryRun, ACreateIsAdmittedAndStoredNowhere) {
  TestWorld world;
  ApiRequest create = create_of(make_pod("a", share(small_template())));
  create.dry_run = true;
  EXPECT_EQ(world.ask(create).code, 201);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
  create.dry_run = false;
  EXPECT_EQ(world.ask(create).code, 201);
  ApiRequest remove = request_of(Verb::remove, "a");
  remove.dry_run = true;
  EXPECT_EQ(world.ask(remove).code, 200);
  EXPECT_NE(world.state().find_pod("ns/a"), nullptr);
}

TEST(PodSubresource, ACreateOfAnUnknownOneIsNotAllowed) {
  TestWorld world;
  ApiRequest request = request_of(Verb::create, "a");
  request.subresource = "ephemeralcontainers";
  EXPECT_EQ(world.ask(request).code, 405);
}

}  // namespace
}  // namespace podramp::fakeapi::pod_updates_test
