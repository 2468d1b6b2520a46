// The fault loop: in a small scenario the n-th API call fails, for every n, every kind of error and every compat level.
// Nothing may crash, no invariant may break, nothing may be left behind unexplained, and what comes of it is what the
// level's rules say (02 1.5, K85; 01 1.5, Q01).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>

#include "sim/test_stream.h"

namespace podramp::sim::fault_loop_test {
namespace {

constexpr std::int64_t kTarget = 12;

struct Failure {
  std::string name;
  std::string fault;  // members of the scenario's fault
  bool retried;       // by the fabric8 client (K85)
  bool committed;     // the server has done it all the same (K10)
};

const std::vector<Failure>& failures() {
  static const std::vector<Failure> kFailures{
      {"403", R"("point":"api.answer","code":403)", false, false},
      {"404", R"("point":"api.answer","code":404)", false, false},
      {"409", R"("point":"api.answer","code":409)", false, false},
      {"422", R"("point":"api.answer","code":422)", false, false},
      {"429", R"("point":"api.throttle")", true, false},
      {"500", R"("point":"api.error")", true, false},
      {"503", R"("point":"api.unavailable")", true, false},
      {"time-out before commit", R"("point":"api.timeout")", true, false},
      {"time-out after commit", R"("point":"api.commit_then_timeout")", true, true},
      {"reset", R"("point":"api.reset")", true, false},
  };
  return kFailures;
}

// Twelve executors in rounds of five; one dies and is replaced; two polls; the end with its clean-up.
std::string scenario_text(const std::string& level, const std::string& faults) {
  return R"({"schema":"podramp/v1","seed":5,"end":"4m",
    "cluster":{"nodes":[{"group":"worker","count":3,"cpu":"16","memory":"64Gi"}]},
    "applications":[{"name":"etl","compat":")" +
         level + R"(","stop":"100s","conf":{"spark.executor.instances":")" + std::to_string(kTarget) +
         R"(","spark.kubernetes.allocation.batch.size":"5","spark.kubernetes.container.image":"spark:4"}}],
    "timeline":[{"at":"40s","do":"executor_exit","application":"etl","executors":[3],"exit_code":1}],
    "faults":[)" +
         faults + "]}";
}

struct What {
  Verb verb = Verb::get;
  Kind kind = Kind::pod;
};

// What every call of the application asks for, by call id.
class Calls : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& /*memory*/) override {
    if (const auto* called = std::get_if<const out::Called*>(&event.data)) {
      asked[(*called)->call.value] = {(*called)->request.verb, (*called)->request.kind};
    }
  }
  std::map<std::uint64_t, What> asked;
};

class FaultLoop : public testing::TestWithParam<std::string> {};

TEST_P(FaultLoop, TheNthCallFailsForEveryNAndEveryKindOfError) {
  const std::string level = GetParam();
  Calls calls;
  RunOptions watching;
  watching.more_sinks = {&calls};
  const RunResult calm = run_tiny(scenario_text(level, ""), watching);
  ASSERT_EQ(calm.summary.kpis.at("registered_max"), kTarget);
  ASSERT_GE(calls.asked.size(), 18U);
  const bool abandons = level < "spark-4.2";  // from 4.2 a failed create is counted and the round goes on

  for (const auto& [n, what] : calls.asked) {
    for (const Failure& failure : failures()) {
      SCOPED_TRACE(fmt::format("{}: call {} ({}) fails with {}", level, n, to_text(what.verb), failure.name));
      const RunSummary run =
          run_tiny(scenario_text(level, fmt::format(R"({{"application":"etl","calls":[{}],{}}})", n, failure.fault)))
              .summary;
      EXPECT_TRUE(run.violations.empty()) << run.violations.front().detail;
      EXPECT_NE(run.ending, Ending::livelock);

      // A create that was committed all the same is answered 409 when the client repeats it.
      const bool create_fails = what.verb == Verb::create && (!failure.retried || failure.committed);
      if (create_fails && what.kind == Kind::config_map) {  // 02 4.2: Spark's start throws, and the driver ends
        EXPECT_EQ(run.kpis.at("leaked_pods"), 0);
        // The lost answer costs a time-out first, by which all twelve have come.
        EXPECT_EQ(run.kpis.at("registered_max") < kTarget, !failure.committed);
        EXPECT_LT(run.kpis.at("executor_seconds_requested"), kTarget * 20);
        continue;
      }
      EXPECT_EQ(run.kpis.at("registered_max"), kTarget);
      EXPECT_EQ(run.kpis.at("rounds_aborted"), abandons && create_fails ? 1 : 0);
      // Executor 3 is replaced when it exits, if it is not the one whose create failed; an answer may be lost.
      EXPECT_GE(run.kpis.at("creates"), kTarget);
      EXPECT_LE(run.kpis.at("creates"), kTarget + 1);

      // Only a clean-up that is refused for good leaves pods behind, and the summary says so.
      const bool clean_up_refused = what.verb == Verb::remove_collection && what.kind == Kind::pod && !failure.retried;
      EXPECT_EQ(run.kpis.at("leaked_pods") > 0, clean_up_refused);
      for (const Leftover& pod : run.leftovers) EXPECT_NE(pod.why, "") << pod.pod;
    }
  }
}

// The fork's client repeats nothing, and an exception that escapes a pass ends its allocator (Q01).
std::string fork_text(const std::string& fixes, const std::string& faults) {
  return R"({"schema":"podramp/v1","seed":5,"end":"6m",
    "cluster":{"nodes":[{"group":"worker","count":3,"cpu":"16","memory":"64Gi"}]},
    "background":[{"name":"etl-driver","node":"worker-1","cpu":"1","memory":"1Gi",
                   "labels":{"spark-app-selector":"spark-etl","spark-role":"driver"}}],
    "applications":[{"name":"etl","compat":"fork-2.2","stop":"4m","fixes":[)" +
         fixes + R"(],"conf":{"spark.app.id":"spark-etl","spark.kubernetes.driver.pod.name":"etl-driver",
      "spark.kubernetes.executor.podNamePrefix":"etl","spark.kubernetes.executor.docker.image":"spark:2",
      "spark.executor.instances":")" +
         std::to_string(kTarget) + R"(","spark.kubernetes.allocation.batch.size":"5"}}],
    "faults":[)" +
         faults + "]}";
}

TEST(ForkFaultLoop, AnyFailedCreateEndsAllocationForGoodAndTheCureGoesOn) {
  Calls calls;
  RunOptions watching;
  watching.more_sinks = {&calls};
  const RunResult calm = run_tiny(fork_text("", ""), watching);
  ASSERT_EQ(calm.summary.kpis.at("registered_max"), kTarget);
  std::int64_t creates_before = 0;
  for (const auto& [n, what] : calls.asked) {
    for (const Failure& failure : failures()) {
      SCOPED_TRACE(fmt::format("fork-2.2: call {} ({}) fails with {}", n, to_text(what.verb), failure.name));
      const std::string fault = fmt::format(R"({{"application":"etl","calls":[{}],{}}})", n, failure.fault);
      const RunSummary faithful = run_tiny(fork_text("", fault)).summary;
      const RunSummary cured = run_tiny(fork_text(R"("corrected")", fault)).summary;
      for (const RunSummary* run : {&faithful, &cured}) {
        EXPECT_TRUE(run->violations.empty()) << run->violations.front().detail;
        EXPECT_NE(run->ending, Ending::livelock);
        for (const Leftover& pod : run->leftovers) EXPECT_NE(pod.why, "") << pod.pod;
      }
      if (what.verb != Verb::create) continue;
      // What was created before it, and - when the answer alone was lost - this one, which registers all the same.
      EXPECT_EQ(faithful.kpis.at("creates"), creates_before);
      if (!failure.committed) {
        EXPECT_LT(faithful.kpis.at("registered_max"), kTarget);
      }
      EXPECT_GE(cured.kpis.at("registered_max"), kTarget);
    }
    if (what.verb == Verb::create) ++creates_before;
  }
  EXPECT_EQ(creates_before, kTarget);
}

INSTANTIATE_TEST_SUITE_P(Levels, FaultLoop,
                         testing::Values("spark-3.5", "spark-4.0", "spark-4.1", "spark-4.2", "spark-4.4"),
                         [](const testing::TestParamInfo<std::string>& level) {
                           std::string name = level.param;
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace podramp::sim::fault_loop_test
