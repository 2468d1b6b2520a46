// Who has registered with the scheduler backend: the stand-in for CoarseGrainedSchedulerBackend's executor map and its
// pending sets (02 4.2). Entered at RegisterExecutor, left when RemoveExecutor is processed. The one place where
// executors come and go, so dynamic allocation and the task scheduler listen here. Next: scheduler_backend.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/port/step.h"

namespace podramp::backend {

struct RegisteredExecutor {
  TimeUs registered_us = 0;
  std::string host;
  ProfileId profile = kDefaultProfile;
  std::int64_t cores = 1;
  std::int64_t running_tasks = 0;
  bool loss_pending = false;      // disconnected; pod events decide what becomes of it
  bool pending_kill = false;      // somebody asked for it to be killed
  bool killed_by_driver = false;  // ... so that its tasks' failures do not count (countFailures = false)
  bool decommissioning = false;
  std::string decommission_reason;

  // Offers are made to it (02 4.2, isActive).
  bool active() const { return !loss_pending && !pending_kill && !decommissioning; }
};

// Why an executor gets no more offers although it is still registered.
enum class Inactive : std::uint8_t { loss_pending, pending_kill, decommissioning };

// Somebody who wants to know when executors come and go. Called after the table has changed, in the order of listen().
class ExecutorListener {
 public:
  ExecutorListener() = default;
  virtual ~ExecutorListener() = default;
  ExecutorListener(const ExecutorListener&) = delete;
  ExecutorListener& operator=(const ExecutorListener&) = delete;

  virtual void executor_added(TimeUs now, ExecutorId id, const RegisteredExecutor& executor, Outbox& out) = 0;
  virtual void executor_inactive(TimeUs now, ExecutorId id, Inactive why, Outbox& out) = 0;
  // was: as it was until now; nullptr when it had never registered, or had been removed before (SPARK-35011).
  virtual void executor_removed(TimeUs now, const out::ExecutorRemoved& why, const RegisteredExecutor* was,
                                Outbox& out) = 0;
};

class ExecutorTable {
 public:
  // The listener must outlive the table.
  void listen(ExecutorListener& listener) { listeners_.push_back(&listener); }

  // RegisterExecutor: false when the id is taken. Listeners are told.
  bool admit(TimeUs now, ExecutorId id, RegisteredExecutor executor, Outbox& out);
  // It gets no more offers. False, and nobody is told, when it is unknown or has been so already.
  bool deactivate(TimeUs now, ExecutorId id, Inactive why, Outbox& out);
  // RemoveExecutor: emits out::ExecutorRemoved whether or not the executor is known, and tells the listeners. Of a
  // known one the driver's own doing outweighs `why`: killed, then decommissioned (02 4.2).
  void drop(TimeUs now, out::ExecutorRemoved why, Outbox& out);

  // The bare books; nobody is told.
  bool add(ExecutorId id, TimeUs now, const std::string& host);
  bool remove(ExecutorId id) { return executors_.erase(id) > 0; }

  bool contains(ExecutorId id) const { return executors_.contains(id); }
  const RegisteredExecutor* find(ExecutorId id) const;
  RegisteredExecutor* find(ExecutorId id);
  bool is_active(ExecutorId id) const;
  // A task runs on it.
  bool is_busy(ExecutorId id) const;
  void task_started(ExecutorId id);
  void task_ended(ExecutorId id);  // of an executor that has gone: nothing

  const std::map<ExecutorId, RegisteredExecutor>& all() const { return executors_; }
  std::int64_t size() const { return static_cast<std::int64_t>(executors_.size()); }

 private:
  std::map<ExecutorId, RegisteredExecutor> executors_;
  std::vector<ExecutorListener*> listeners_;
};

}  // namespace podramp::backend
