// Names of events and fields: org.apache.spark.util.JsonProtocol. A field that is missing, as in logs of older Sparks,
// counts as zero or empty.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sim/import/json_fields.h"
#include "sim/import/spark_events.h"

namespace podramp::sim {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 11> kUsed{
    "SparkListenerLogStart",      "SparkListenerApplicationStart", "SparkListenerEnvironmentUpdate",
    "SparkListenerJobStart",      "SparkListenerJobEnd",           "SparkListenerResourceProfileAdded",
    "SparkListenerExecutorAdded", "SparkListenerExecutorRemoved",  "SparkListenerStageSubmitted",
    "SparkListenerTaskEnd",       "SparkListenerUnpersistRDD"};

// All that they tell is in others.
constexpr std::array<std::string_view, 6> kImplied{"SparkListenerTaskStart",           "SparkListenerTaskGettingResult",
                                                   "SparkListenerStageCompleted",      "SparkListenerBlockManagerAdded",
                                                   "SparkListenerBlockManagerRemoved", "SparkListenerApplicationEnd"};

struct Skipped {
  std::string_view part;  // of the event's name
  std::string_view why;
};
constexpr std::array<Skipped, 9> kSkipped{
    {{"Speculative", "speculation is the scheduler's business here, too (spark.speculation in conf)"},
     {"Excluded", "who is excluded is decided anew"},
     {"Blacklisted", "who is excluded is decided anew"},
     {"Unschedulable", "what cannot be scheduled is decided anew"},
     {"Metrics", "metrics of executors have no counterpart"},
     {"BlockUpdated", "where blocks lie is decided anew"},
     {"sql.streaming", "streaming queries are carried over as the jobs that they ran"},
     {"sql", "SQL plans and their metrics: a query is carried over as the jobs that it ran"},
     {"", "events of this kind are not used"}}};

// Persisted RDDs among those of a stage.
std::vector<LoggedRdd> cached_rdds(const json& infos) {
  std::vector<LoggedRdd> cached;
  for (const json& info : infos) {
    const json& level = field_of(info, "Storage Level");
    if (!flag_of(level, "Use Memory") && !flag_of(level, "Use Disk")) continue;
    cached.push_back({whole_of(info, "RDD ID", -1), whole_of(info, "Number of Partitions")});
  }
  std::ranges::sort(cached, {}, &LoggedRdd::id);
  return cached;
}

// One beyond the limit of a scenario, which then says so.
std::int64_t tasks_of(const json& info) {
  return std::clamp<std::int64_t>(whole_of(info, "Number of Tasks"), 0, 1'000'001);
}

std::optional<std::int64_t> amount(const json& requests, std::string_view name) {
  const json& request = field_of(requests, name);
  if (request.is_null()) return std::nullopt;
  const std::int64_t value = whole_of(request, "Amount");
  return value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

bool SparkEvents::uses(std::string_view kind) { return std::ranges::find(kUsed, kind) != kUsed.end(); }

void SparkEvents::skip(std::string_view kind) {
  if (std::ranges::find(kImplied, kind) != kImplied.end()) return;
  const auto why =
      std::ranges::find_if(kSkipped, [&](const Skipped& one) { return kind.find(one.part) != std::string_view::npos; });
  kind.remove_prefix(kind.rfind('.') + 1);  // no dot: npos + 1 is 0
  notes_.left_out(fmt::format("event {}", kind), why->why);
}

void SparkEvents::take(std::string_view kind, const json& event) {
  const std::int64_t at = std::max(amount_of(event, "Timestamp"), amount_of(event, "Submission Time"));
  if (at > 0 && (log_.first_ms < 0 || at < log_.first_ms)) log_.first_ms = at;
  if (kind == "SparkListenerTaskEnd") return task_end(event);
  if (kind == "SparkListenerStageSubmitted") return stage_submitted(event);
  if (kind == "SparkListenerJobStart") return job_start(event);
  if (kind == "SparkListenerJobEnd") return job_end(event);
  if (kind == "SparkListenerExecutorAdded") return executor_added(event);
  if (kind == "SparkListenerExecutorRemoved") return executor_removed(event);
  if (kind == "SparkListenerResourceProfileAdded") return profile_added(event);
  if (kind == "SparkListenerEnvironmentUpdate") return environment(event);
  if (kind == "SparkListenerApplicationStart") return application_start(event);
  if (kind == "SparkListenerUnpersistRDD") log_.unpersisted.insert(whole_of(event, "RDD ID", -1));
  if (kind == "SparkListenerLogStart") log_.version = text_of(event, "Spark Version");
}

void SparkEvents::application_start(const json& event) {
  log_.app_name = text_of(event, "App Name");
  if (const std::int64_t at = amount_of(event, "Timestamp"); at > 0) log_.started_ms = at;
  log_.has_application = true;
}

void SparkEvents::environment(const json& event) {
  const json& properties = field_of(event, "Spark Properties");
  if (properties.is_object()) {
    for (const auto& [key, value] : properties.items()) {
      if (value.is_string()) log_.conf[key] = value.get<std::string>();
    }
  }
  for (const json& pair : properties.is_array() ? properties : json::array()) {  // as in older logs
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string()) {
      log_.conf[pair[0].get<std::string>()] = pair[1].get<std::string>();
    }
  }
}

void SparkEvents::profile_added(const json& event) {
  const json& requests = field_of(event, "Executor Resource Requests");
  backend::ResourceProfile profile;
  profile.id = static_cast<ProfileId>(whole_of(event, "Resource Profile Id"));
  if (profile.id == kDefaultProfile) return;  // that is conf
  profile.cores = amount(requests, "cores");
  profile.memory_mib = amount(requests, "memory");
  profile.overhead_mib = amount(requests, "memoryOverhead");
  profile.pyspark_mib = amount(requests, "pyspark.memory");
  profile.off_heap_mib = amount(requests, "offHeap");
  for (const auto& [name, request] : requests.items()) {
    if (name == "cores" || name == "memory" || name == "memoryOverhead" || name == "pyspark.memory" ||
        name == "offHeap") {
      continue;
    }
    if (const auto wanted = amount(requests, name)) {
      profile.custom_resources.push_back({name, *wanted, text_of(request, "Vendor")});
    }
  }
  const json& of_task = field_of(event, "Task Resource Requests");
  for (const auto& [name, request] : of_task.items()) {
    if (name == "cpus" && whole_of(request, "Amount") == 1) continue;
    notes_.left_out(fmt::format("profile {}: {} of a task", profile.id, name),
                    "a scenario's profile says what an executor has; a task takes spark.task.cpus");
  }
  std::erase_if(log_.profiles, [&](const auto& known) { return known.id == profile.id; });
  log_.profiles.push_back(std::move(profile));
}

void SparkEvents::executor_added(const json& event) {
  const json& info = field_of(event, "Executor Info");
  LoggedExecutor executor;
  executor.id = text_of(event, "Executor ID");
  executor.host = text_of(info, "Host");
  executor.cores = whole_of(info, "Total Cores");
  executor.added_ms = amount_of(event, "Timestamp");
  if (executor.id == "driver") {
    log_.driver_cores = executor.cores;
  } else {
    log_.executors.push_back(std::move(executor));
  }
}

void SparkEvents::executor_removed(const json& event) {
  const std::string id = text_of(event, "Executor ID");
  for (auto it = log_.executors.rbegin(); it != log_.executors.rend(); ++it) {
    if (it->id != id) continue;
    it->removed_ms = amount_of(event, "Timestamp");
    it->reason = text_of(event, "Removed Reason");
    return;
  }
}

LoggedStage& SparkEvents::stage_of(const json& info) {
  const std::int64_t id = whole_of(info, "Stage ID", -1);
  const auto [at, is_new] = log_.stages.try_emplace(id);
  LoggedStage& stage = at->second;
  if (!is_new) return stage;
  stage.id = id;
  stage.name = text_of(info, "Stage Name");
  stage.tasks = tasks_of(info);
  stage.profile = static_cast<ProfileId>(whole_of(info, "Resource Profile Id"));
  for (const json& parent : field_of(info, "Parent IDs")) {
    if (parent.is_number_integer()) stage.parents.push_back(parent.get<std::int64_t>());
  }
  const json& rdds = field_of(info, "RDD Info");
  if (rdds.is_array() && !rdds.empty()) stage.rdd = whole_of(rdds.front(), "RDD ID", -1);  // StageInfo.fromStage
  stage.cached = cached_rdds(rdds);
  if (std::ranges::any_of(rdds, [](const json& rdd) { return flag_of(rdd, "Barrier"); })) barrier_stages_.insert(id);
  return stage;
}

void SparkEvents::job_start(const json& event) {
  LoggedJob job;
  job.id = whole_of(event, "Job ID", -1);
  job.submitted_ms = amount_of(event, "Submission Time");
  for (const json& info : field_of(event, "Stage Infos")) job.stages.push_back(stage_of(info).id);
  if (job.stages.empty()) {
    for (const json& id : field_of(event, "Stage IDs")) {
      if (id.is_number_integer()) job.stages.push_back(id.get<std::int64_t>());
    }
  }
  std::ranges::sort(job.stages);
  log_.jobs[job.id] = std::move(job);
}

void SparkEvents::job_end(const json& event) {
  const auto at = log_.jobs.find(whole_of(event, "Job ID", -1));
  if (at == log_.jobs.end()) return;
  at->second.ended_ms = amount_of(event, "Completion Time");
  if (text_of(field_of(event, "Job Result"), "Result") == "JobSucceeded") return;
  notes_.left_out("failed job", "what of it ran is carried over; why it failed is not, and here it succeeds");
}

void SparkEvents::stage_submitted(const json& event) {
  const json& info = field_of(event, "Stage Info");
  LoggedStage& stage = stage_of(info);
  if (stage.attempts++ == 0) {
    stage.tasks = tasks_of(info);  // a result stage may want some partitions only
  } else {
    notes_.left_out("stage attempt", "a stage ran again because output was lost; here each runs until it is done");
  }
}

void SparkEvents::task_end(const json& event) {
  const json& info = field_of(event, "Task Info");
  const json& metrics = field_of(event, "Task Metrics");
  const std::string reason = text_of(field_of(event, "Task End Reason"), "Reason");
  if (flag_of(info, "Speculative")) {
    notes_.left_out("speculative task",
                    "speculation is the scheduler's business here, too (spark.speculation in conf)");
  }
  if (reason != "Success") {
    notes_.left_out(fmt::format("task that ended with {}", reason),
                    "attempts that failed are not repeated; the first success of each task is carried over");
    return;
  }
  const auto at = log_.stages.find(whole_of(event, "Stage ID", -1));
  if (at == log_.stages.end()) {
    notes_.left_out("task of an unknown stage", "the log does not hold the start of its job");
    return;
  }
  LoggedStage& stage = at->second;
  stage.result = text_of(event, "Task Type") == "ResultTask";
  const std::int64_t index = whole_of(info, "Partition ID", -1);  // since Spark 3.3
  LoggedTask task;
  task.work_us = kMillisecondUs * (amount_of(info, "Finish Time") - amount_of(info, "Launch Time"));
  if (metrics.is_object()) {
    const std::int64_t waited =
        amount_of(field_of(metrics, "Shuffle Read Metrics"), "Fetch Wait Time");  // done here by flows
    task.work_us =
        kMillisecondUs * (amount_of(metrics, "Executor Deserialize Time") + amount_of(metrics, "Executor Run Time") +
                          amount_of(metrics, "Result Serialization Time") - waited);
  }
  task.work_us = std::clamp<DurationUs>(task.work_us, 0, kHourUs * 24 * 365);
  task.shuffle_bytes = amount_of(field_of(metrics, "Shuffle Write Metrics"), "Shuffle Bytes Written");
  input_bytes_ += amount_of(field_of(metrics, "Input Metrics"), "Bytes Read");
  output_bytes_ += amount_of(field_of(metrics, "Output Metrics"), "Bytes Written");
  spilled_bytes_ += amount_of(metrics, "Disk Bytes Spilled");
  stage.done.try_emplace(index >= 0 ? index : whole_of(info, "Index"), task);
}

void SparkEvents::finish() {
  const auto bytes = [&](std::string_view what, std::int64_t sum, std::string_view why) {
    if (sum > 0) notes_.left_out(fmt::format("{} of {} bytes", what, sum), why);
  };
  bytes("input", input_bytes_, "the log does not say where blocks lay: reading them stays in the tasks' times");
  bytes("output", output_bytes_, "writing it stays in the tasks' times");
  bytes("spill to disk", spilled_bytes_, "it stays in the tasks' times");
  if (barrier_stages_.empty()) return;
  notes_.left_out("barrier stage", "its tasks are carried over as those of any stage", std::ssize(barrier_stages_));
}

}  // namespace podramp::sim
