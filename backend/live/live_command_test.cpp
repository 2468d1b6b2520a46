// podramp-live as users run it: exit codes, signals, kill -9 and the clean-up after it.
#include "backend/live/live_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "backend/live/test_live_world.h"
#include "backend/live/test_process.h"

namespace podramp::live::live_command_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct CommandWorld {
  http::TestFolder folder;
  TestApiServer server;
  std::string config = folder.write("config", kubeconfig_for(server.url()));
  std::string log = folder.path() + "/out/events.jsonl";

  std::unique_ptr<TestProcess> start(const std::vector<std::string>& words) {
    std::vector<std::string> all{PODRAMP_LIVE_BINARY, "--kubeconfig", config};
    all.insert(all.end(), words.begin(), words.end());
    return std::make_unique<TestProcess>(std::move(all), folder.path() + "/" + std::to_string(++runs_));
  }
  std::unique_ptr<TestProcess> run(int executors, const std::string& hold = "200ms") {
    return start(
        {folder.write("small.json", live_scenario(executors, R"("spark.hadoop.fs.s3a.secret.key":"canary-conf",)")),
         "--out", folder.path() + "/out", "--hold", hold});
  }

 private:
  int runs_ = 0;
};

TEST(LiveCommand, ReportsInAFewLinesAndShowsNoSecret) {
  CommandWorld world;
  const auto process = world.run(2);
  EXPECT_EQ(process->wait(), kExitFine) << process->err();
  EXPECT_THAT(process->out(), AllOf(HasSubstr("etl: 2 of 2 executors"), HasSubstr("create pods 201 x2"),
                                    HasSubstr("0 are still there"), HasSubstr("log: " + world.log)));
  const std::string log = read_text_file(world.log).value();
  EXPECT_THAT(process->out() + process->err() + log, Not(HasSubstr("canary")));
  EXPECT_THAT(world.server.objects(), IsEmpty());
  const auto again = world.run(2);  // the same folder
  EXPECT_EQ(again->wait(), kExitBadInput);
  EXPECT_THAT(again->err(), HasSubstr("events.jsonl is there already"));
}

TEST(LiveCommand, ExitCodesTellWhoseFaultItIs) {
  CommandWorld world;
  world.server.answer_reviews([](const std::string&) { return false; });
  const auto refused = world.run(1);
  EXPECT_EQ(refused->wait(), kExitCluster);
  EXPECT_THAT(refused->err(), AllOf(HasSubstr("nothing was started. Missing:"), HasSubstr("get pods")));
  const auto no_scenario = world.start({"none.json", "--namespace", "x"});
  EXPECT_EQ(no_scenario->wait(), kExitBadInput);
  EXPECT_THAT(no_scenario->err(), HasSubstr("cannot read none.json: No such file or directory"));
  world.server.end();
  const auto unreachable = world.run(1);
  EXPECT_EQ(unreachable->wait(), kExitCluster);
  EXPECT_THAT(unreachable->err(), HasSubstr("cannot be reached"));
}

TEST(LiveCommand, OneSignalStopsItAndTwoStopItSooner) {
  for (const int signals : {1, 2}) {
    CommandWorld world;
    const auto process = world.run(3, "1m");
    ASSERT_TRUE(wait_until([&] { return world.server.pods().size() == 3; }));
    for (int i = 0; i < signals; ++i) {
      process->kill(i == 0 ? SIGINT : SIGTERM);
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    EXPECT_EQ(process->wait(), 130) << process->err();
    EXPECT_THAT(world.server.objects(), IsEmpty());
    EXPECT_THAT(read_text_file(world.log).value(), HasSubstr(R"({"footer":{"ended":"interrupted")"));
  }
}

TEST(LiveCommand, WhatAKillLeavesIsCleanedUpByTheLogsFirstLine) {
  for (const std::size_t pods : {1U, 3U}) {
    CommandWorld world;
    const auto process = world.run(3, "1m");
    ASSERT_TRUE(wait_until([&] { return world.server.pods().size() >= pods; }));
    process->kill(SIGKILL);
    EXPECT_EQ(process->wait(), -SIGKILL);
    EXPECT_THAT(world.server.objects(), Not(IsEmpty()));
    const std::string text = read_text_file(world.log).value();
    world.folder.write("out/events.jsonl", text.substr(0, text.find('\n') + 30));  // torn in its second line
    const auto next =
        world.start({world.folder.write("small.json", live_scenario(1)), "--out", world.folder.path() + "/b"});
    EXPECT_EQ(next->wait(), kExitCluster);
    EXPECT_THAT(next->err(), HasSubstr("a clean namespace"));
    const auto clean_up = world.start({"--clean-up", world.log});
    EXPECT_EQ(clean_up->wait(), kExitFine) << clean_up->err();
    EXPECT_THAT(clean_up->out(), HasSubstr("objects deleted, 0 left"));
    EXPECT_THAT(world.server.objects(), IsEmpty());
  }
}

TEST(LiveCommand, ACleanUpGoesToTheServerOfTheRunOnly) {
  CommandWorld world;
  const std::string log =
      world.folder.write("log", R"({"podramp":"log","live":{"run":"r-1","server":"https://other","namespace":"n"}})"
                                "\n");
  const auto process = world.start({"--clean-up", log});
  EXPECT_EQ(process->wait(), kExitBadInput);
  EXPECT_THAT(process->err(), HasSubstr("the run was on https://other, the kubeconfig leads to http://127.0.0.1"));
  EXPECT_THAT(world.server.requests(), IsEmpty());
}

}  // namespace
}  // namespace podramp::live::live_command_test
