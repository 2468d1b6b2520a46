#include "sim/workload.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/random.h"

namespace podramp::sim {
namespace {

// The nodes that hold a task's input block, in a drawn order.
std::vector<std::string> place_block(const StageRun& stage, std::int64_t task, std::uint64_t seed,
                                     std::vector<std::string> nodes) {
  const std::string key = fmt::format("{}/{}", stage.name, task);
  const auto copies = std::min<std::size_t>(static_cast<std::size_t>(stage.spec.replicas), nodes.size());
  for (std::size_t i = 0; i < copies; ++i) {
    Draw draw(seed, "hdfs.block", key, i);
    const auto other = static_cast<std::size_t>(
        draw.uniform(static_cast<std::int64_t>(i), static_cast<std::int64_t>(nodes.size()) - 1));
    std::swap(nodes[i], nodes[other]);
  }
  nodes.resize(copies);
  return nodes;
}

}  // namespace

std::vector<StageRun> make_stages(const WorkloadSpec& workload, const std::string& application, std::uint64_t seed,
                                  const std::vector<std::string>& nodes) {
  std::vector<StageRun> stages;
  std::map<std::string, StageId> by_name;  // "JOB/STAGE"
  std::map<std::string, std::int32_t> rdds;
  for (const JobSpec& job : workload.jobs) {
    for (const StageSpec& spec : job.stages) {
      StageRun run;
      run.spec = spec;
      run.name = fmt::format("{}/{}/{}", application, job.name, spec.name);
      StagePlan& plan = run.plan;
      plan.stage = static_cast<StageId>(stages.size());
      plan.tasks = spec.tasks;
      plan.profile = spec.profile;
      plan.writes_shuffle = job.map_stage || &spec != &job.stages.back();
      for (const std::string& parent : spec.parents) {
        const bool elsewhere = parent.find('/') != std::string::npos;
        const auto it = by_name.find(elsewhere ? parent : fmt::format("{}/{}", job.name, parent));
        if (it != by_name.end()) plan.parents.push_back(it->second);
      }
      if (!spec.cache.empty()) {
        plan.caches_rdd = rdds.try_emplace(spec.cache, static_cast<std::int32_t>(rdds.size())).first->second;
      }
      if (spec.input_bytes > 0) {
        for (std::int64_t task = 0; task < spec.tasks; ++task) {
          plan.preferred.push_back(place_block(run, task, seed, spec.datanodes.empty() ? nodes : spec.datanodes));
        }
      }
      by_name[fmt::format("{}/{}", job.name, spec.name)] = plan.stage;
      stages.push_back(std::move(run));
    }
  }
  return stages;
}

JobSequence::JobSequence(const WorkloadSpec& workload, const std::vector<StageRun>& stages)
    : left_(workload.jobs.size()), stops_(workload.stop_when_done) {
  std::size_t next = 0;
  for (const JobSpec& spec : workload.jobs) {
    Job job;
    job.plan.job = static_cast<JobId>(jobs_.size());
    for (std::size_t i = 0; i < spec.stages.size(); ++i) job.plan.stages.push_back(stages.at(next++).plan);
    job.delay_us = spec.start_us;
    for (std::size_t i = 0; i < jobs_.size() && !spec.after.empty(); ++i) {
      if (workload.jobs[i].name == spec.after) job.after = static_cast<JobId>(i);
    }
    jobs_.push_back(std::move(job));
  }
}

std::vector<std::pair<DurationUs, JobPlan>> JobSequence::first() const {
  std::vector<std::pair<DurationUs, JobPlan>> jobs;
  for (const Job& job : jobs_) {
    if (job.after < 0) jobs.emplace_back(job.delay_us, job.plan);
  }
  return jobs;
}

std::vector<std::pair<DurationUs, JobPlan>> JobSequence::ended(JobId id, bool failed) {
  std::vector<std::pair<DurationUs, JobPlan>> jobs;
  if (left_ > 0) --left_;
  failed_ = failed_ || failed;
  if (failed_) return jobs;
  for (const Job& job : jobs_) {
    if (job.after == id) jobs.emplace_back(job.delay_us, job.plan);
  }
  return jobs;
}

}  // namespace podramp::sim
