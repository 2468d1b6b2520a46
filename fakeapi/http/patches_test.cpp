#include "fakeapi/http/patches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::patches_test {
namespace {

using nlohmann::json;

json strategic(const char* object, const char* patch) {
  return strategic_patched(json::parse(object), json::parse(patch));
}

TEST(StrategicPatch, ListsAreMergedByTheirKey) {
  EXPECT_EQ(
      strategic(R"({"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]})",
                R"({"containers":[{"name":"b","image":"3"},{"name":"c","image":"4"}]})"),
      json::parse(R"({"containers":[{"name":"a","image":"1"},{"name":"b","image":"3"},{"name":"c","image":"4"}]})"));
}

TEST(StrategicPatch, DirectivesDeleteReplaceAndOrder) {
  EXPECT_EQ(strategic(R"({"env":[{"name":"a"},{"name":"b"}]})", R"({"env":[{"name":"a","$patch":"delete"}]})"),
            json::parse(R"({"env":[{"name":"b"}]})"));
  EXPECT_EQ(strategic(R"({"env":[{"name":"a"}]})", R"({"env":[{"$patch":"replace"},{"name":"z"}]})"),
            json::parse(R"({"env":[{"name":"z"}]})"));
  EXPECT_EQ(strategic(R"({"s":{"a":1,"b":2}})", R"({"s":{"$patch":"replace","c":3}})"),
            json::parse(R"({"s":{"c":3}})"));
  EXPECT_EQ(strategic(R"({"s":{"a":1,"b":2}})", R"({"s":{"$retainKeys":["b"],"b":3}})"),
            json::parse(R"({"s":{"b":3}})"));
  EXPECT_EQ(strategic(R"({"env":[{"name":"a"},{"name":"b"}]})",
                      R"({"$setElementOrder/env":[{"name":"b"},{"name":"a"}],"env":[{"name":"a","value":"1"}]})"),
            json::parse(R"({"env":[{"name":"b"},{"name":"a","value":"1"}]})"));
}

TEST(StrategicPatch, OtherListsAreReplacedAndNullRemoves) {
  EXPECT_EQ(strategic(R"({"args":["a"],"x":1})", R"({"args":["b"],"x":null})"), json::parse(R"({"args":["b"]})"));
  EXPECT_EQ(strategic(R"({"taints":[{"key":"a"}]})", R"({"taints":[{"key":"b"}]})"),
            json::parse(R"({"taints":[{"key":"b"}]})"));
}

TEST(StrategicPatch, FinalizersAreASet) {
  EXPECT_EQ(
      strategic(R"({"finalizers":["a","b"]})", R"({"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]})"),
      json::parse(R"({"finalizers":["b","c"]})"));
}

TEST(JsonPatch, AnOperationThatCannotBeCarriedOutIsAnError) {
  EXPECT_TRUE(json_patched(json::parse(R"({"a":1})"), json::parse(R"([{"op":"replace","path":"/a","value":2}])")));
  EXPECT_FALSE(json_patched(json::parse(R"({"a":1})"), json::parse(R"([{"op":"test","path":"/a","value":2}])")));
  EXPECT_FALSE(json_patched(json::parse(R"({"a":1})"), json::parse(R"([{"op":"remove","path":"/b"}])")));
  EXPECT_FALSE(json_patched(json::parse(R"({"a":1})"), json::parse(R"({"op":"x"})")));
}

TEST(Patch, EachKindChangesTheStoredObject) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/configmaps", kConfigMap);
  const std::string path = "/api/v1/namespaces/ns/configmaps/conf";
  EXPECT_EQ(world.patch(path, R"({"data":{"a":"x"}})", "application/strategic-merge-patch+json").status, 200);
  EXPECT_EQ(world.patch(path, R"({"data":{"b":null}})", "application/merge-patch+json").status, 200);
  EXPECT_EQ(world.patch(path, R"([{"op":"add","path":"/data/c","value":"3"}])", "application/json-patch+json").status,
            200);
  EXPECT_EQ(world.json_of(world.get(path))["data"], json::parse(R"({"a":"x","c":"3"})"));
  EXPECT_EQ(world.patch(path + "x", "{}", "application/merge-patch+json").status, 404);
  EXPECT_EQ(world.patch(path, "[]", "application/merge-patch+json").status, 400);
  EXPECT_EQ(world.patch(path, R"({"metadata":{"resourceVersion":"1"}})", "application/merge-patch+json").status, 409);
}

TEST(Patch, ANodeIsCordonedAndTainted) {
  FrontWorld world;
  const std::string path = "/api/v1/nodes/n0";
  const char* type = "application/strategic-merge-patch+json";
  EXPECT_EQ(world.patch(path, R"({"spec":{"unschedulable":true}})", type).status, 200);
  EXPECT_TRUE(world.world.cluster.state().find_node("n0")->node.unschedulable);
  EXPECT_EQ(world.patch(path, R"({"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}})", type).status, 200);
  EXPECT_EQ(world.world.cluster.state().find_node("n0")->node.taints.size(), 1U);
  EXPECT_EQ(world.patch(path, R"({"spec":{"unschedulable":null,"taints":null}})", type).status, 200);
  EXPECT_TRUE(world.world.cluster.state().find_node("n0")->node.taints.empty());
  EXPECT_EQ(world.world.cluster.state().find_node("n0")->node.extra_json, "");
}

TEST(Patch, AScaleIsASubresource) {
  FrontWorld world;
  world.post("/apis/apps/v1/namespaces/ns/deployments",
             R"({"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":)"
             R"({"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"m","image":"i"}]}}}})");
  const std::string path = "/apis/apps/v1/namespaces/ns/deployments/d";
  const json scale =
      world.json_of(world.patch(path + "/scale", R"({"spec":{"replicas":3}})", "application/merge-patch+json"));
  EXPECT_EQ(scale["kind"], "Scale");
  EXPECT_EQ(scale["spec"]["replicas"], 3);
  world.world.run_until(kMinuteUs);
  EXPECT_EQ(world.json_of(world.get(path))["status"]["readyReplicas"], 3);
}

}  // namespace
}  // namespace podramp::fakeapi::rest::patches_test
