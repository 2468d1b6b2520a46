// kill -9 of a live run at moments of chance, and the clean-up after it: no pod stays, even when its log is torn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "backend/port/random.h"
#include "sim/test_served_process.h"

namespace podramp::sim::live_kill_test {
namespace {

using testing::HasSubstr;

constexpr int kMoments = 5;

// The log as a machine that stops leaves it: its last lines are missing, and the one before them may be torn.
void tear(const std::string& log, Draw& draw) {
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(log));
  const auto first = static_cast<std::int64_t>(live::read_text_file(log).value().find('\n')) + 1;
  std::filesystem::resize_file(log, static_cast<std::uintmax_t>(draw.uniform(first, size)));
}

TEST(LiveKill, AtAnyMomentACleanUpLeavesNoPod) {
  const http::TestFolder folder;
  // A create takes 300 ms of the wall's time until it is committed, so that many a kill meets one under way.
  const ServedProcess served(
      folder, served_scenario(R"({"point":"api.slow","delay":"3s","verb":"create","from":"5s"})"), {"--speed", "10"});
  const std::string scenario =
      folder.write("small.json", live::live_scenario(9, R"("spark.kubernetes.allocation.batch.size":"2",)"));
  int with_pods = 0;
  for (std::uint64_t i = 0; i < kMoments; ++i) {
    Draw draw(11, "kill", "", i);
    const std::string out = fmt::format("{}/run-{}", folder.path(), i);
    live::TestProcess process({PODRAMP_LIVE_BINARY, scenario, "--kubeconfig", served.config(), "--out", out}, out);
    const std::string log = out + "/events.jsonl";
    if (i % 4 != 0) {  // else even before its first word
      ASSERT_TRUE(live::wait_until([&] { return std::filesystem::exists(log) && std::filesystem::file_size(log) > 0; }))
          << process.err();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(draw.uniform(0, 4'000)));
    process.kill(SIGKILL);
    ASSERT_EQ(process.wait(), -SIGKILL) << process.err();
    const std::string text = live::read_text_file(log).value_or("");
    if (text.find('\n') == std::string::npos) {  // nothing is made before the header is written
      EXPECT_EQ(served.pods_left(), "");
      continue;
    }
    tear(log, draw);
    live::TestProcess clean_up({PODRAMP_LIVE_BINARY, "--kubeconfig", served.config(), "--clean-up", log}, out + "-b");
    EXPECT_EQ(clean_up.wait(), 0) << clean_up.err();
    EXPECT_THAT(clean_up.out(), HasSubstr("objects deleted, 0 left"));
    with_pods += clean_up.out().find(": 0 objects deleted") == std::string::npos ? 1 : 0;
    EXPECT_EQ(served.pods_left(), "") << "kill " << i;
  }
  EXPECT_GE(with_pods, 2);
  std::this_thread::sleep_for(std::chrono::seconds(1));  // what was under way would be there by now
  EXPECT_EQ(served.pods_left(), "");
}

}  // namespace
}  // namespace podramp::sim::live_kill_test
