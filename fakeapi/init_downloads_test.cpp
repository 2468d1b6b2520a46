#include "fakeapi/init_downloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::init_downloads_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kMadeUs = kScheduleUs + kBindUs + kKubeletUs + kStartUs;  // the first pod's sandbox

// 100 MB/s: "jars" takes 3 s, "files" 2 s.
ClusterConfig downloads_config() {
  ClusterConfig config = make_config({make_node("n0", 64'000, 256)});
  config.registries = {{"registry"}, {"staging"}};
  config.init_downloads = {{"jars", 300'000'000, 1}, {"files", 200'000'000, 1}};
  return config;
}

PodTemplate fetching(const std::vector<std::string>& containers) {
  PodTemplate tmpl = make_template(1000, 1);
  for (const std::string& name : containers) {
    Container init = tmpl.containers[0];
    init.name = name;
    tmpl.init_containers.push_back(init);
  }
  return tmpl;
}

struct Started {
  explicit Started(ClusterConfig config) : c(std::move(config)) { c.lifecycle->start(); }
  TestCluster c;
};

TEST(InitDownloads, come_one_after_the_other_before_the_process_starts) {
  Started s(downloads_config());
  s.c.create("p", fetching({"jars", "other", "files"}));
  s.c.run_until(kMinuteUs);
  const auto starts = s.c.messages<from::StartPull>();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].first, kMadeUs);
  EXPECT_EQ(starts[0].second.registry, 1);
  EXPECT_EQ(starts[0].second.bytes, 300'000'000);
  EXPECT_EQ(starts[1].first, kMadeUs + 3 * kSec);
  EXPECT_EQ(starts[1].second.bytes, 200'000'000);
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kMadeUs + 5 * kSec + kStatusUs));
}

TEST(InitDownloads, are_told_as_pod_initializing) {  // K66
  Started s(downloads_config());
  s.c.create("p", fetching({"jars"}));
  s.c.run_until(kMadeUs + kSec);
  EXPECT_EQ(s.c.pod("p")->phase, PodPhase::pending);
  EXPECT_EQ(s.c.pod("p")->containers.front().reason, "PodInitializing");
}

TEST(InitDownloads, other_pods_start_as_before) {
  Started s(downloads_config());
  s.c.create("p", fetching({"other"}));
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.messages<from::StartPull>(), IsEmpty());
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kMadeUs + kStatusUs));
}

TEST(InitDownloads, of_a_deleted_pod_are_given_up) {
  Started s(downloads_config());
  const PodId p = s.c.create("p", fetching({"jars"}));
  s.c.run_until(kMadeUs + kSec);
  s.c.deletion->remove(p, std::nullopt, "api", "apiserver", 0);
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.c.messages<from::CancelPull>().size(), 1U);
  EXPECT_EQ(s.c.pod("p"), nullptr);
  EXPECT_THAT(s.c.facts<fact::PodRunning>(), IsEmpty());
}

TEST(InitDownloads, of_a_pod_whose_object_is_gone_are_given_up) {
  Started s(downloads_config());
  const PodId p = s.c.create("p", fetching({"jars"}));
  s.c.run_until(kMadeUs + kSec);
  s.c.deletion->remove(p, 0, "api", "apiserver", 0);
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.c.messages<from::CancelPull>().size(), 1U);
  EXPECT_THAT(s.c.facts<fact::PodRunning>(), IsEmpty());
}

TEST(InitDownloads, start_all_over_after_a_loss_of_power_and_go_on_after_a_partition) {
  for (const bool partition : {false, true}) {
    Started s(downloads_config());
    s.c.create("p", fetching({"jars", "files"}));
    s.c.run_until(kMadeUs + 4 * kSec);
    s.c.lifecycle->nodes_down({{"n0"}, partition}, 0);
    s.c.run_until(kMadeUs + 6 * kSec);
    s.c.lifecycle->nodes_up({{"n0"}}, 0);
    s.c.run_until(kMinuteUs);
    EXPECT_EQ(s.c.messages<from::StartPull>().size(), partition ? 3U : 4U);
    EXPECT_EQ(s.c.pod("p")->phase, PodPhase::running);
  }
}

}  // namespace
}  // namespace podramp::fakeapi::init_downloads_test
