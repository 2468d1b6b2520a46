#include "backend/stage_scheduler.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::backend {

std::optional<StageId> shuffle_of(const in::BlockUpdated& block) {
  if (block.rdd >= 0) return std::nullopt;
  return -1 - block.rdd;
}

template <class Tell>
void StageScheduler::tell(Tell&& how) const {
  for (TaskListener* listener : listeners_) how(*listener);
}

StageScheduler::Stage* StageScheduler::find(StageId id) {
  const auto it = stages_.find(id);
  return it == stages_.end() ? nullptr : &it->second;
}

// --- submitting ------------------------------------------------------------------------------------------------------

void StageScheduler::submit(TimeUs now, const JobPlan& job, Outbox& out) {
  if (job.stages.empty() || job.stages.back().tasks == 0) {
    out.add(out::JobEnded{job.job, ""});
    return;
  }
  std::vector<StageId> needed;
  for (const StagePlan& plan : job.stages) {
    plans_.try_emplace(plan.stage, plan);
    needed.push_back(plan.stage);
  }
  for (std::size_t i = 0; i < needed.size(); ++i) {  // grows: shuffles of earlier jobs are needed, too
    const StagePlan& plan = plans_.at(needed[i]);
    if (plan.writes_shuffle && !shuffles_.contains(plan.stage)) shuffles_.add(plan.stage, plan.tasks);
    stages_.try_emplace(plan.stage).first->second.plan = plan;
    stages_.at(plan.stage).jobs.insert(job.job);
    for (const StageId parent : plan.parents) {
      if (plans_.contains(parent) && std::ranges::find(needed, parent) == needed.end()) needed.push_back(parent);
    }
  }
  const StagePlan& result = job.stages.back();
  jobs_[job.job] = {result.stage, std::vector<bool>(static_cast<std::size_t>(result.tasks)), result.tasks};
  tell([&](TaskListener& l) { l.job_started(now, job); });
  submit_stage(now, result.stage, out);
}

std::vector<StageId> StageScheduler::missing_parents(const Stage& stage) const {
  std::vector<StageId> missing;
  for (const StageId parent : stage.plan.parents) {
    const auto plan = plans_.find(parent);
    if (plan != plans_.end() && shuffles_.available(parent) < plan->second.tasks) missing.push_back(parent);
  }
  std::ranges::sort(missing);
  return missing;
}

void StageScheduler::submit_stage(TimeUs now, StageId id, Outbox& out) {
  Stage* stage = find(id);
  if (stage == nullptr || stage->waiting || stage->running || stage->failed) return;
  const std::vector<StageId> missing = missing_parents(*stage);
  if (missing.empty()) return submit_tasks(now, *stage, out);
  for (const StageId parent : missing) submit_stage(now, parent, out);
  stage->waiting = true;
}

std::vector<int> StageScheduler::missing_tasks(const Stage& stage) const {
  if (stage.plan.writes_shuffle) return shuffles_.missing(stage.plan.stage);
  std::vector<int> missing;
  const auto job = std::ranges::find_if(jobs_, [&](const auto& j) { return j.second.result == stage.plan.stage; });
  if (job == jobs_.end()) return missing;
  for (std::size_t i = 0; i < job->second.finished.size(); ++i) {
    if (!job->second.finished[i]) missing.push_back(static_cast<int>(i));
  }
  return missing;
}

// A cached block first, then the input's own hosts, then where much of the shuffled input lies.
std::vector<TaskPlace> StageScheduler::places(const StagePlan& plan, int partition) const {
  constexpr std::int64_t kReadersBelow = 1000;
  std::vector<TaskPlace> places;
  if (plan.caches_rdd >= 0) {
    const auto block = cached_.find({plan.caches_rdd, partition});
    if (block != cached_.end()) {
      for (const ExecutorId id : block->second) {
        if (tasks_.hosts().knows(id)) places.push_back({tasks_.hosts().host_of(id), id});
      }
    }
    if (!places.empty()) return places;
  }
  const auto at = static_cast<std::size_t>(partition);
  if (at < plan.preferred.size()) {
    for (const std::string& host : plan.preferred[at]) places.push_back({host, 0});
  }
  if (!places.empty() || !settings_.reduce_locality || plan.tasks >= kReadersBelow) return places;
  for (const StageId parent : plan.parents) {
    for (const std::string& host : shuffles_.large_holders(parent)) places.push_back({host, 0});
    if (!places.empty()) break;
  }
  return places;
}

void StageScheduler::submit_tasks(TimeUs now, Stage& stage, Outbox& out) {
  const StagePlan& plan = stage.plan;
  TaskSetPlan set;
  set.stage = plan.stage;
  set.stage_attempt = stage.next_attempt++;
  set.job = *stage.jobs.begin();
  set.profile = plan.profile;
  set.shuffle_map = plan.writes_shuffle;
  set.epoch = shuffles_.epoch();
  set.partitions = missing_tasks(stage);
  stage.running = true;
  stage.pending = {set.partitions.begin(), set.partitions.end()};
  StageSubmission submission{
      plan.stage, set.stage_attempt, plan.profile, std::ssize(set.partitions), plan.writes_shuffle, 0, {}};
  set.places.reserve(set.partitions.size());
  for (const int partition : set.partitions) {
    set.places.push_back(places(plan, partition));
    if (!set.places.back().empty()) ++submission.tasks_with_places;
    for (const TaskPlace& place : set.places.back()) ++submission.tasks_by_host[place.host];
  }
  out.add(out::StageStarted{plan.stage, set.stage_attempt, submission.tasks});
  tell([&](TaskListener& l) { l.stage_submitted(now, submission); });
  if (set.partitions.empty()) {
    mark_finished(now, stage, "", out);
    const StageId done = plan.stage;
    end_map_jobs(now, done, out);
    return submit_children(now, done, out);
  }
  tasks_.submit(std::move(set), now);
  submitted_ = true;
}

void StageScheduler::submit_children(TimeUs now, StageId parent, Outbox& out) {
  std::vector<std::pair<JobId, StageId>> children;
  for (auto& [id, stage] : stages_) {
    if (!stage.waiting || std::ranges::find(stage.plan.parents, parent) == stage.plan.parents.end()) continue;
    stage.waiting = false;
    children.emplace_back(*stage.jobs.begin(), id);
  }
  std::ranges::sort(children);
  for (const auto& child : children) submit_stage(now, child.second, out);
}

void StageScheduler::resubmit(TimeUs now, Outbox& out) {
  std::vector<std::pair<JobId, StageId>> failed;
  for (auto& [id, stage] : stages_) {
    if (!stage.failed) continue;
    stage.failed = false;
    failed.emplace_back(*stage.jobs.begin(), id);
  }
  std::ranges::sort(failed);
  for (const auto& stage : failed) submit_stage(now, stage.second, out);
}

// --- what tasks and executors do -------------------------------------------------------------------------------------

bool StageScheduler::handle_events(TimeUs now, Outbox& out) {
  auto& queue = tasks_.events().queue;
  if (queue.empty()) return false;
  while (!queue.empty()) {
    const TaskEvent event = std::move(queue.front());
    queue.pop_front();
    handle(now, event, out);
  }
  return true;
}

void StageScheduler::handle(TimeUs now, const TaskEvent& event, Outbox& out) {
  switch (event.kind) {
    case TaskEventKind::started:
      return tell([&](TaskListener& l) { l.task_started(now, event.stage, event.stage_attempt, event.attempt); });
    case TaskEventKind::ended: return task_ended(now, event, out);
    case TaskEventKind::resubmitted:
      if (Stage* stage = find(event.stage)) stage->pending.insert(event.attempt.partition);
      return;
    case TaskEventKind::set_failed: return abort_stage(now, event.stage, event.message, out);
    case TaskEventKind::speculative_submitted:
      return tell([&](TaskListener& l) {
        l.speculative_submitted(now, event.stage, event.stage_attempt, event.attempt.index);
      });
    case TaskEventKind::unschedulable_added:
      return tell([&](TaskListener& l) { l.unschedulable_added(now, event.stage, event.stage_attempt); });
    case TaskEventKind::unschedulable_removed:
      return tell([&](TaskListener& l) { l.unschedulable_removed(now, event.stage, event.stage_attempt); });
  }
}

void StageScheduler::task_ended(TimeUs now, const TaskEvent& event, Outbox& out) {
  tell([&](TaskListener& l) { l.task_ended(now, event.stage, event.stage_attempt, event.attempt, event.result); });
  Stage* stage = find(event.stage);
  if (stage == nullptr) return;  // its job is over
  if (event.result.end == TaskEnd::fetch_failed) return fetch_failed(now, *stage, event, out);
  if (event.result.end != TaskEnd::success) return;  // the task set sees to it
  // A late success of an old attempt spares the new one the task.
  if (event.stage_attempt < stage->attempt()) tasks_.partition_done(now, event.stage, event.attempt.partition);
  stage->plan.writes_shuffle ? map_done(now, *stage, event, out) : result_done(now, *stage, event, out);
}

void StageScheduler::map_done(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out) {
  const StageId id = stage.plan.stage;
  const ExecutorId executor = event.attempt.executor;
  stage.pending.erase(event.attempt.partition);
  const auto failed = failure_epoch_.find(executor);
  // Written by an executor that was lost after the task had started: the file is gone already.
  if (failed == failure_epoch_.end() || event.epoch > failed->second) {
    shuffles_.put(id, event.attempt.partition, {executor, event.attempt.host, event.result.shuffle_write_bytes});
  }
  if (!stage.running || !stage.pending.empty()) return;
  mark_finished(now, stage, "", out);
  shuffles_.next_epoch();
  if (shuffles_.available(id) < stage.plan.tasks) return submit_stage(now, id, out);
  end_map_jobs(now, id, out);
  submit_children(now, id, out);
}

// (DAGScheduler.markMapStageJobsAsFinished: jobs that want nothing but this shuffle.)
void StageScheduler::end_map_jobs(TimeUs now, StageId id, Outbox& out) {
  std::vector<JobId> done;
  for (const auto& [job, wanted] : jobs_) {
    if (wanted.result == id) done.push_back(job);
  }
  for (const JobId job : done) end_job(now, job, "", out);
}

void StageScheduler::result_done(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out) {
  const auto job = std::ranges::find_if(jobs_, [&](const auto& j) { return j.second.result == stage.plan.stage; });
  if (job == jobs_.end()) return;
  auto finished = job->second.finished[static_cast<std::size_t>(event.attempt.partition)];
  if (finished) return;
  finished = true;
  if (--job->second.left > 0) return;
  mark_finished(now, stage, "", out);
  tasks_.kill_stage(now, stage.plan.stage);  // speculative copies and zombies
  end_job(now, job->first, "", out);
}

void StageScheduler::fetch_failed(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out) {
  const TaskResult& result = event.result;
  if (event.stage_attempt != stage.attempt()) return;  // there is a newer attempt
  const ExecutorId lost = result.lost_executor;
  const bool spared = settings_.spares_decommissioned && lost != 0 && tasks_.hosts().decommissioned(lost);
  if (!spared) stage.failed_attempts.insert(event.stage_attempt);
  const bool give_up = std::ssize(stage.failed_attempts) >= settings_.stage_attempts_max;
  if (stage.running) mark_finished(now, stage, result.error.empty() ? "fetch failed" : result.error, out);
  const MapOutput* output = shuffles_.find(result.lost_stage, result.lost_map);
  const std::string host = output != nullptr ? output->host : std::string();
  if (result.lost_map >= 0) shuffles_.drop(result.lost_stage, result.lost_map, lost);
  if (give_up) {
    abort_stage(now, stage.plan.stage,
                fmt::format("stage {} has failed the maximum allowable number of times: {}. Most recent failure "
                            "reason: {}",
                            stage.plan.stage, settings_.stage_attempts_max, result.error),
                out);
  } else {
    if (!stage.failed) resubmit_at_us_ = now + kResubmitUs;
    stage.failed = true;
    if (Stage* map_stage = find(result.lost_stage)) map_stage->failed = true;
  }
  if (lost != 0) {
    lose_outputs(lost, true, host, event.epoch, settings_.shuffle_service && settings_.drops_whole_host);
  }
}

// (DAGScheduler.removeExecutorAndUnregisterOutputs: each loss once per epoch.)
void StageScheduler::lose_outputs(ExecutorId id, bool files_lost, const std::string& host, std::int64_t epoch,
                                  bool whole_host) {
  const auto newer = [&](std::map<ExecutorId, std::int64_t>& epochs) {
    const auto [it, first] = epochs.try_emplace(id, epoch);
    const bool is_newer = first || it->second < epoch;
    if (is_newer) it->second = epoch;
    return is_newer;
  };
  if (newer(failure_epoch_)) {
    for (auto& [block, executors] : cached_) executors.erase(id);
  }
  if (!files_lost || !newer(files_lost_epoch_)) return;
  if (whole_host && !host.empty()) {
    shuffles_.drop_host(host);
  } else {
    shuffles_.drop_executor(id);
  }
}

void StageScheduler::executor_lost(ExecutorId id) {
  lose_outputs(id, !settings_.shuffle_service, "", shuffles_.epoch(), false);
}

void StageScheduler::block_updated(const in::BlockUpdated& block) {
  if (const auto stage = shuffle_of(block)) {
    tasks_.meet(block.executor);
    if (tasks_.hosts().knows(block.executor)) {
      shuffles_.move(*stage, block.split, block.executor, tasks_.hosts().host_of(block.executor));
    }
    return;
  }
  auto& holders = cached_[{block.rdd, block.split}];
  if (block.memory_bytes > 0 || block.disk_bytes > 0) {
    holders.insert(block.executor);
  } else {
    holders.erase(block.executor);
  }
}

// --- ends ------------------------------------------------------------------------------------------------------------

void StageScheduler::mark_finished(TimeUs now, Stage& stage, const std::string& error, Outbox& out) {
  if (error.empty()) stage.failed_attempts.clear();
  stage.running = false;
  out.add(out::StageEnded{stage.plan.stage, stage.attempt(), error});
  tell([&](TaskListener& l) { l.stage_completed(now, stage.plan.stage, stage.attempt()); });
}

void StageScheduler::abort_stage(TimeUs now, StageId id, const std::string& why, Outbox& out) {
  const Stage* stage = find(id);
  if (stage == nullptr) return;
  const std::set<JobId> jobs = stage->jobs;
  for (const JobId job : jobs) end_job(now, job, "Job aborted due to stage failure: " + why, out);
}

void StageScheduler::end_job(TimeUs now, JobId id, const std::string& error, Outbox& out) {
  if (jobs_.erase(id) == 0) return;
  for (auto it = stages_.begin(); it != stages_.end();) {
    Stage& stage = it->second;
    if (stage.jobs.erase(id) == 0 || !stage.jobs.empty()) {
      ++it;
      continue;
    }
    if (stage.running) {
      tasks_.kill_stage(now, it->first);
      mark_finished(now, stage, error.empty() ? fmt::format("Job {} is finished.", id) : error, out);
    }
    it = stages_.erase(it);
  }
  out.add(out::JobEnded{id, error});
  tell([&](TaskListener& l) { l.job_ended(now, id); });
}

}  // namespace podramp::backend
