// What the task scheduler tells the stage scheduler (Spark's DAGScheduler event loop) and, through it, listeners such
// as dynamic allocation. Events are queued and handled after the call that made them, as Spark's own event loop does.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "backend/port/job.h"

namespace podramp::backend {

// Where a task would like to run: a host, and there on an executor that caches its block (0: any).
struct TaskPlace {
  std::string host;
  ExecutorId executor = 0;
  friend bool operator==(const TaskPlace&, const TaskPlace&) = default;
};

// One attempt of a stage as it is handed to the task scheduler.
struct TaskSetPlan {
  StageId stage = 0;
  int stage_attempt = 0;
  JobId job = 0;  // the FIFO order
  ProfileId profile = kDefaultProfile;
  bool shuffle_map = false;
  std::int64_t epoch = 0;                      // of the map outputs
  std::vector<int> partitions;                 // which tasks of the stage; a task's index is its place in here
  std::vector<std::vector<TaskPlace>> places;  // by index; empty: no task has a preference
};

struct TaskAttempt {
  TaskId task = 0;
  int index = 0;
  int partition = 0;
  int attempt = 0;
  ExecutorId executor = 0;
  std::string host;
  TimeUs launched_us = 0;
  Locality locality = Locality::any;
  bool speculative = false;
  bool running = true;
};

enum class TaskEventKind : std::uint8_t {
  started,
  ended,                  // result says how
  resubmitted,            // it had succeeded, and its map output is lost with its executor
  set_failed,             // the task set gave up; message says why
  speculative_submitted,  // attempt.index
  unschedulable_added,    // no executor may run it any more (excluded)
  unschedulable_removed,
};

struct TaskEvent {
  TaskEventKind kind = TaskEventKind::started;
  StageId stage = 0;
  int stage_attempt = 0;
  TaskAttempt attempt;
  TaskResult result;
  std::int64_t epoch = 0;  // of the task set
  std::string message;
};

// The queue, and the kills that go straight to the executors.
struct TaskEvents {
  std::deque<TaskEvent> queue;
  std::vector<TaskId> kills;
};

}  // namespace podramp::backend
