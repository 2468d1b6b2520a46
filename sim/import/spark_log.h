// What a Spark event log tells that matters here, as data: the application, its conf, profiles, executors, jobs, stages
// and how long each task worked. Times are milliseconds since 1970, as Spark writes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/executor_size.h"
#include "backend/port/kube.h"
#include "sim/import/event_log_files.h"

namespace podramp::sim {

struct LoggedTask {  // its first success
  DurationUs work_us = 0;
  std::int64_t shuffle_bytes = 0;  // written
};

struct LoggedRdd {
  std::int64_t id = -1;
  std::int64_t partitions = 0;
};

struct LoggedStage {
  std::int64_t id = 0;
  std::string name;  // "count at Report.scala:12"
  std::int64_t tasks = 0;
  std::vector<std::int64_t> parents;
  std::int64_t rdd = -1;          // whose partitions its tasks make
  std::vector<LoggedRdd> cached;  // persisted RDDs in it
  ProfileId profile = kDefaultProfile;
  bool result = false;                      // its tasks are result tasks
  int attempts = 0;                         // 0: skipped, or not begun
  std::map<std::int64_t, LoggedTask> done;  // by partition
};

struct LoggedJob {
  std::int64_t id = 0;
  std::int64_t submitted_ms = 0;
  std::optional<std::int64_t> ended_ms;
  std::vector<std::int64_t> stages;
};

struct LoggedExecutor {
  std::string id;
  std::string host;
  std::int64_t cores = 0;
  std::int64_t added_ms = 0;
  std::optional<std::int64_t> removed_ms;
  std::string reason;
};

struct SparkLog {
  std::string version;  // "3.5.1"
  std::string app_name;
  bool has_application = false;
  std::int64_t started_ms = -1;  // -1: not said
  std::int64_t first_ms = -1;    // of any event
  StringMap conf;
  std::vector<backend::ResourceProfile> profiles;
  std::map<std::int64_t, LoggedStage> stages;
  std::map<std::int64_t, LoggedJob> jobs;
  std::vector<LoggedExecutor> executors;  // without the driver
  std::int64_t driver_cores = 0;          // of a local run, whose driver is the executor
  std::set<std::int64_t> unpersisted;
};

// Reads the files line by line. Errors, with file and line: a line that is no JSON or no event (but a last one that was
// cut off), a line beyond the limit, what cannot be unpacked; no application in it.
Result<SparkLog> read_spark_log(const EventLogFiles& files, ImportNotes& notes);

}  // namespace podramp::sim
