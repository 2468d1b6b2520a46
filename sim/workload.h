// What an application's program does, as a scenario says it: jobs of stages of tasks, their input, shuffle and cached
// bytes, how long a task takes and how often it fails. From it the plans that the driver gets (backend/port/job.h), and
// which job comes when. How tasks run is task_runner.h's business; docs/scenario-format.md has the file format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/job.h"
#include "fakeapi/latency.h"

namespace podramp::sim {

// How HDFS calls the nodes where blocks lie.
enum class HdfsNames : std::uint8_t { node, ip, dns };

}  // namespace podramp::sim

template <>
struct podramp::EnumText<podramp::sim::HdfsNames> {
  static constexpr std::array<std::string_view, 3> names{"node", "ip", "dns"};
};

namespace podramp::sim {

struct StageSpec {
  std::string name;                  // unique in its job
  std::vector<std::string> parents;  // stages before it in its job, or "JOB/STAGE" of a job before it
  std::int64_t tasks = 1;
  ProfileId profile = kDefaultProfile;
  fakeapi::LatencyModel duration = fakeapi::LatencyModel::constant(kSecondUs);  // of a task's own work
  std::vector<DurationUs> durations = {};  // measured, of each task; empty: drawn from duration
  std::int64_t input_bytes = 0;            // each task reads from HDFS
  std::int64_t replicas = 3;               // of each block, on different nodes
  std::vector<std::string> datanodes;      // nodes that hold the input; empty: all
  std::int64_t shuffle_bytes = 0;          // each task writes; not of a job's last stage
  std::string cache;                       // name of a cached RDD that each task reads, or makes when it is not there
  std::int64_t cache_bytes = 0;            // of each task's block
  std::int64_t failures = 0;               // of so many attempts
  std::int64_t failures_of = 1;
  friend bool operator==(const StageSpec&, const StageSpec&) = default;
};

struct JobSpec {
  std::string name;         // unique in its application
  std::string after;        // a job before it; "": start_us counts from the application's start
  DurationUs start_us = 0;  // after the start, or after the end of `after`
  std::vector<StageSpec> stages;
  bool map_stage = false;  // its last stage writes a shuffle, too, for jobs after it (SparkContext.submitMapStage)
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

struct WorkloadSpec {
  std::vector<JobSpec> jobs;
  HdfsNames hdfs_names = HdfsNames::node;
  std::string rack_label;      // of nodes, whose value is their rack; "": none
  bool stop_when_done = true;  // the application stops when its jobs have ended, or one has failed
  friend bool operator==(const WorkloadSpec&, const WorkloadSpec&) = default;
};

// A stage as it is run: its plan and what a plan does not say.
struct StageRun {
  StagePlan plan;
  StageSpec spec;
  std::string name;  // "APPLICATION/JOB/STAGE", the key of its draws
};

// Stages by id, numbered through all jobs in order; input blocks are put on datanodes by draws of their own.
std::vector<StageRun> make_stages(const WorkloadSpec& workload, const std::string& application, std::uint64_t seed,
                                  const std::vector<std::string>& nodes);

// Which job comes when.
class JobSequence {
 public:
  JobSequence() = default;  // none
  JobSequence(const WorkloadSpec& workload, const std::vector<StageRun>& stages);

  // Jobs that start by the clock, with the time since the application's start.
  std::vector<std::pair<DurationUs, JobPlan>> first() const;
  // Jobs that follow this one, with the time from now. After a failure nothing follows.
  std::vector<std::pair<DurationUs, JobPlan>> ended(JobId job, bool failed);
  // All jobs have ended, or one has failed: the program has nothing more to do.
  bool done() const { return failed_ || left_ == 0; }
  bool stops_when_done() const { return stops_; }

 private:
  struct Job {
    JobPlan plan;
    JobId after = -1;
    DurationUs delay_us = 0;
  };
  std::vector<Job> jobs_;
  std::size_t left_ = 0;
  bool failed_ = false;
  bool stops_ = false;
};

}  // namespace podramp::sim
