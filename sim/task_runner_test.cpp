// Tasks on simulated executors: what they read from where, how long they take, what losses do to them.
#include "sim/task_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>

namespace podramp::sim::task_runner_test {
namespace {

// Nodes n0, n1, n2; transfers take what the test says; everything is written down.
class RunnerWorld : public ExecutorWorld {
 public:
  explicit RunnerWorld(const WorkloadSpec& workload, ShuffleFiles files = ShuffleFiles::with_executor)
      : runner(*this, 7) {
    stages = make_stages(workload, "app", 7, {"n0", "n1", "n2"});
    runner.add_application(0, stages, files);
    for (ExecutorId id = 1; id <= 3; ++id) runner.executor_started(0, id, "n" + std::to_string(id - 1));
  }
  void start_transfer(const Transfer& t) override {
    flows.push_back(t);
    all_flows.push_back(t);
  }
  void cancel_transfer(TransferId id) override {
    std::erase_if(flows, [&](const Transfer& t) { return t.id == id; });
  }
  void wake_task(TimeUs at, std::uint64_t token) override { wakes.emplace(at, token); }
  void wake_leaving(TimeUs, std::uint64_t) override {}
  void tell_driver(std::uint32_t, ExecutorId, Input input, Seq) override { told.emplace_back(now, std::move(input)); }
  std::int32_t node_index(const std::string& node) const override { return node.at(1) - '0'; }
  bool node_up(std::int32_t node) const override { return !down.contains(node); }
  Serving serving(std::uint32_t, ExecutorId executor) const override {
    const auto it = served.find(executor);
    return it == served.end() ? Serving::served : it->second;
  }
  std::vector<ExecutorId> registered(std::uint32_t) const override { return {}; }
  std::optional<std::int32_t> node_of(std::uint32_t, ExecutorId) const override { return std::nullopt; }
  bool end_executor(std::uint32_t, ExecutorId, Seq) override { return true; }

  void launch(TaskId task, StageId stage, int index, ExecutorId executor, int attempt = 0) {
    runner.launch(now, 0, {task, stage, 0, index, attempt, false, Locality::any, executor}, 0);
  }
  // Time goes on to `until`; transfers end when the test ends them.
  void run(TimeUs until) {
    while (!wakes.empty() && wakes.begin()->first <= until) {
      now = wakes.begin()->first;
      const std::uint64_t token = wakes.begin()->second;
      wakes.erase(wakes.begin());
      runner.wake(now, token);
    }
    now = until;
  }
  void end_flow(bool ok = true) {
    const Transfer flow = flows.front();
    flows.pop_front();
    runner.transfer_ended(now, flow.id, ok);
  }
  std::vector<TaskResult> results() const {
    std::vector<TaskResult> ended;
    for (const auto& [at, input] : told) {
      if (const auto* end = std::get_if<in::TaskEnded>(&input)) ended.push_back(end->result);
    }
    return ended;
  }

  TaskRunner runner;
  std::vector<StageRun> stages;
  TimeUs now = 0;
  std::deque<Transfer> flows;
  std::vector<Transfer> all_flows;
  std::multimap<TimeUs, std::uint64_t> wakes;
  std::vector<std::pair<TimeUs, Input>> told;
  std::set<std::int32_t> down;
  std::map<ExecutorId, Serving> served;
};

constexpr DurationUs kS = kSecondUs;

StageSpec stage(const std::string& name, std::int64_t tasks) {
  StageSpec spec;
  spec.name = name;
  spec.tasks = tasks;
  return spec;
}

WorkloadSpec one_job(std::vector<StageSpec> stages) {
  WorkloadSpec workload;
  workload.jobs.push_back({"job", "", 0, std::move(stages)});
  return workload;
}

WorkloadSpec shuffle_job() {
  StageSpec map = stage("map", 3);
  map.shuffle_bytes = 300;
  StageSpec reduce = stage("reduce", 2);
  reduce.parents = {"map"};
  return one_job({map, reduce});
}

// The three map tasks run, one on each executor.
RunnerWorld& with_maps_done(RunnerWorld& world) {
  for (int i = 0; i < 3; ++i) world.launch(i, 0, i, i + 1);
  world.run(2 * kS);
  EXPECT_EQ(world.results().size(), 3u);
  world.told.clear();
  return world;
}

TEST(TaskRunner, ATaskWorksForItsTimeAndSaysSo) {
  RunnerWorld world(one_job({stage("only", 1)}));
  world.launch(0, 0, 0, 1);
  world.run(10 * kS);
  ASSERT_EQ(world.told.size(), 1u);
  EXPECT_EQ(world.told[0].first, kS + 2 * kTaskMessageUs);
  EXPECT_EQ(world.results()[0].end, TaskEnd::success);
  EXPECT_EQ(world.results()[0].run_us, kS);
  EXPECT_FALSE(world.runner.busy());
}

TEST(TaskRunner, ABlockOnTheOwnNodeIsReadWithoutTheNetwork) {
  StageSpec scan = stage("scan", 1);
  scan.input_bytes = 100;
  scan.replicas = 3;
  RunnerWorld world(one_job({scan}));
  world.launch(0, 0, 0, 1);
  world.run(10 * kS);
  EXPECT_TRUE(world.all_flows.empty());
  EXPECT_EQ(world.results().size(), 1u);
}

TEST(TaskRunner, ABlockElsewhereComesFromANodeThatHoldsIt) {
  StageSpec scan = stage("scan", 1);
  scan.input_bytes = 100;
  scan.datanodes = {"n1", "n2"};
  RunnerWorld world(one_job({scan}));
  world.down = {1};
  world.launch(0, 0, 0, 1);
  world.run(kS);
  ASSERT_EQ(world.flows.size(), 1u);
  EXPECT_EQ(world.flows[0].source, 2);
  EXPECT_EQ(world.flows[0].node, 0);
  EXPECT_EQ(world.flows[0].bytes, 100);
  world.end_flow();
  world.run(3 * kS);
  EXPECT_EQ(world.results().size(), 1u);
}

TEST(TaskRunner, AReadThatBreaksGoesOnFromAnotherCopyUntilThereIsNone) {
  StageSpec scan = stage("scan", 1);
  scan.input_bytes = 100;
  scan.datanodes = {"n1", "n2"};
  RunnerWorld world(one_job({scan}));
  world.launch(0, 0, 0, 1);
  world.run(kS);
  const std::int32_t first = world.flows.at(0).source;
  world.down = {first};
  world.end_flow(false);
  ASSERT_EQ(world.flows.size(), 1u);
  EXPECT_EQ(world.flows[0].source, 3 - first);
  world.down = {1, 2};
  world.end_flow(false);
  world.run(2 * kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].end, TaskEnd::failed);
}

TEST(TaskRunner, AReaderFetchesItsShareFromEveryOtherExecutor) {
  RunnerWorld world(shuffle_job());
  with_maps_done(world);
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  ASSERT_EQ(world.flows.size(), 2u) << "the map output of its own node is there";
  EXPECT_EQ(world.flows[0].source + world.flows[1].source, 3);
  EXPECT_EQ(world.flows[0].bytes, 150);
}

TEST(TaskRunner, FilesGoWithTheirExecutorAndTheFetchFailsAfterFifteenSeconds) {
  RunnerWorld world(shuffle_job());
  with_maps_done(world);
  world.runner.executor_stopped(world.now, 0, 2);
  world.launch(3, 1, 0, 1);
  world.run(world.now + 15 * kS);
  EXPECT_TRUE(world.results().empty());
  world.run(world.now + kS);
  ASSERT_EQ(world.results().size(), 1u);
  const TaskResult result = world.results()[0];
  EXPECT_EQ(result.end, TaskEnd::fetch_failed);
  EXPECT_EQ(result.lost_stage, 0);
  EXPECT_EQ(result.lost_map, 1);
  EXPECT_EQ(result.lost_executor, 2);
}

TEST(TaskRunner, ASilentNodeIsGivenUpAfterTwoMinutes) {
  RunnerWorld world(shuffle_job());
  with_maps_done(world);
  world.down = {1};
  world.launch(3, 1, 0, 1);
  world.run(world.now + 120 * kS);
  EXPECT_TRUE(world.results().empty());
  world.run(world.now + kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].lost_executor, 2);
}

TEST(TaskRunner, AFetchUnderWayFailsWhenItsExecutorDies) {
  RunnerWorld world(shuffle_job());
  with_maps_done(world);
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  ASSERT_EQ(world.flows.size(), 2u);
  world.runner.executor_stopped(world.now, 0, 3);
  EXPECT_TRUE(world.flows.empty()) << "the other fetch is given up, too";
  world.run(world.now + 16 * kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].lost_executor, 3);
}

TEST(TaskRunner, AShuffleServiceKeepsTheFilesOfExecutorsThatAreGone) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_node);
  with_maps_done(world);
  world.runner.executor_stopped(world.now, 0, 2);
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  EXPECT_EQ(world.flows.size(), 2u);
}

TEST(TaskRunner, AShufflePodServesTheFilesOfExecutorsThatAreGoneWhileItKnowsThem) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  world.runner.executor_stopped(world.now, 0, 2);
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  EXPECT_EQ(world.flows.size(), 2u);
}

TEST(TaskRunner, AFetchFromAShufflePodThatIsAwayFailsAfterFifteenSeconds) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  world.served[2] = Serving::refused;
  world.launch(3, 1, 0, 1);
  world.run(world.now + 15 * kS);
  EXPECT_TRUE(world.results().empty());
  world.run(world.now + kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].lost_executor, 2);
  EXPECT_EQ(world.results()[0].error,
            "Failed to fetch shuffle data of executor 2: nobody listens at the address of its shuffle service");
}

TEST(TaskRunner, AShuffleServiceThatDoesNotKnowTheExecutorSaysSoAtOnce) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  world.served[2] = Serving::unknown_executor;
  world.launch(3, 1, 0, 1);
  world.run(world.now + kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].error,
            "Failed to fetch shuffle data of executor 2: its shuffle service does not know it");
}

TEST(TaskRunner, AnExecutorReadsItsOwnFilesWithoutItsShuffleService) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  world.served[1] = Serving::refused;
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  EXPECT_EQ(world.flows.size(), 2u);
}

TEST(TaskRunner, AFetchUnderWayFailsWhenItsShufflePodIsGone) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  world.launch(3, 1, 0, 1);
  world.run(3 * kS);
  ASSERT_EQ(world.flows.size(), 2u);
  world.served[3] = Serving::refused;
  world.runner.service_stopped(world.now);
  EXPECT_TRUE(world.flows.empty());
  world.run(world.now + 16 * kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].lost_executor, 3);
}

TEST(TaskRunner, FilesStayOnTheirNodesUntilAServiceDeletesThem) {
  RunnerWorld world(shuffle_job(), ShuffleFiles::with_service);
  with_maps_done(world);
  for (ExecutorId id = 1; id <= 3; ++id) world.runner.executor_stopped(world.now, 0, id);
  BlockStore& store = *world.runner.blocks(0);
  const auto before = store.bytes_on_nodes();
  ASSERT_EQ(before.size(), 3u);
  EXPECT_EQ(store.delete_files(1, {1, 2, 3}), before.at(1)) << "only what lies on its node";
  const auto after = store.bytes_on_nodes();
  EXPECT_FALSE(after.contains(1));
  EXPECT_EQ(after.at(0), before.at(0));
  EXPECT_EQ(store.delete_files(0, {2}), 0) << "an executor that it does not know keeps its files";
}

TEST(TaskRunner, TasksOfADeadExecutorEndWithoutAWord) {
  RunnerWorld world(one_job({stage("only", 1)}));
  world.launch(0, 0, 0, 1);
  world.run(kS / 2);
  world.runner.executor_stopped(world.now, 0, 1);
  world.run(10 * kS);
  EXPECT_TRUE(world.told.empty());
  EXPECT_FALSE(world.runner.busy());
  world.launch(1, 0, 0, 1, 1);  // the driver does not know yet
  world.run(20 * kS);
  EXPECT_TRUE(world.told.empty());
}

TEST(TaskRunner, AKilledTaskSaysThatItWas) {
  RunnerWorld world(one_job({stage("only", 1)}));
  world.launch(0, 0, 0, 1);
  world.run(kS / 2);
  world.runner.kill(world.now, 0, 0);
  world.run(10 * kS);
  ASSERT_EQ(world.results().size(), 1u);
  EXPECT_EQ(world.results()[0].end, TaskEnd::killed);
}

TEST(TaskRunner, ACachedBlockIsReadInsteadOfTheInput) {
  StageSpec scan = stage("scan", 1);
  scan.input_bytes = 100;
  scan.datanodes = {"n2"};
  scan.cache = "rows";
  scan.cache_bytes = 40;
  WorkloadSpec workload = one_job({scan});
  workload.jobs.push_back({"again", "job", 0, {scan}});
  RunnerWorld world(workload);
  world.launch(0, 0, 0, 1);
  world.run(kS);
  world.end_flow();
  world.run(3 * kS);
  ASSERT_EQ(world.told.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<in::BlockUpdated>(world.told[0].second));
  world.launch(1, 1, 0, 1);
  world.run(5 * kS);
  EXPECT_EQ(world.all_flows.size(), 1u) << "its own block";
  world.launch(2, 1, 0, 2);
  world.run(6 * kS);
  ASSERT_EQ(world.all_flows.size(), 2u) << "a block elsewhere is fetched";
  EXPECT_EQ(world.all_flows[1].bytes, 40);
  EXPECT_EQ(world.all_flows[1].source, 0);
}

TEST(TaskRunner, HowLongATaskTakesDependsOnItselfAlone) {
  StageSpec spec = stage("only", 2);
  spec.duration = fakeapi::LatencyModel::lognormal(10 * kS, 500);
  std::vector<DurationUs> alone;
  for (const bool company : {false, true}) {
    RunnerWorld world(one_job({spec}));
    if (company) world.launch(0, 0, 0, 2);
    world.launch(1, 0, 1, 1);
    world.run(kHourUs);
    alone.push_back(world.results().size() == 1 ? world.results()[0].run_us : 0);
    if (!company) continue;
    const auto results = world.results();
    EXPECT_TRUE(std::ranges::any_of(results, [&](const TaskResult& r) { return r.run_us == alone[0]; }));
  }
}

TEST(TaskRunner, TheRatioOfFailuresIsDrawnForEachAttempt) {
  StageSpec spec = stage("only", 200);
  spec.failures = 1;
  spec.failures_of = 4;
  RunnerWorld world(one_job({spec}));
  for (int i = 0; i < 200; ++i) world.launch(i, 0, i, 1);
  world.run(10 * kS);
  const auto results = world.results();
  const auto failed = std::ranges::count_if(results, [](const TaskResult& r) { return r.end == TaskEnd::failed; });
  EXPECT_GT(failed, 30);
  EXPECT_LT(failed, 70);
}

// --- the workload ----------------------------------------------------------------------------------------------------

TEST(Workload, BlocksLieOnAsManyDifferentNodesAsThereAreCopies) {
  StageSpec scan = stage("scan", 50);
  scan.input_bytes = 1;
  scan.replicas = 2;
  const auto stages = make_stages(one_job({scan}), "app", 1, {"a", "b", "c", "d"});
  std::set<std::string> used;
  for (const auto& copies : stages[0].plan.preferred) {
    ASSERT_EQ(copies.size(), 2u);
    EXPECT_NE(copies[0], copies[1]);
    used.insert(copies.begin(), copies.end());
  }
  EXPECT_EQ(used.size(), 4u);
  EXPECT_EQ(make_stages(one_job({scan}), "app", 1, {"a", "b", "c", "d"})[0].plan, stages[0].plan);
}

TEST(Workload, OnlyTheLastStageOfAJobIsAResult) {
  const auto stages = make_stages(shuffle_job(), "app", 1, {"a"});
  EXPECT_TRUE(stages[0].plan.writes_shuffle);
  EXPECT_FALSE(stages[1].plan.writes_shuffle);
  EXPECT_EQ(stages[1].plan.parents, (std::vector<StageId>{0}));
  EXPECT_EQ(stages[1].name, "app/job/reduce");
}

TEST(Workload, JobsFollowEachOtherUntilOneFails) {
  WorkloadSpec workload;
  workload.jobs.push_back({"a", "", 5 * kS, {stage("s", 1)}});
  workload.jobs.push_back({"b", "a", kS, {stage("s", 1)}});
  const auto stages = make_stages(workload, "app", 1, {});
  JobSequence jobs(workload, stages);
  ASSERT_EQ(jobs.first().size(), 1u);
  EXPECT_EQ(jobs.first()[0].first, 5 * kS);
  const auto next = jobs.ended(0, false);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].second.job, 1);
  EXPECT_EQ(next[0].second.stages[0].stage, 1);
  EXPECT_FALSE(jobs.done());
  (void)jobs.ended(1, false);
  EXPECT_TRUE(jobs.done());
  JobSequence failing(workload, stages);
  EXPECT_TRUE(failing.ended(0, true).empty());
  EXPECT_TRUE(failing.done());
}

}  // namespace
}  // namespace podramp::sim::task_runner_test
