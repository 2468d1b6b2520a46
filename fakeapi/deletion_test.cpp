#include "fakeapi/deletion.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::deletion_test {
namespace {

class DeletionTest : public testing::Test {
 protected:
  void SetUp() override {
    world.ask(create_of(make_pod("a", share(small_template()))));
    world.run_until(2'500'000);
  }
  void run_it() {
    world.bind("ns/a", "n1");
    world.start_pod("ns/a");
  }
  PodPtr pod() const { return world.state().find_pod("ns/a")->pod; }
  void remove(std::optional<std::int64_t> grace_s) { world.deletion.remove(1, grace_s, "api", "apiserver", 0); }

  TestWorld world;
};

TEST_F(DeletionTest, AnUnscheduledPodVanishesAtOnce) {  // K28
  remove(std::nullopt);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
  EXPECT_TRUE(world.facts_of<fact::PodTerminating>().empty());
  EXPECT_EQ(world.facts_of<fact::PodGone>().at(0).why, "api");
}

TEST_F(DeletionTest, ATerminalPodVanishesAtOnce) {  // K28
  run_it();
  world.finish_pod("ns/a");
  remove(60);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
}

TEST_F(DeletionTest, ARunningPodGetsThirtySecondsAndStaysRunning) {  // K27, K29
  run_it();
  remove(std::nullopt);
  EXPECT_EQ(pod()->phase, PodPhase::running);
  EXPECT_EQ(pod()->deletion_us, 32 * kSecondUs);  // 2.5 s + 30 s, whole second
  EXPECT_EQ(pod()->deletion_grace_s, 30);
}

TEST_F(DeletionTest, NegativeGraceIsOneSecond) {  // K27
  run_it();
  remove(-5);
  EXPECT_EQ(pod()->deletion_grace_s, 1);
}

TEST_F(DeletionTest, ASecondDeleteOnlyShortens) {  // K30
  run_it();
  remove(30);
  world.run_until(10'000'000);
  const std::size_t facts = world.facts.size();
  remove(30);
  remove(40);
  remove(std::nullopt);
  EXPECT_EQ(world.facts.size(), facts);
  remove(5);
  EXPECT_EQ(pod()->deletion_us, 7 * kSecondUs);  // counted from the first DELETE
  EXPECT_EQ(pod()->deletion_grace_s, 5);
  remove(0);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
}

TEST_F(DeletionTest, GraceZeroNeedsNoKubelet) {  // K30
  run_it();
  remove(0);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
  EXPECT_TRUE(world.facts_of<fact::PodTerminating>().empty());
}

TEST_F(DeletionTest, TheKubeletsWordRemovesTheObjectWithANewVersion) {  // K26
  run_it();
  remove(30);
  const std::uint64_t before = pod()->resource_version;
  world.deletion.finish(1, "kubelet", "kubelet", 0);
  EXPECT_EQ(world.state().find_pod("ns/a"), nullptr);
  EXPECT_EQ(world.facts_of<fact::PodGone>().at(0).rv, before + 2) << "the grace is over, and it is removed (K28)";
  EXPECT_EQ(world.deletion.finish(1, "kubelet", "kubelet", 77), 77U);
  EXPECT_EQ(world.deletion.remove(99, 0, "api", "apiserver", 78), 78U);
}

}  // namespace
}  // namespace podramp::fakeapi::deletion_test
