// podramp fork: the same past, another future.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/replay.h"
#include "sim/results.h"
#include "sim/test_runs.h"

namespace podramp::sim::fork_command_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;

constexpr const char* kRamp = R"({"schema": "podramp/v1", "seed": 5, "end": "10m",
  "cluster": {"nodes": [{"group": "worker", "count": 10, "cpu": "16", "memory": "64Gi"}]},
  "applications": [{"name": "etl", "compat": "spark-3.5", "conf": {"spark.executor.instances": "60",
      "spark.kubernetes.container.image": "spark:4"}},
    {"name": "fork", "compat": "fork-2.2", "conf": {"spark.executor.instances": "20",
      "spark.kubernetes.driver.pod.name": "fork-driver", "spark.kubernetes.executor.docker.image": "spark:4"}}],
  "background": [{"name": "fork-driver", "cpu": "1", "memory": "1Gi", "node": "worker-01"}]})";

class Fork : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    RunOptions options;
    options.engine = EngineKind::fluid;
    run_to(log_, text_scenario(kRamp), options);
  }
  void TearDown() override { fs::remove_all(dir_); }
  // Exit code; what it said is in said_.
  int fork(Arguments arguments) {
    arguments.insert(arguments.begin(), log_);
    arguments.insert(arguments.end(), {"--out", out_});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = fork_command(arguments);
    std::fflush(stdout);
    said_ = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    return code;
  }
  std::string forked_log() const { return out_ + "/events.jsonl"; }

  const std::string dir_ = scratch_file("fork");
  const std::string log_ = dir_ + "/before.jsonl";
  const std::string out_ = dir_ + "/after";
  std::string said_;
};

std::vector<std::string> lines_until(const std::vector<LoggedEvent>& events, TimeUs t) {
  std::vector<std::string> lines;
  for (const LoggedEvent& event : events) {
    if (event.t() <= t) lines.push_back(event.line);
  }
  return lines;
}

// How many creates each report of a round speaks of, after t.
std::vector<std::int64_t> created_by_rounds(const std::vector<LoggedEvent>& events, const std::string& by, TimeUs t) {
  std::vector<std::int64_t> created;
  for (const LoggedEvent& event : events) {
    const auto* done = event.get<out::RoundDone>();
    if (done == nullptr || event.event.by != by || event.t() <= t) continue;
    created.push_back(done->profiles.empty() ? 0 : done->profiles[0].created);
  }
  return created;
}

std::int64_t largest_round(const std::vector<LoggedEvent>& events, const std::string& by, TimeUs after = 0) {
  std::int64_t largest = 0;
  for (const std::int64_t created : created_by_rounds(events, by, after)) largest = std::max(largest, created);
  return largest;
}

TEST_F(Fork, ABatchSizeChangesFromThereOnAndNothingBefore) {
  const TimeUs at = 3 * kSecondUs;
  ASSERT_EQ(fork({"--at", "3s", "--conf", "spark.kubernetes.allocation.batch.size=40"}), 0) << said_;
  EXPECT_THAT(said_, HasSubstr("forked    after 3.000s"));
  const auto before = read_events(log_);
  const auto after = read_events(forked_log());
  EXPECT_EQ(lines_until(before, at), lines_until(after, at));
  EXPECT_THAT(created_by_rounds(before, "etl", 0), Each(Le(5)));
  EXPECT_EQ(largest_round(after, "etl", at), 40);
  EXPECT_GT(largest_round(after, "fork", at), 5);
}

TEST_F(Fork, OnlyTheNamedApplicationChanges) {
  ASSERT_EQ(fork({"--at", "3s", "--conf", "spark.kubernetes.allocation.batch.size=40", "--application", "etl"}), 0);
  const auto after = read_events(forked_log());
  EXPECT_EQ(largest_round(after, "etl"), 40);
  EXPECT_EQ(largest_round(after, "fork"), 5);
}

TEST_F(Fork, AForkReplaysAndCanBeForkedAgain) {
  ASSERT_EQ(fork({"--at", "3s", "--conf", "spark.kubernetes.allocation.batch.delay=200ms", "--application", "etl"}), 0)
      << said_;
  const auto replayed = replay_log(forked_log());
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_FALSE(replayed->divergence) << replayed->divergence->why;
  const std::string second = dir_ + "/second";
  EXPECT_EQ(fork_command({out_, "--at", "5s", "--conf", "spark.kubernetes.allocation.batch.size=9", "--out", second}),
            0);
}

TEST_F(Fork, SomethingHappensAfterAnEvent) {
  const auto before = read_events(log_);
  const LoggedEvent& some = before.at(before.size() / 3);
  ASSERT_EQ(fork({"--event", std::to_string(some.event.seq), "--do", R"({"do":"nodes_down","nodes":["worker-03"]})"}),
            0)
      << said_;
  const auto after = read_events(forked_log());
  EXPECT_EQ(lines_until(before, some.t()), lines_until(after, some.t()));
  const auto silent = all<fact::NodeSilent>(after);
  ASSERT_EQ(silent.size(), 1U);
  EXPECT_EQ(silent[0].first, some.t() + 1);
}

TEST_F(Fork, MistakesAreNamedAndNothingIsWritten) {
  EXPECT_EQ(fork({"--at", "3s", "--conf", "spark.executor.cores=2"}), 2);
  EXPECT_THAT(said_, HasSubstr("spark.executor.cores: cannot change while the application runs; these can: "
                               "spark.kubernetes.allocation.batch.size, "));
  EXPECT_EQ(fork({"--at", "3s", "--conf", "spark.kubernetes.allocation.batch.size=0"}), 2);
  EXPECT_THAT(said_, HasSubstr("spark.kubernetes.allocation.batch.size"));
  EXPECT_EQ(fork({"--at", "3s"}), 2);
  EXPECT_THAT(said_, HasSubstr("--conf or --do"));
  EXPECT_EQ(fork({"--conf", "a=b"}), 2);
  EXPECT_EQ(fork({"--event", "99999999", "--conf", "a=b"}), 2);
  EXPECT_THAT(said_, HasSubstr("has no event 99999999"));
  EXPECT_EQ(fork({"--at", "3h", "--conf", "a=b"}), 2);
  EXPECT_THAT(said_, HasSubstr("ends at "));
  EXPECT_EQ(fork({"--at", "3s", "--do", "nonsense"}), 2);
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(Fork, ALogWhosePastIsNotOursIsRefused) {
  std::string text = read_bytes(log_);
  const std::size_t at = text.find(R"("pod_ip":"10.)");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 13, R"("pod_ip":"11.)");
  write_bytes(log_, text);
  EXPECT_EQ(fork({"--at", "1m", "--conf", "spark.kubernetes.allocation.batch.size=40"}), kExitDivergence);
  EXPECT_THAT(said_, AllOf(HasSubstr("before.jsonl:"), HasSubstr("cannot be forked")));
  EXPECT_FALSE(fs::exists(out_));
}

}  // namespace
}  // namespace podramp::sim::fork_command_test
