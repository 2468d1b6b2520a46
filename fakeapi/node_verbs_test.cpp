#include "fakeapi/node_verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::node_verbs_test {
namespace {

ApiRequest node_request(Verb verb, const std::string& name) {
  ApiRequest request;
  request.verb = verb;
  request.kind = Kind::node;
  request.name = name;
  return request;
}

// The node as it is read, changed, and written back.
ApiReply edit(World& world, const std::string& name, const std::function<void(Node&)>& change) {
  Manifest object = *world.ask(node_request(Verb::get, name)).manifest;
  change(*object.node);
  ApiRequest update = node_request(Verb::update, name);
  update.manifest = std::make_shared<const Manifest>(std::move(object));
  return world.ask(update);
}

TEST(NodeVerbs, LabelsAndWhatIsNotModelledAreKept) {
  World world(steady_cluster(1));
  const ApiReply reply = edit(world, "n0", [](Node& node) {
    node.labels["disk"] = "ssd";
    node.extra_json = R"({"metadata":{"annotations":{"a":"b"}}})";
  });
  EXPECT_EQ(reply.code, 200);
  const Node& node = world.cluster.state().find_node("n0")->node;
  EXPECT_EQ(node.labels.at("disk"), "ssd");
  EXPECT_EQ(node.extra_json, R"({"metadata":{"annotations":{"a":"b"}}})");
  EXPECT_EQ(reply.manifest->resource_version, node.resource_version);
  EXPECT_EQ(world.facts<fact::NodeEdited>().size(), 1U);
  EXPECT_TRUE(world.folds());
}

TEST(NodeVerbs, ACordonKeepsNewPodsAway) {
  World world(steady_cluster(1));
  edit(world, "n0", [](Node& node) { node.unschedulable = true; });
  world.ask(create_of(make_pod("p", share(small_template()))));
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(world.pod("p")->node, "");
  edit(world, "n0", [](Node& node) { node.unschedulable = false; });
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(world.pod("p")->node, "n0");
}

TEST(NodeVerbs, ANoExecuteTaintEvictsAndMayBeTakenAwayAgain) {  // K71
  ClusterConfig config = steady_cluster(1);
  add_running(config, "p", "n0", small_template());
  World world(config);
  edit(world, "n0", [](Node& node) { node.taints.push_back({"gpu", "", "NoExecute"}); });
  world.run_until(world.now() + kMinuteUs);
  EXPECT_EQ(world.pod("p"), nullptr);
  EXPECT_EQ(edit(world, "n0", [](Node& node) { node.taints.clear(); }).code, 200);
  EXPECT_TRUE(world.cluster.state().find_node("n0")->node.taints.empty());
}

TEST(NodeVerbs, AnOldVersionIsAConflictAndAnUnknownNodeIsNotFound) {
  World world(steady_cluster(1));
  ApiRequest update = node_request(Verb::update, "n0");
  update.manifest = world.ask(node_request(Verb::get, "n0")).manifest;
  edit(world, "n0", [](Node& node) { node.labels["a"] = "b"; });
  EXPECT_EQ(world.ask(update).code, 409);
  update.name = "n9";
  EXPECT_EQ(world.ask(update).message, "nodes \"n9\" not found");
}

TEST(NodeVerbs, ADryRunShowsTheNodeAndChangesNothing) {
  World world(steady_cluster(1));
  ApiRequest update = node_request(Verb::update, "n0");
  Manifest object = *world.ask(node_request(Verb::get, "n0")).manifest;
  object.node->unschedulable = true;
  update.manifest = std::make_shared<const Manifest>(std::move(object));
  update.dry_run = true;
  EXPECT_TRUE(world.ask(update).manifest->node->unschedulable);
  EXPECT_FALSE(world.cluster.state().find_node("n0")->node.unschedulable);
}

TEST(NodeVerbs, NodesAreDeletedByTheirObjectAndNobodyCreatesOne) {  // K73
  World world(steady_cluster(2));
  EXPECT_EQ(world.ask(node_request(Verb::remove, "n1")).code, 200);
  EXPECT_EQ(world.cluster.state().find_node("n1"), nullptr);
  EXPECT_EQ(world.ask(node_request(Verb::get, "n1")).code, 404);
  ApiRequest create = node_request(Verb::create, "");
  auto fresh = std::make_shared<Manifest>();
  fresh->kind = Kind::node;
  fresh->name = "n7";
  create.manifest = fresh;
  const ApiReply refused = world.ask(create);
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(refused.message, "nodes \"n7\" is forbidden: this cluster has the nodes that its configuration names");
}

}  // namespace
}  // namespace podramp::fakeapi::node_verbs_test
