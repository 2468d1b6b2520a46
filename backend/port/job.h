// What the application's program hands to the scheduler, and what comes back of its tasks: jobs of stages of tasks, as
// far as scheduling sees them. How long a task really takes is the world's business (sim/workload.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/fields.h"
#include "backend/port/ids.h"
#include "backend/port/time.h"

namespace podramp {

// How near to its data a task runs; also the order in which delay scheduling gives up (01 2.1).
enum class Locality : std::uint8_t { process_local, node_local, no_pref, rack_local, any };
template <>
struct EnumText<Locality> {
  static constexpr std::array<std::string_view, 5> names{"PROCESS_LOCAL", "NODE_LOCAL", "NO_PREF", "RACK_LOCAL", "ANY"};
};

struct StagePlan {
  StageId stage = 0;
  std::vector<StageId> parents;  // whose shuffle output it reads
  std::int64_t tasks = 0;
  ProfileId profile = kDefaultProfile;
  bool writes_shuffle = false;   // false: a result stage; true for a last one: a map-stage job
  std::int32_t caches_rdd = -1;  // its tasks leave a cached block of this RDD behind; -1: none
  // By task: hosts or nodes its input lies on (HDFS), best first; empty: no preference for any task.
  std::vector<std::vector<std::string>> preferred;
  static void fields(auto& visit, auto& self) {
    visit("stage", self.stage);
    visit("parents", self.parents);
    visit("tasks", self.tasks);
    visit("profile", self.profile);
    visit("writes_shuffle", self.writes_shuffle);
    visit("caches_rdd", self.caches_rdd);
    visit("preferred", self.preferred);
  }
  friend bool operator==(const StagePlan&, const StagePlan&) = default;
};

struct JobPlan {
  JobId job = 0;
  std::vector<StagePlan> stages;  // parents before children; the last one is its result
  static void fields(auto& visit, auto& self) {
    visit("job", self.job);
    visit("stages", self.stages);
  }
  friend bool operator==(const JobPlan&, const JobPlan&) = default;
};

enum class TaskEnd : std::uint8_t {
  success,
  failed,        // an exception of the user's code
  killed,        // as out::TaskKilled asked
  fetch_failed,  // a parent's shuffle output could not be read
  executor_lost,
};
template <>
struct EnumText<TaskEnd> {
  static constexpr std::array<std::string_view, 5> names{"success", "failed", "killed", "fetch_failed",
                                                         "executor_lost"};
};

struct TaskResult {
  TaskEnd end = TaskEnd::success;
  std::string error;
  StageId lost_stage = -1;       // fetch_failed: whose output is missing,
  int lost_map = -1;             // of which of its tasks (-1: of all on that place),
  ExecutorId lost_executor = 0;  // and who had written it
  DurationUs run_us = 0;         // what the executor's metrics say (02 4.5)
  DurationUs gc_us = 0;
  std::int64_t shuffle_write_bytes = 0;
  static void fields(auto& visit, auto& self) {
    visit("end", self.end);
    visit("error", self.error);
    visit("lost_stage", self.lost_stage);
    visit("lost_map", self.lost_map);
    visit("lost_executor", self.lost_executor);
    visit("run_us", self.run_us);
    visit("gc_us", self.gc_us);
    visit("shuffle_write_bytes", self.shuffle_write_bytes);
  }
  friend bool operator==(const TaskResult&, const TaskResult&) = default;
};

}  // namespace podramp
