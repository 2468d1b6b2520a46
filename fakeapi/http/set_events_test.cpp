// What the controllers of sets and claims say in events, as a client reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::set_events_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kApps = "/apis/apps/v1/namespaces/ns/";

std::string set(const std::string& replicas, const std::string& more = "") {
  return R"({"metadata":{"name":"web"},"spec":{)" + replicas + R"("selector":{"matchLabels":{"a":"b"}},)" + more +
         R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"m","image":"i"}]}}}})";
}

// "Kind/name reason component: message".
std::vector<std::string> said(FrontWorld& world) {
  std::vector<std::string> lines;
  const nlohmann::json events = world.json_of(world.get("/api/v1/namespaces/ns/events"));
  for (const auto& event : events["items"]) {
    const auto text = [&](const char* pointer) {
      return event.value(nlohmann::json::json_pointer(pointer), std::string());
    };
    lines.push_back(text("/involvedObject/kind") + "/" + text("/involvedObject/name") + " " + text("/reason") + " " +
                    text("/source/component") + ": " + text("/message"));
  }
  return lines;
}

TEST(SetEvents, ADeploymentTellsOfItsReplicaSetAndThatOfItsPods) {
  FrontWorld world;
  EXPECT_EQ(world.post(std::string(kApps) + "deployments", set(R"("replicas":2,)")).status, 201);
  world.world.run_until(world.world.now() + 20 * kSecondUs);
  EXPECT_THAT(said(world), Contains(testing::MatchesRegex("Deployment/web ScalingReplicaSet deployment-controller: "
                                                          "Scaled up replica set web-[a-z0-9]+ from 0 to 2")));
  EXPECT_THAT(said(world), Contains(HasSubstr("SuccessfulCreate replicaset-controller: Created pod: web-")));
  EXPECT_EQ(
      world.patch(std::string(kApps) + "deployments/web", R"({"spec":{"replicas":1}})", "application/merge-patch+json")
          .status,
      200);
  world.world.run_until(world.world.now() + 20 * kSecondUs);
  EXPECT_THAT(said(world), Contains(testing::MatchesRegex("Deployment/web ScalingReplicaSet deployment-controller: "
                                                          "Scaled down replica set web-[a-z0-9]+ from 2 to 1")));
  EXPECT_THAT(said(world), Contains(HasSubstr("SuccessfulDelete replicaset-controller: Deleted pod: web-")));
}

TEST(SetEvents, AStatefulSetTellsOfItsPodsByName) {
  FrontWorld world;
  EXPECT_EQ(world.post(std::string(kApps) + "statefulsets", set(R"("replicas":1,"serviceName":"web",)")).status, 201);
  world.world.run_until(world.world.now() + 20 * kSecondUs);
  EXPECT_THAT(said(world), Contains("StatefulSet/web SuccessfulCreate statefulset-controller: create Pod web-0 in "
                                    "StatefulSet web successful"));
  EXPECT_EQ(
      world.patch(std::string(kApps) + "statefulsets/web", R"({"spec":{"replicas":0}})", "application/merge-patch+json")
          .status,
      200);
  world.world.run_until(world.world.now() + 20 * kSecondUs);
  EXPECT_THAT(said(world), Contains("StatefulSet/web SuccessfulDelete statefulset-controller: delete Pod web-0 in "
                                    "StatefulSet web successful"));
}

TEST(SetEvents, AClaimTellsWhatItWaitsForAndThatItHasItsVolume) {
  FrontWorld world;
  EXPECT_EQ(world
                .post("/api/v1/namespaces/ns/persistentvolumeclaims",
                      R"({"metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],)"
                      R"("resources":{"requests":{"storage":"1Gi"}}}})")
                .status,
            201);
  world.world.run_until(world.world.now() + 5 * kSecondUs);
  EXPECT_THAT(said(world), Contains("PersistentVolumeClaim/c WaitForFirstConsumer persistentvolume-controller: waiting "
                                    "for first consumer to be created before binding"));
  EXPECT_EQ(world
                .post("/api/v1/namespaces/ns/pods",
                      R"({"metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","persistentVolumeClaim":)"
                      R"({"claimName":"c"}}],"containers":[{"name":"m","image":"i"}]}})")
                .status,
            201);
  world.world.run_until(world.world.now() + kMinuteUs);
  EXPECT_THAT(said(world), Contains(StartsWith("PersistentVolumeClaim/c ProvisioningSucceeded podramp.io/simulated: "
                                               "Successfully provisioned volume pvc-")));
}

}  // namespace
}  // namespace podramp::fakeapi::rest::set_events_test
