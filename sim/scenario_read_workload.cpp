// Reads "workload" of an application: what its program does (sim/workload.h).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "backend/conf_values.h"
#include "sim/scenario_read.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kTasksMax = 1'000'000;
constexpr std::int64_t kReplicasMax = 100;

// The stages before this one: of its own job by name, of earlier jobs as "JOB/STAGE".
std::vector<std::string> parents_so_far(const WorkloadSpec& workload, const JobSpec& job) {
  std::vector<std::string> names;
  for (const StageSpec& stage : job.stages) names.push_back(stage.name);
  for (const JobSpec& earlier : workload.jobs) {
    const std::size_t last = earlier.map_stage ? 0 : 1;  // a result stage writes no shuffle
    for (std::size_t i = 0; i + last < earlier.stages.size(); ++i) {
      names.push_back(fmt::format("{}/{}", earlier.name, earlier.stages[i].name));
    }
  }
  return names;
}

void read_input(ReadState& state, ObjectReader& reader, StageSpec& into) {
  const JsonValue* value = reader.find("input");
  if (value == nullptr) return;
  ObjectReader input(state.reading, *value, reader.path_of("input"));
  if (input.require("bytes", into.input_bytes, as_bytes) && into.input_bytes <= 0) {
    input.error("bytes", "must be above zero");
  }
  input.read("replicas", into.replicas, whole_between(1, kReplicasMax));
  if (input.has("nodes") || input.has("group") || input.has("zone")) {
    for (const std::uint32_t node : read_node_selection(state, input)) {
      into.datanodes.push_back(state.scenario.cluster.nodes.at(node).node.name);
    }
  }
  input.finish();
}

// How long tasks work: a model, or a measured time for each.
void read_durations(ReadState& state, ObjectReader& reader, StageSpec& into) {
  if (!reader.has("durations")) {
    const JsonValue* model = reader.find_required("duration");
    if (model != nullptr) read_latency_model(state, *model, reader.path_of("duration"), into.duration);
    reader.find("durations");
    return;
  }
  if (reader.find("duration") != nullptr) reader.error("duration", "goes without durations");
  reader.each_item("durations", [&](const JsonValue& value, const std::string& path) {
    if (const Result<DurationUs> took = as_duration(value)) {
      into.durations.push_back(*took);
    } else {
      state.reading.error(value, path, took.error().message);
    }
  });
  if (std::ssize(into.durations) != into.tasks) {
    reader.error("durations", fmt::format("has {} times for {} tasks", into.durations.size(), into.tasks));
  }
}

void read_cache(ReadState& state, ObjectReader& reader, StageSpec& into) {
  const JsonValue* value = reader.find("cache");
  if (value == nullptr) return;
  ObjectReader cache(state.reading, *value, reader.path_of("cache"));
  if (cache.require("name", into.cache, as_text) && into.cache.empty()) cache.error("name", "must not be empty");
  cache.read("bytes", into.cache_bytes, as_bytes);
  cache.finish();
}

void read_stage(ReadState& state, const JsonValue& value, const std::string& path, const ApplicationSpec& application,
                const WorkloadSpec& workload, JobSpec& job) {
  ObjectReader reader(state.reading, value, path);
  StageSpec stage;
  if (reader.require("name", stage.name, as_text)) {
    if (stage.name.empty() || stage.name.find('/') != std::string::npos) {
      reader.error("name", "must not be empty and holds no \"/\"");
    } else if (std::ranges::find(job.stages, stage.name, &StageSpec::name) != job.stages.end()) {
      reader.error("name", fmt::format("the job has a stage \"{}\" already", stage.name));
    }
  }
  stage.parents = reader.texts("parents");
  const std::vector<std::string> known = parents_so_far(workload, job);
  for (const std::string& parent : stage.parents) {
    if (std::ranges::find(known, parent) != known.end()) continue;
    reader.error("parents", fmt::format("there is no stage \"{}\" before this one that writes a shuffle{}", parent,
                                        did_you_mean(parent, known)));
  }
  reader.require("tasks", stage.tasks, whole_between(1, kTasksMax));
  std::int64_t profile = kDefaultProfile;
  if (reader.read("profile", profile, whole_between(0, std::numeric_limits<ProfileId>::max()))) {
    stage.profile = static_cast<ProfileId>(profile);
    if (!has_profile(application, stage.profile)) {
      reader.error("profile", fmt::format("there is no profile {}; list it in profiles", profile));
    }
  }
  read_durations(state, reader, stage);
  read_input(state, reader, stage);
  reader.read("shuffle_write", stage.shuffle_bytes, as_bytes);
  read_cache(state, reader, stage);
  Ratio failures{0, 1};
  if (reader.read("failures", failures, as_ratio)) {
    stage.failures = failures.numerator;
    stage.failures_of = failures.denominator;
  }
  reader.finish();
  job.stages.push_back(std::move(stage));
}

void read_job(ReadState& state, const JsonValue& value, const std::string& path, const ApplicationSpec& application,
              WorkloadSpec& workload) {
  ObjectReader reader(state.reading, value, path);
  JobSpec job;
  if (reader.require("name", job.name, as_text)) {
    if (job.name.empty() || job.name.find('/') != std::string::npos) {
      reader.error("name", "must not be empty and holds no \"/\"");
    } else if (std::ranges::find(workload.jobs, job.name, &JobSpec::name) != workload.jobs.end()) {
      reader.error("name", fmt::format("there is a job \"{}\" already", job.name));
    }
  }
  if (reader.read("after", job.after, as_text) &&
      std::ranges::find(workload.jobs, job.after, &JobSpec::name) == workload.jobs.end()) {
    std::vector<std::string> known;
    for (const JobSpec& earlier : workload.jobs) known.push_back(earlier.name);
    reader.error("after",
                 fmt::format("there is no job \"{}\" before this one{}", job.after, did_you_mean(job.after, known)));
  }
  reader.read("start", job.start_us, as_duration);
  reader.find_required("stages");
  reader.each_item("stages", [&](const JsonValue& stage, const std::string& stage_path) {
    read_stage(state, stage, stage_path, application, workload, job);
  });
  if (reader.has("stages") && job.stages.empty()) reader.error("stages", "needs at least one stage");
  reader.read("map_stage", job.map_stage, as_flag);
  if (!job.map_stage && !job.stages.empty() && job.stages.back().shuffle_bytes > 0) {
    reader.error("stages",
                 fmt::format("the last stage (\"{}\") is the result and writes no shuffle", job.stages.back().name));
  }
  reader.finish();
  workload.jobs.push_back(std::move(job));
}

// Only the fork knows a node by more than one name.
void read_hdfs(ObjectReader& reader, backend::Compat compat, WorkloadSpec& into) {
  reader.choose("hdfs_names", into.hdfs_names,
                {{"node", HdfsNames::node}, {"ip", HdfsNames::ip}, {"dns", HdfsNames::dns}});
  reader.read("rack_label", into.rack_label, as_text);
  if (compat != backend::Compat::fork_2_2 && !into.rack_label.empty()) {
    reader.error("rack_label", fmt::format("{} knows no racks on Kubernetes; fork-2.2 does", to_text(compat)));
  }
}

}  // namespace

void read_workload(ReadState& state, ObjectReader& application, ApplicationSpec& into) {
  const JsonValue* value = application.find("workload");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, application.path_of("workload"));
  WorkloadSpec workload;
  reader.find_required("jobs");
  reader.each_item("jobs",
                   [&](const JsonValue& job, const std::string& path) { read_job(state, job, path, into, workload); });
  if (reader.has("jobs") && workload.jobs.empty()) reader.error("jobs", "needs at least one job");
  reader.read("stop_when_done", workload.stop_when_done, as_flag);
  read_hdfs(reader, into.compat, workload);
  reader.finish();
  const auto dynamic = into.conf.find("spark.dynamicAllocation.enabled");
  const bool scales = dynamic != into.conf.end() && backend::to_lower(dynamic->second) == "true";
  if (scales && !into.demand.empty()) {
    application.error("workload", "with dynamic allocation the workload itself is the demand: drop one of them");
  }
  into.workload = std::move(workload);
}

}  // namespace podramp::sim
