#include "sim/task_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/random.h"

namespace podramp::sim {
namespace {

constexpr std::uint64_t kAttemptsPerStageAttempt = 1000;

std::string draw_key(const StageRun& stage, int index) { return fmt::format("{}/{}", stage.name, index); }

std::uint64_t draw_ordinal(const out::TaskLaunched& task) {
  return static_cast<std::uint64_t>(task.stage_attempt) * kAttemptsPerStageAttempt +
         static_cast<std::uint64_t>(task.attempt);
}

}  // namespace

void TaskRunner::add_application(std::uint32_t application, std::vector<StageRun> stages, ShuffleFiles files) {
  Application& app = applications_[application];
  app.stages = std::move(stages);
  app.store = BlockStore(files);
}

void TaskRunner::executor_started(std::uint32_t application, ExecutorId executor, const std::string& node) {
  const auto app = applications_.find(application);
  if (app != applications_.end()) app->second.executors[executor] = world_.node_index(node);
}

void TaskRunner::executor_stopped(TimeUs now, std::uint32_t application, ExecutorId executor) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  Application& app = found->second;
  app.executors.erase(executor);
  app.last_end_us.erase(executor);
  app.store.executor_stopped(executor);
  for (auto it = running_.lower_bound({application, 0}); it != running_.end() && it->first.first == application;) {
    Running& run = it->second;
    if (run.task.executor == executor) {
      drop_flows(run);
      tokens_.erase(run.token);
      it = running_.erase(it);
      continue;
    }
    // Who was reading from it loses the connection; a shuffle service goes on serving.
    const auto flow = std::ranges::find_if(run.flows, [&](const auto& f) { return f.second.executor == executor; });
    if (flow != run.flows.end() && flow->second.stage < 0) {  // a cached block: the task makes it itself
      world_.cancel_transfer(flow->first);
      transfers_.erase(flow->first);
      run.flows.erase(flow);
      pump(now, it->first, run);
    } else if (flow != run.flows.end() && !app.store.keeps_files()) {
      const Read read = flow->second;
      fail_fetch(now, it->first, run, read);
    }
    ++it;
  }
}

void TaskRunner::service_stopped(TimeUs now) {
  for (auto& [key, run] : running_) {
    const auto cut = std::ranges::find_if(run.flows, [&, application = key.first](const auto& flow) {
      return serving(application, flow.second) != Serving::served;
    });
    if (cut == run.flows.end()) continue;
    const Read read = cut->second;
    fail_fetch(now, key, run, read);
  }
}

std::int64_t TaskRunner::running_on(std::uint32_t application, ExecutorId executor) const {
  std::int64_t count = 0;
  for (auto it = running_.lower_bound({application, 0}); it != running_.end() && it->first.first == application; ++it) {
    if (it->second.task.executor == executor && it->second.phase != Phase::on_its_way) ++count;
  }
  return count;
}

TimeUs TaskRunner::last_end_us(std::uint32_t application, ExecutorId executor) const {
  const auto app = applications_.find(application);
  if (app == applications_.end()) return -1;
  const auto end = app->second.last_end_us.find(executor);
  return end == app->second.last_end_us.end() ? -1 : end->second;
}

const BlockStore* TaskRunner::blocks(std::uint32_t application) const {
  const auto app = applications_.find(application);
  return app == applications_.end() ? nullptr : &app->second.store;
}

BlockStore* TaskRunner::blocks(std::uint32_t application) {
  const auto app = applications_.find(application);
  return app == applications_.end() ? nullptr : &app->second.store;
}

const StageRun& TaskRunner::stage_of(const Key& key, const Running& run) const {
  return applications_.at(key.first).stages.at(static_cast<std::size_t>(run.task.stage));
}

void TaskRunner::launch(TimeUs now, std::uint32_t application, const out::TaskLaunched& task, Seq cause) {
  const auto app = applications_.find(application);
  if (app == applications_.end()) return;
  const auto executor = app->second.executors.find(task.executor);
  if (executor == app->second.executors.end()) return;  // it died, and the driver does not know yet
  const Key key{application, task.task};
  Running& run = running_[key];
  run.task = task;
  run.cause = cause;
  run.node = executor->second;
  wait(key, run, Phase::on_its_way, now + kTaskMessageUs);
}

void TaskRunner::kill(TimeUs now, std::uint32_t application, TaskId task) {
  const auto it = running_.find({application, task});
  if (it == running_.end()) return;
  it->second.result = {};
  it->second.result.end = TaskEnd::killed;
  drop_flows(it->second);
  wait(it->first, it->second, Phase::ending, now + kTaskMessageUs);
}

void TaskRunner::wait(const Key& key, Running& run, Phase phase, TimeUs until) {
  tokens_.erase(run.token);
  run.phase = phase;
  run.token = ++next_token_;
  tokens_[run.token] = key;
  world_.wake_task(until, run.token);
}

void TaskRunner::wake(TimeUs now, std::uint64_t token) {
  const auto woken = tokens_.extract(token);
  if (!woken) return;
  const Key key = woken.mapped();
  Running& run = running_.at(key);
  switch (run.phase) {
    case Phase::on_its_way: return begin(now, key, run);
    case Phase::working: return worked(now, key, run);
    case Phase::ending: return finish(now, key);
    case Phase::reading: return;
  }
}

// --- reading ---------------------------------------------------------------------------------------------------------

void TaskRunner::begin(TimeUs now, const Key& key, Running& run) {
  run.started_us = now;
  run.phase = Phase::reading;
  if (!plan_reads(now, key, run)) return;
  // Fetches go out in a drawn order, so that readers do not all begin with the same node.
  const std::string name = draw_key(stage_of(key, run), run.task.index);
  std::ranges::stable_sort(run.reads, {}, [&](const Read& read) {
    return Draw(seed_, "task.fetch", name, static_cast<std::uint64_t>(read.executor))();
  });
  pump(now, key, run);
}

bool TaskRunner::plan_reads(TimeUs now, const Key& key, Running& run) {
  const StageRun& stage = stage_of(key, run);
  if (read_cache(key, run)) return true;
  if (stage.spec.input_bytes > 0 && !read_input(now, key, run)) return false;
  return std::ranges::all_of(stage.plan.parents, [&](StageId parent) { return read_shuffle(now, key, run, parent); });
}

// Whether the task's block of a cached RDD is somewhere: then it needs nothing else.
bool TaskRunner::read_cache(const Key& key, Running& run) {
  const StageRun& stage = stage_of(key, run);
  if (stage.plan.caches_rdd < 0) return false;
  const auto& copies = applications_.at(key.first).store.copies({stage.plan.caches_rdd, run.task.index});
  if (copies.empty()) return false;
  if (copies.contains(run.task.executor)) return true;
  if (std::ranges::any_of(copies, [&](const auto& copy) { return copy.second.node == run.node; })) return true;
  const auto& [executor, block] = *copies.begin();
  if (!world_.node_up(block.node)) return false;
  run.reads.push_back({block.node, stage.spec.cache_bytes, executor, -1, -1});
  return true;
}

// An HDFS block: from the own node when it holds one, else from a drawn datanode that is up.
bool TaskRunner::read_input(TimeUs now, const Key& key, Running& run) {
  const StageRun& stage = stage_of(key, run);
  std::vector<std::int32_t> up;
  for (const std::string& name : stage.plan.preferred.at(static_cast<std::size_t>(run.task.index))) {
    const std::int32_t node = world_.node_index(name);
    if (node == run.node) return true;
    if (world_.node_up(node)) up.push_back(node);
  }
  if (up.empty()) {
    run.result.end = TaskEnd::failed;
    run.result.error = "no datanode that holds the block is up";
    wait(key, run, Phase::ending, now + kTaskMessageUs);
    return false;
  }
  Draw draw(seed_, "hdfs.replica", draw_key(stage, run.task.index), draw_ordinal(run.task));
  const auto chosen = static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(up.size()) - 1));
  run.reads.push_back({up[chosen], stage.spec.input_bytes, 0, -1, -1});
  return true;
}

// How a node that answers serves what is to be read.
Serving TaskRunner::serving(std::uint32_t application, const Read& read) const {
  const bool asks = applications_.at(application).store.kept() == ShuffleFiles::with_service;
  return asks && read.stage >= 0 ? world_.serving(application, read.executor) : Serving::served;
}

bool TaskRunner::readable(const Key& key, const Running& run, const ShuffleFile& file) const {
  if (file.lost || !world_.node_up(file.node)) return false;
  if (applications_.at(key.first).store.kept() != ShuffleFiles::with_service) return true;
  // An executor reads its own files itself.
  return file.executor == run.task.executor || world_.serving(key.first, file.executor) == Serving::served;
}

// Its share of every map output, one fetch per executor.
bool TaskRunner::read_shuffle(TimeUs now, const Key& key, Running& run, StageId parent) {
  const Application& app = applications_.at(key.first);
  const StageRun& stage = stage_of(key, run);
  const std::int64_t maps = app.stages.at(static_cast<std::size_t>(parent)).plan.tasks;
  std::map<ExecutorId, Read> by_executor;
  for (int map = 0; map < static_cast<int>(maps); ++map) {
    const ShuffleFile* written = app.store.file({parent, map});
    const ShuffleFile file = written == nullptr ? ShuffleFile{0, run.node, 0, true} : *written;
    if (!readable(key, run, file)) {
      fail_fetch(now, key, run, {file.node, 0, file.executor, parent, map});
      return false;
    }
    if (file.node == run.node) continue;
    Read& read = by_executor.try_emplace(file.executor, Read{file.node, 0, file.executor, parent, map}).first->second;
    read.bytes += file.bytes / stage.plan.tasks;
  }
  for (const auto& [executor, read] : by_executor) run.reads.push_back(read);
  return true;
}

void TaskRunner::pump(TimeUs now, const Key& key, Running& run) {
  while (!run.reads.empty() && run.flows.size() < kFetchesAtOnce) {
    const Read read = run.reads.back();
    run.reads.pop_back();
    const TransferId id = next_transfer_++;
    run.flows[id] = read;
    transfers_[id] = key;
    world_.start_transfer({id, 0, run.node, read.bytes, read.node});
  }
  if (run.flows.empty()) work(now, key, run);
}

void TaskRunner::transfer_ended(TimeUs now, TransferId id, bool ok) {
  const auto ended = transfers_.extract(id);
  if (!ended) return;
  const Key key = ended.mapped();
  Running& run = running_.at(key);
  const Read read = run.flows.extract(id).mapped();
  if (ok) return pump(now, key, run);
  if (!world_.node_up(run.node)) return;  // its own end: the process will be gone
  if (read.stage >= 0) return fail_fetch(now, key, run, read);
  // Another copy of the block, or the task's own work in place of a cached one.
  if (read.executor == 0 && !read_input(now, key, run)) return;
  pump(now, key, run);
}

void TaskRunner::fail_fetch(TimeUs now, const Key& key, Running& run, const Read& read) {
  drop_flows(run);
  run.result = {};
  run.result.end = TaskEnd::fetch_failed;
  run.result.error = fmt::format("Failed to fetch shuffle data of executor {}", read.executor);
  const bool up = world_.node_up(read.node);
  const Serving how = up ? serving(key.first, read) : Serving::served;
  if (how == Serving::refused) run.result.error += ": nobody listens at the address of its shuffle service";
  if (how == Serving::unknown_executor) run.result.error += ": its shuffle service does not know it";
  run.result.lost_stage = read.stage;
  run.result.lost_map = read.map;
  run.result.lost_executor = read.executor;
  // A service that answers is not asked again.
  const DurationUs answered = how == Serving::unknown_executor ? kTaskMessageUs : kFetchRefusedUs;
  wait(key, run, Phase::ending, now + (up ? answered : kNodeSilentUs));
}

void TaskRunner::drop_flows(Running& run) {
  for (const auto& [id, read] : run.flows) {
    world_.cancel_transfer(id);
    transfers_.erase(id);
  }
  run.flows.clear();
  run.reads.clear();
}

// --- working ---------------------------------------------------------------------------------------------------------

void TaskRunner::work(TimeUs now, const Key& key, Running& run) {
  const StageRun& stage = stage_of(key, run);
  const std::string name = draw_key(stage, run.task.index);
  const std::vector<DurationUs>& measured = stage.spec.durations;
  const DurationUs takes = measured.empty()
                               ? stage.spec.duration.sample(Draw(seed_, "task.duration", name, draw_ordinal(run.task)))
                               : measured.at(static_cast<std::size_t>(run.task.index));
  wait(key, run, Phase::working, now + takes);
}

void TaskRunner::worked(TimeUs now, const Key& key, Running& run) {
  const StageRun& stage = stage_of(key, run);
  Application& app = applications_.at(key.first);
  run.result = {};
  Draw draw(seed_, "task.failure", draw_key(stage, run.task.index), draw_ordinal(run.task));
  if (stage.spec.failures > 0 && draw.chance(stage.spec.failures, stage.spec.failures_of)) {
    run.result.end = TaskEnd::failed;
    run.result.error = "the task threw an exception";
  } else {
    if (stage.plan.writes_shuffle) {
      app.store.put_file({stage.plan.stage, run.task.index},
                         {run.task.executor, run.node, stage.spec.shuffle_bytes, false});
      run.result.shuffle_write_bytes = stage.spec.shuffle_bytes;
    }
    if (stage.plan.caches_rdd >= 0) {
      app.store.put_block({stage.plan.caches_rdd, run.task.index}, run.task.executor,
                          {run.node, stage.spec.cache_bytes});
      world_.tell_driver(key.first, run.task.executor,
                         in::BlockUpdated{run.task.executor, stage.plan.caches_rdd, run.task.index,
                                          std::max<std::int64_t>(stage.spec.cache_bytes, 1), 0},
                         run.cause);
    }
  }
  run.result.run_us = now - run.started_us;
  wait(key, run, Phase::ending, now + kTaskMessageUs);
}

void TaskRunner::finish(TimeUs now, const Key& key) {
  const auto done = running_.extract(key);
  const Running& run = done.mapped();
  applications_.at(key.first).last_end_us[run.task.executor] = now;
  world_.tell_driver(key.first, run.task.executor, in::TaskEnded{key.second, run.result}, run.cause);
}

}  // namespace podramp::sim
