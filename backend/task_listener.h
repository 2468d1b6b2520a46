// What others are told of jobs, stages and tasks, in the order Spark's listener bus has it: dynamic allocation and the
// executor monitor (02 4.3), the executor roll (02 4.5), the fork's hints (01 2.3). All empty by default.
#pragma once

#include <map>
#include <string>

#include "backend/task_events.h"

namespace podramp::backend {

struct StageSubmission {
  StageId stage = 0;
  int attempt = 0;
  ProfileId profile = kDefaultProfile;
  std::int64_t tasks = 0;  // of this attempt
  bool writes_shuffle = false;
  std::int64_t tasks_with_places = 0;                 // 01 2.3: locality-aware tasks,
  std::map<std::string, std::int64_t> tasks_by_host;  // and how many of them each host is good for
};

class TaskListener {
 public:
  virtual ~TaskListener() = default;
  virtual void job_started(TimeUs /*now*/, const JobPlan& /*job*/) {}
  virtual void job_ended(TimeUs /*now*/, JobId /*job*/) {}
  virtual void stage_submitted(TimeUs /*now*/, const StageSubmission& /*stage*/) {}
  virtual void stage_completed(TimeUs /*now*/, StageId /*stage*/, int /*attempt*/) {}
  // index counts within the attempt's task set, as Spark's TaskInfo does.
  virtual void task_started(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/, const TaskAttempt& /*task*/) {}
  virtual void task_ended(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/, const TaskAttempt& /*task*/,
                          const TaskResult& /*result*/) {}
  virtual void speculative_submitted(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/, int /*index*/) {}
  virtual void unschedulable_added(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/) {}
  virtual void unschedulable_removed(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/) {}
};

}  // namespace podramp::backend
