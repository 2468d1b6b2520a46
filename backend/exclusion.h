// Which executors (and "nodes") get no tasks because tasks failed there: within one task set, and in the whole
// application until a time-out (Spark's TaskSetExcludelist and HealthTracker, M26). It counts and answers; offers,
// kills and aborts are task_scheduler.h's. Times are compared as Spark does: an exclusion ends strictly after its
// expiry.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/ids.h"
#include "backend/task_settings.h"

namespace podramp::backend {

// What one executor did wrong in one task set.
struct ExecutorFailures {
  std::string node;
  std::map<int, std::pair<std::int64_t, TimeUs>> tasks;  // index -> (attempts that failed here, the last time)
};

class TaskSetExclusion {
 public:
  explicit TaskSetExclusion(const ExclusionSettings& settings) : settings_(settings) {}

  void failed(TimeUs now, const std::string& host, ExecutorId executor, int index);

  // All false in a task set that only counts for the application (dry run).
  bool executor_out_for_task(ExecutorId executor, int index) const;
  bool node_out_for_task(const std::string& host, int index) const;
  bool executor_out(ExecutorId executor) const { return settings_.task_sets && executors_.contains(executor); }
  bool node_out(const std::string& host) const { return settings_.task_sets && nodes_.contains(host); }
  const std::map<ExecutorId, ExecutorFailures>& failures() const { return failures_; }

 private:
  const ExclusionSettings& settings_;
  std::map<ExecutorId, ExecutorFailures> failures_;
  std::map<std::string, std::set<ExecutorId>> failing_on_;
  std::map<std::string, std::set<int>> tasks_out_of_node_;
  std::set<ExecutorId> executors_;
  std::set<std::string> nodes_;
};

// What the application should do about an exclusion: nothing unless killExcludedExecutors is set.
struct ExclusionOrder {
  std::optional<ExecutorId> executor;  // or
  std::string host;                    // all executors of a host
  bool decommission = false;           // else kill, forced; targets stay, so it is replaced
  friend bool operator==(const ExclusionOrder&, const ExclusionOrder&) = default;
};

class HealthTracker {
 public:
  explicit HealthTracker(const ExclusionSettings& settings) : settings_(settings) {}

  // Executors and nodes come back. Called before offers are made.
  void expire(TimeUs now);
  // A task set succeeded as a whole: its failures count for the application only now.
  void task_set_succeeded(TimeUs now, const std::map<ExecutorId, ExecutorFailures>& failures);
  void fetch_failed(TimeUs now, const std::string& host, ExecutorId executor);
  // An idle executor goes so that another one can come, whatever killExcludedExecutors says.
  void kill_idle(ExecutorId executor) { orders_.push_back({executor, "", settings_.decommission}); }
  void executor_removed(ExecutorId executor) { failing_.erase(executor); }

  bool executor_out(ExecutorId executor) const { return executors_.contains(executor); }
  bool node_out(const std::string& host) const { return nodes_.contains(host); }
  std::vector<ExclusionOrder> take_orders();

 private:
  void exclude(TimeUs now, ExecutorId executor, const std::string& node);

  struct Out {
    std::string node;
    TimeUs until_us = 0;
  };
  const ExclusionSettings& settings_;
  std::map<ExecutorId, std::vector<TimeUs>> failing_;  // expiry of each failed task
  std::map<ExecutorId, Out> executors_;
  std::map<std::string, TimeUs> nodes_;
  std::map<std::string, std::set<ExecutorId>> out_on_;  // also those that are gone
  std::vector<ExclusionOrder> orders_;
};

}  // namespace podramp::backend
