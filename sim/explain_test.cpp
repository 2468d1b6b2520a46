// podramp explain on logs of real runs: the sums, the chain of causes, what people and machines read.
#include "sim/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/test_sets.h"
#include "sim/test_stream.h"

namespace podramp::sim::explain_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// A log of a small run in a file of its own.
std::string log_of_run(const std::string& text, LogLevel level = LogLevel::all) {
  std::string path = testing::TempDir() + "/podramp_explain_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl";
  RunOptions options;
  options.log_path = path;
  options.level = level;
  run_tiny(text, options);
  return path;
}

Explanation explain(const std::string& path, const ExplainWhat& what = {}) {
  auto explained = explain_log(path, what);
  PODRAMP_CHECK(explained.has_value(), explained ? "" : explained.error().message);
  return std::move(*explained);
}

TEST(Explain, WithTenARoundTheLateOnesWaitedForTheBatch) {
  const Explanation e = explain(log_of_run(tiny_text(40, "64")));
  EXPECT_EQ(e.registered, 40);
  EXPECT_GE(sum(e.waits.at(39).slices).at(WaitReason::batch), 2 * kSecondUs);
  EXPECT_THAT(explain_text(e), HasSubstr("spark.kubernetes.allocation.batch.size"));
}

TEST(Explain, PodsThatFitNowhereWaitedForANode) {
  const Explanation e = explain(log_of_run(tiny_text(12, "2")));
  EXPECT_EQ(e.registered, 6);
  EXPECT_THAT(explain_text(e), HasSubstr("no node fitted it"));
}

TEST(Explain, TheChainGoesFromTheRoundsBeginningToTheRegistration) {
  const Explanation e = explain(log_of_run(tiny_text(15, "64")), {{}, 15});
  ASSERT_FALSE(e.chosen->chain.empty());
  EXPECT_EQ(e.chosen->chain.front().type, "in.timer_due");
  EXPECT_EQ(e.chosen->chain.back().type, "out.registration_accepted");
  for (std::size_t i = 1; i < e.chosen->chain.size(); ++i) EXPECT_GE(e.chosen->chain[i].t, e.chosen->chain[i - 1].t);
  const std::string text = explain_text(e);
  EXPECT_THAT(text, HasSubstr("executor  15 of etl"));
  EXPECT_THAT(text, HasSubstr("creates of the same round"));
  EXPECT_THAT(text, HasSubstr("fact.pod_bound"));
}

TEST(Explain, ALogWithoutFactsSaysWhatItCannotTell) {
  const Explanation e = explain(log_of_run(tiny_text(6, "64"), LogLevel::decisions));
  EXPECT_THAT(explain_text(e), HasSubstr("--log all"));
  EXPECT_GT(e.total.at(WaitReason::unknown), 0);
}

TEST(Explain, MistakesAreNamed) {
  const std::string path = log_of_run(tiny_text(3, "64"));
  EXPECT_THAT(explain_log(path, {{}, 99}).error().message, HasSubstr("no executor 99"));
  EXPECT_THAT(explain_log(path, {"nobody", {}}).error().message, HasSubstr("no application nobody"));
  EXPECT_THAT(explain_log(path + ".missing", {}).error().message, HasSubstr(".missing"));
}

TEST(Explain, ExecutorsOfASetHaveTheirIdsAndAChainFromTheDriversRequest) {
  for (const std::string allocator : {"statefulset", "deployment"}) {
    const Explanation e = explain(log_of_run(set_text(allocator, {})), {{}, 4});
    EXPECT_EQ(e.registered, 6);
    EXPECT_EQ(e.chosen->chain.front().type, "in.started") << allocator;
    EXPECT_EQ(e.chosen->chain.back().type, "out.registration_accepted") << allocator;
    const std::string text = explain_text(e);
    EXPECT_THAT(text, HasSubstr("executor  4 of etl, pod default/spark-"));
    EXPECT_THAT(text, HasSubstr("fact.object_created"));
    EXPECT_THAT(text, HasSubstr("out.executor_id_given"));
  }
}

TEST(Explain, PodsThatAQuotaKeepsASetFromMakingAreMissing) {
  const Explanation e = explain(log_of_run(set_text("statefulset", {.name = "", .cluster = pods_quota(5)})));
  const std::string text = explain_text(e);
  EXPECT_THAT(text, HasSubstr("waited    4 executors, 4 registered"));
  EXPECT_THAT(text, HasSubstr("missing   2 more were wanted and got no pod"));
  EXPECT_THAT(text, HasSubstr("refused its set's controller"));
  EXPECT_THAT(text, HasSubstr("etl (no id): 8m00.000s, no pod was made for it until 8m00.000s: quota"));
  EXPECT_THAT(text, Not(HasSubstr("every round")));
}

TEST(Explain, AnExecutorWithoutAnIdIsFoundByItsPod) {
  const std::string path = log_of_run(set_text("statefulset", {.name = "", .cpu = "2"}));
  const Explanation all = explain(path);
  const auto waits = std::ranges::find_if(all.waits, [](const ExecutorWait& w) { return w.row.id == 0; });
  ASSERT_NE(waits, all.waits.end()) << "one that fits nowhere";
  EXPECT_THAT(explain_text(all), HasSubstr(" etl " + waits->row.pod + ": "));
  const Explanation one = explain(path, {{}, {}, waits->row.pod.substr(waits->row.pod.find('/') + 1)});
  EXPECT_THAT(explain_text(one), HasSubstr("no node fitted it"));
  EXPECT_THAT(explain_log(path, {{}, {}, "nobody"}).error().message, HasSubstr("no executor was in a pod nobody"));
}

TEST(Explain, JsonHoldsEverySlice) {
  const Explanation e = explain(log_of_run(tiny_text(6, "64")));
  const auto all = nlohmann::json::parse(explain_json(e));
  ASSERT_EQ(all["executors"].size(), 6U);
  std::int64_t sum_us = 0;
  for (const auto& slice : all["executors"][5]["slices"])
    sum_us += slice["to_us"].get<std::int64_t>() - slice["from_us"].get<std::int64_t>();
  EXPECT_EQ(sum_us, e.waits[5].until_us - e.waits[5].wanted_us);
}

}  // namespace
}  // namespace podramp::sim::explain_test
