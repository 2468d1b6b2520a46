#include "fakeapi/http/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::protobuf_test {
namespace {

using nlohmann::json;

std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}
std::string number(int field_number, int value) {
  return std::string(1, static_cast<char>(field_number << 3)) + static_cast<char>(value);
}
std::string body(const std::string& version, const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + field(1, field(1, version) + field(2, kind)) + field(2, raw);
}

TEST(Protobuf, DeleteOptionsAreRead) {
  const auto tree = from_protobuf(body("v1", "DeleteOptions", number(1, 5) + field(4, "Background") + field(5, "All")));
  ASSERT_TRUE(tree);
  EXPECT_EQ(*tree, json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":5,)"
                               R"("propagationPolicy":"Background","dryRun":["All"]})"));
}

TEST(Protobuf, ASecretsBytesBecomeBase64AndMapsBecomeObjects) {
  const std::string entry = field(1, "password") + field(2, "canary");
  const std::string labels = field(11, field(1, "a") + field(2, "b"));
  const auto tree = from_protobuf(body("v1", "Secret", field(1, field(1, "s") + labels) + field(2, entry)));
  ASSERT_TRUE(tree);
  EXPECT_EQ((*tree)["data"]["password"], "Y2FuYXJ5");
  EXPECT_EQ((*tree)["metadata"]["labels"]["a"], "b");
}

TEST(Protobuf, WhatIsUnknownOrBrokenIsAnError) {
  EXPECT_EQ(from_protobuf("{}").error().message, "the body is not Kubernetes protobuf");
  EXPECT_EQ(from_protobuf(body("batch/v1", "Job", "")).error().message,
            "a protobuf body of kind \"Job\" cannot be decoded here");
  const std::string whole = body("v1", "Namespace", field(1, field(1, "team")));
  EXPECT_TRUE(from_protobuf(whole));
  for (std::size_t cut = 5; cut < whole.size(); ++cut) EXPECT_FALSE(from_protobuf(whole.substr(0, cut))) << cut;
}

TEST(Protobuf, FieldsThatAreSetAndNotKnownAreRefusedAndBlankOnesAreNone) {
  const std::string metadata = field(1, field(1, "d") + field(3, ""));
  const std::string container = field(1, "m") + field(2, "i") + field(5, "") + field(8, "") + number(15, 0);
  const std::string spec = number(1, 2) + field(3, field(2, field(2, container)));
  const std::string status = field(3, number(1, 0) + number(2, 0));
  const auto tree = from_protobuf(body("apps/v1", "Deployment", metadata + field(2, spec) + status));
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ((*tree)["spec"],
            json::parse(R"({"replicas":2,"template":{"spec":{"containers":[{"name":"m","image":"i"}]}}})"));
  EXPECT_FALSE(tree->contains("status"));
  const std::string probing = field(1, "m") + field(10, field(1, "probe"));
  EXPECT_FALSE(from_protobuf(body("apps/v1", "Deployment", field(2, field(3, field(2, field(2, probing)))))));
}

TEST(Protobuf, ANamespaceIsCreatedFromIt) {
  FrontWorld world;
  const http::Response created =
      world.ask(http_request("POST", "/api/v1/namespaces", body("v1", "Namespace", field(1, field(1, "team"))),
                             "application/vnd.kubernetes.protobuf"));
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(world.json_of(created)["status"]["phase"], "Active");
}

}  // namespace
}  // namespace podramp::fakeapi::rest::protobuf_test
