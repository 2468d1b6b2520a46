// The scheduler backend's maintenance thread (02 4.1): labels and annotates pods, and deletes those that outlive their
// kill. One thread, so one task after the other and one API call in flight; errors are logged and end their task only.
// Not here: when a task is due (scheduler_backend.h).
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "backend/api_calls.h"

namespace podramp::backend {

class Maintenance {
 public:
  // calls must outlive this; they are made as CallOwner::maintenance.
  Maintenance(std::string ns, std::string app_id, ApiCalls& calls)
      : ns_(std::move(ns)), app_id_(std::move(app_id)), calls_(calls) {}

  // The pods of these executors get a label or annotation: one list, then a patch for each pod found (02 4.2).
  void label(const std::vector<ExecutorId>& ids, const StringMap& labels, Outbox& out);
  void annotate(const std::vector<ExecutorId>& ids, const StringMap& annotations, Outbox& out);
  // One pod gets a label, by name (GenerateExecID).
  void label_pod(const std::string& pod, const StringMap& labels, Outbox& out);
  // Deletes the pods of these executors that are Running, if there are any: one list, then one delete for all.
  void delete_running(const std::vector<ExecutorId>& ids, Outbox& out);

  // The task in progress has its answer.
  void resume(const Completed& completed, Outbox& out);
  bool idle() const { return tasks_.empty(); }
  // shutdownNow: nothing is left to do. The call in flight is the caller's to abandon.
  void drop() { tasks_.clear(); }

 private:
  enum class Step : std::uint8_t { listing, patching, deleting };
  struct Task {
    Step step = Step::listing;
    std::vector<ExecutorId> ids;
    bool running_only = false;  // and delete them; else patch them
    StringMap labels;
    StringMap annotations;
    std::vector<std::string> pods;  // to patch, in reverse
  };

  void add(Task task, Outbox& out);
  void listed(const ApiReply& reply, Task& task, Outbox& out);
  void next(Outbox& out);  // the first task's next call, or the next task
  ApiRequest select(Verb verb, const Task& task) const;

  std::string ns_;
  std::string app_id_;
  ApiCalls& calls_;
  std::deque<Task> tasks_;  // the first one is in progress
};

}  // namespace podramp::backend
