// For tests of the task side: executors that run what they are given until the test says how it ended.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/task_side.h"

namespace podramp::backend {

// A stage of a job in a test. The last stage of a job is its result stage.
inline StagePlan map_stage(StageId id, std::int64_t tasks, std::vector<StageId> parents = {}) {
  StagePlan plan;
  plan.stage = id;
  plan.parents = std::move(parents);
  plan.tasks = tasks;
  plan.writes_shuffle = true;
  return plan;
}
inline StagePlan result_stage(StageId id, std::int64_t tasks, std::vector<StageId> parents = {}) {
  StagePlan plan = map_stage(id, tasks, std::move(parents));
  plan.writes_shuffle = false;
  return plan;
}

class TaskWorld {
 public:
  explicit TaskWorld(TaskSettings settings = {})
      : side(std::move(settings), std::make_unique<PlainHostNames>(), "app-1") {
    side.start(0);
    Outbox out;
    side.ready(0, out);
    take(out);
  }

  TaskSide side;
  TimeUs now = 0;
  std::vector<std::string> log;  // launches, stages and jobs, as words
  std::map<TaskId, out::TaskLaunched> running;
  std::map<TimerId, TimeUs> timers;

  void add(ExecutorId id, std::int64_t cores = 1, ProfileId profile = kDefaultProfile) {
    step([&](Outbox& out) { side.executor_added(now, {id, host(id), profile, cores}, out); });
  }
  static std::string host(ExecutorId id) { return "10.0.0." + std::to_string(id); }
  void job(JobId id, std::vector<StagePlan> stages) {
    step([&](Outbox& out) { side.job_submitted(now, {id, std::move(stages)}, out); });
  }
  void end(TaskId task, TaskResult result) {
    running.erase(task);
    step([&](Outbox& out) { side.task_ended(now, {task, std::move(result)}, out); });
  }
  void succeed(TaskId task, std::int64_t bytes = 0) {
    TaskResult result;
    result.shuffle_write_bytes = bytes;
    end(task, result);
  }
  void fail(TaskId task, TaskEnd how = TaskEnd::failed) {
    TaskResult result;
    result.end = how;
    result.error = "it broke";
    end(task, result);
  }
  void fail_fetch(TaskId task, StageId stage, int map, ExecutorId executor) {
    TaskResult result;
    result.end = TaskEnd::fetch_failed;
    result.error = "no shuffle file";
    result.lost_stage = stage;
    result.lost_map = map;
    result.lost_executor = executor;
    end(task, result);
  }
  // Everything that runs now ends well; what that launches goes on running.
  void succeed_all() {
    for (const auto& [task, launched] : std::map<TaskId, out::TaskLaunched>(running)) succeed(task, 100);
  }
  void disconnect(ExecutorId id) {
    step([&](Outbox& out) { side.executor_disconnected(now, id, out); });
  }
  void remove(ExecutorId id, ExecutorLoss loss = {}) {
    std::erase_if(running, [&](const auto& task) { return task.second.executor == id; });
    step([&](Outbox& out) { side.executor_removed(now, id, loss, out); });
  }
  // Time goes on to `until`; timers fire on the way.
  void run(TimeUs until) {
    while (true) {
      const auto next = std::ranges::min_element(timers, {}, [](const auto& timer) { return timer.second; });
      if (next == timers.end() || next->second > until) break;
      now = next->second;
      const TimerId id = next->first;
      timers.erase(next);
      step([&](Outbox& out) { side.timer_due(now, {id.kind, id.arg}, out); });
    }
    now = until;
  }
  // "stage.index" of what runs on an executor, in launch order.
  std::vector<std::string> on(ExecutorId id) const {
    std::vector<std::string> tasks;
    for (const auto& [task, l] : running) {
      if (l.executor == id) tasks.push_back(std::to_string(l.stage) + "." + std::to_string(l.index));
    }
    return tasks;
  }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }

 private:
  template <class Call>
  void step(Call&& call) {
    Outbox out;
    call(out);
    take(out);
  }
  void take(Outbox& out) {
    for (const Effect& effect : out.take()) {
      if (const auto* l = std::get_if<out::TaskLaunched>(&effect)) running[l->task] = *l;
      if (const auto* k = std::get_if<out::TaskKilled>(&effect)) log.push_back("kill " + std::to_string(k->task));
      if (const auto* t = std::get_if<out::TimerSet>(&effect)) timers[{t->timer, t->arg}] = t->at_us;
      if (const auto* t = std::get_if<out::TimerCancelled>(&effect)) timers.erase({t->timer, t->arg});
      if (const auto* s = std::get_if<out::StageStarted>(&effect)) {
        log.push_back("stage " + name(s->stage, s->attempt) + " of " + std::to_string(s->tasks));
      }
      if (const auto* s = std::get_if<out::StageEnded>(&effect)) {
        log.push_back("end " + name(s->stage, s->attempt) + (s->error.empty() ? "" : ": " + s->error));
      }
      if (const auto* j = std::get_if<out::JobEnded>(&effect)) {
        log.push_back("job " + std::to_string(j->job) + (j->error.empty() ? " done" : ": " + j->error));
      }
    }
  }
  static std::string name(StageId stage, int attempt) { return std::to_string(stage) + "." + std::to_string(attempt); }
};

}  // namespace podramp::backend
