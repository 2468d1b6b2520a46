#include "fakeapi/http/managed_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::managed_fields_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kPath = "/api/v1/namespaces/ns/configmaps/conf";

http::Response apply(FrontWorld& world, const std::string& manager, const std::string& data, bool force = false) {
  return world.patch(std::string(kPath) + "?fieldManager=" + manager + "&force=" + (force ? "true" : "false"),
                     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"conf"},"data":)" + data + "}",
                     "application/apply-patch+yaml");
}

TEST(ServerSideApply, ItCreatesWhatIsNotThereAndChangesWhatIs) {
  FrontWorld world;
  EXPECT_EQ(apply(world, "one", R"({"a":"1","b":"2"})").status, 201);
  EXPECT_EQ(apply(world, "one", R"({"a":"3","b":"2"})").status, 200);
  EXPECT_EQ(world.json_of(world.get(kPath))["data"], json::parse(R"({"a":"3","b":"2"})"));
}

TEST(ServerSideApply, WhatAnApplierNoLongerNamesGoesUnlessSomebodyElseHasIt) {
  FrontWorld world;
  apply(world, "one", R"({"a":"1","b":"2"})");
  apply(world, "two", R"({"b":"2","c":"3"})");
  apply(world, "one", R"({})");
  EXPECT_EQ(world.json_of(world.get(kPath))["data"], json::parse(R"({"b":"2","c":"3"})"));
}

TEST(ServerSideApply, AnotherValueThanSomebodyElsesIsAConflictUnlessForced) {
  FrontWorld world;
  apply(world, "one", R"({"a":"1"})");
  const http::Response refused = apply(world, "two", R"({"a":"2"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(world.json_of(refused)["message"], "Apply failed with 1 conflict: conflict with \"one\": .data.a");
  EXPECT_EQ(apply(world, "two", R"({"a":"2"})", true).status, 200);
  EXPECT_EQ(apply(world, "two", R"({"a":"3"})").status, 200);
  EXPECT_EQ(apply(world, "one", R"({"a":"1"})").status, 409);
}

TEST(ServerSideApply, AnUpdateTakesFieldsOver) {
  FrontWorld world;
  apply(world, "one", R"({"a":"1"})");
  world.patch(std::string(kPath) + "?fieldManager=hand", R"({"data":{"a":"9"}})", "application/merge-patch+json");
  const http::Response refused = apply(world, "one", R"({"a":"1"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("conflict with \\\"hand\\\" using v1"));
}

TEST(ServerSideApply, ManagedFieldsAreShownAsFieldsV1) {
  FrontWorld world;
  apply(world, "one", R"({"a":"1"})");
  const json fields = world.json_of(world.get(kPath))["metadata"]["managedFields"];
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0]["manager"], "one");
  EXPECT_EQ(fields[0]["operation"], "Apply");
  EXPECT_EQ(fields[0]["fieldsV1"], json::parse(R"({"f:data":{"f:a":{}}})"));
}

TEST(ServerSideApply, AClientMayRewriteWhoHasSetWhat) {
  FrontWorld world;
  apply(world, "one", R"({"a":"1"})");
  json fields = world.json_of(world.get(kPath))["metadata"]["managedFields"];
  fields[0]["manager"] = "two";
  const json patch = json::array({json{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", fields}}});
  EXPECT_EQ(world.patch(kPath, patch.dump(), "application/json-patch+json").status, 200);
  EXPECT_EQ(world.json_of(world.get(kPath))["metadata"]["managedFields"], fields);
  EXPECT_EQ(apply(world, "two", R"({"a":"2"})").status, 200);
}

TEST(ServerSideApply, ItNeedsAManagerAndAnObject) {
  FrontWorld world;
  EXPECT_EQ(world.patch(kPath, "{}", "application/apply-patch+yaml").status, 422);
  EXPECT_EQ(world.patch(std::string(kPath) + "?fieldManager=a", "- x", "application/apply-patch+yaml").status, 400);
}

TEST(ManagedFields, ItemsOfKeyedListsAreFieldsOfTheirOwn) {
  const FieldSet fields = fields_of(json::parse(R"({"spec":{"containers":[{"name":"a","image":"x"}]}})"));
  EXPECT_TRUE(fields.contains({"f:spec", "f:containers", R"(k:{"name":"a"})"}));
  EXPECT_TRUE(fields.contains({"f:spec", "f:containers", R"(k:{"name":"a"})", "f:image"}));
}

}  // namespace
}  // namespace podramp::fakeapi::rest::managed_fields_test
