// Who has registered with the scheduler backend: the stand-in for CoarseGrainedSchedulerBackend's executor map (02
// 4.2). Entered at RegisterExecutor, left when RemoveExecutor is processed; a disconnected executor is only disabled.
#pragma once

#include <map>
#include <set>
#include <string>

#include "backend/port/ids.h"
#include "backend/port/time.h"

namespace podramp::backend {

struct RegisteredExecutor {
  TimeUs registered_us = 0;
  std::string host;
  bool disabled = false;  // disconnected, loss reason pending
};

class ExecutorTable {
 public:
  bool contains(ExecutorId id) const { return executors_.contains(id); }
  bool add(ExecutorId id, TimeUs now, const std::string& host) {
    return executors_.try_emplace(id, RegisteredExecutor{now, host, false}).second;
  }
  bool remove(ExecutorId id) { return executors_.erase(id) > 0; }
  void disable(ExecutorId id) {
    if (const auto it = executors_.find(id); it != executors_.end()) it->second.disabled = true;
  }
  const std::map<ExecutorId, RegisteredExecutor>& all() const { return executors_; }
  std::int64_t size() const { return static_cast<std::int64_t>(executors_.size()); }

 private:
  std::map<ExecutorId, RegisteredExecutor> executors_;
};

}  // namespace podramp::backend
