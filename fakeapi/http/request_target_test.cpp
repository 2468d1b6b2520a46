#include "fakeapi/http/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::fakeapi::rest::request_target_test {
namespace {

using testing::ElementsAre;

std::string resource_in(const std::string& text) {
  const auto target = parse_target(text);
  const auto path = target ? resource_path_of(*target) : std::nullopt;
  if (!path) return "none";
  return std::string(resource_type(path->resource->kind).plural) + " " + path->ns + " " + path->name + " " +
         path->subresource;
}

TEST(RequestTarget, PathAndQueryAreDecoded) {
  const auto target = parse_target("/api/v1/pods/?labelSelector=a%3Db%2Cc&watch&limit=5&flag=True&name=x+y");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("api", "v1", "pods"));
  EXPECT_EQ(target->parameter("labelSelector"), "a=b,c");
  EXPECT_EQ(target->parameter("name"), "x y");
  EXPECT_TRUE(target->flag("watch"));
  EXPECT_TRUE(target->flag("flag"));
  EXPECT_FALSE(target->flag("limit"));
  EXPECT_FALSE(parse_target("/api/%zz"));
  EXPECT_FALSE(parse_target("/api/%0"));
  EXPECT_FALSE(parse_target("/api/%00"));
}

TEST(RequestTarget, APathNamesAResourceANamespaceANameAndASubresource) {
  EXPECT_EQ(resource_in("/api/v1/pods"), "pods   ");
  EXPECT_EQ(resource_in("/api/v1/namespaces/a/pods/b/log"), "pods a b log");
  EXPECT_EQ(resource_in("/api/v1/namespaces"), "namespaces   ");
  EXPECT_EQ(resource_in("/api/v1/namespaces/a"), "namespaces  a ");
  EXPECT_EQ(resource_in("/api/v1/namespaces/a/finalize"), "namespaces  a finalize");
  EXPECT_EQ(resource_in("/apis/apps/v1/namespaces/a/deployments/d/scale"), "deployments a d scale");
  EXPECT_EQ(resource_in("/api/v1/nodes/n0"), "nodes  n0 ");
  EXPECT_EQ(resource_in("/api/v1/namespaces/a/nodes"), "none");
  EXPECT_EQ(resource_in("/api/v1/pods/a"), "none");
  EXPECT_EQ(resource_in("/api/v1/namespaces/a/pods/b/exec"), "none");
  EXPECT_EQ(resource_in("/apis/apps/v1beta1/deployments"), "none");
}

}  // namespace
}  // namespace podramp::fakeapi::rest::request_target_test
