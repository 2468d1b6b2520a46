#include "sim/shuffle_services.h"

#include <gtest/gtest.h>

namespace podramp::sim::shuffle_services_test {
namespace {

Pod shuffle_pod(const std::string& node, const std::string& name = "shuffle-a") {
  PodTemplate tmpl;
  tmpl.owners = {{"DaemonSet", "shuffle", "uid", true}};
  Pod pod;
  pod.tmpl = share(std::move(tmpl));
  pod.ns = "default";
  pod.name = name;
  pod.node = node;
  return pod;
}

constexpr ShuffleServices::Executor kFirst{0, 1};

// Application 0, and executor 1 on node n-1, which has registered with pod 10.
ShuffleServices with_executor(const std::vector<std::string>& fixes = {}) {
  ShuffleServices services;
  services.add({"default/shuffle", fixes});
  services.add_application(0, "app-1");
  services.up(10, shuffle_pod("n-1"), 5);
  services.told(kFirst, "n-1", 10);
  EXPECT_TRUE(services.register_executor(kFirst, "n-1"));
  return services;
}

TEST(ShuffleServices, OnlyPodsOfTheDaemonSetsThatAreNamedAreServices) {
  ShuffleServices services;
  EXPECT_FALSE(services.any());
  EXPECT_FALSE(services.is_service(shuffle_pod("n-1")));
  services.add({"default/shuffle", {}});
  EXPECT_TRUE(services.is_service(shuffle_pod("n-1")));
  Pod other = shuffle_pod("n-1");
  other.ns = "other";
  EXPECT_FALSE(services.is_service(other));
}

TEST(ShuffleServices, AnExecutorThatHasRegisteredIsServedWhileThePodIsThere) {
  ShuffleServices services = with_executor();
  EXPECT_EQ(services.serving(kFirst), Serving::served);
  EXPECT_EQ(services.down(10)->pod_name, "default/shuffle-a");
  EXPECT_EQ(services.serving(kFirst), Serving::refused);
  EXPECT_FALSE(services.down(10));
}

TEST(ShuffleServices, Q31_AReplacementHasAnotherAddressAndWithTheCureServesOn) {
  for (const bool cured : {false, true}) {
    ShuffleServices services = with_executor(cured ? std::vector<std::string>{"Q31"} : std::vector<std::string>{});
    services.down(10);
    EXPECT_EQ(services.serving(kFirst), Serving::refused);
    services.up(11, shuffle_pod("n-1", "shuffle-b"), 6);
    EXPECT_EQ(services.serving(kFirst), cured ? Serving::served : Serving::refused);
  }
}

TEST(ShuffleServices, Q31_AProcessThatStartsAgainInItsPodKnowsNobody) {
  ShuffleServices services = with_executor();
  services.down(10);
  services.up(10, shuffle_pod("n-1"), 6);
  EXPECT_EQ(services.serving(kFirst), Serving::unknown_executor);
}

TEST(ShuffleServices, AnExecutorIsBoundToWhatItWasToldAndElseTakesItsNodesService) {
  ShuffleServices services = with_executor();
  services.down(10);
  services.up(11, shuffle_pod("n-1", "shuffle-b"), 6);
  const ShuffleServices::Executor stale{0, 2};
  services.told(stale, "n-1", 0);
  EXPECT_FALSE(services.register_executor(stale, "n-1")) << "nobody has the address that the driver knows";
  EXPECT_TRUE(services.register_executor({0, 3}, "n-1"));
  EXPECT_FALSE(services.register_executor({0, 4}, "n-2"));
}

TEST(ShuffleServices, AStartThatIsNotThePodsLastBringsNothingUp) {
  ShuffleServices services;
  services.add({"default/shuffle", {}});
  services.booting(10, 1);
  services.down(10);
  EXPECT_FALSE(services.boots(10, 1));
  services.booting(10, 2);
  EXPECT_FALSE(services.boots(10, 1));
  EXPECT_TRUE(services.boots(10, 2));
}

}  // namespace
}  // namespace podramp::sim::shuffle_services_test
