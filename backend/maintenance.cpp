#include "backend/maintenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "backend/snapshot_allocator.h"

namespace podramp::backend {

void Maintenance::label(const std::vector<ExecutorId>& ids, const StringMap& labels, Outbox& out) {
  Task task;
  task.ids = ids;
  task.labels = labels;
  add(std::move(task), out);
}

void Maintenance::annotate(const std::vector<ExecutorId>& ids, const StringMap& annotations, Outbox& out) {
  Task task;
  task.ids = ids;
  task.annotations = annotations;
  add(std::move(task), out);
}

void Maintenance::label_pod(const std::string& pod, const StringMap& labels, Outbox& out) {
  Task task;
  task.step = Step::patching;
  task.labels = labels;
  task.pods = {pod};
  add(std::move(task), out);
}

void Maintenance::delete_running(const std::vector<ExecutorId>& ids, Outbox& out) {
  Task task;
  task.ids = ids;
  task.running_only = true;
  add(std::move(task), out);
}

void Maintenance::add(Task task, Outbox& out) {
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) next(out);
}

void Maintenance::resume(const Completed& completed, Outbox& out) {
  CHECK(!tasks_.empty());
  Task& task = tasks_.front();
  const ApiReply& reply = completed.reply;
  if (!reply.ok()) {
    out.add(out::Noted{"error", fmt::format("executor maintenance: {}", describe_failure(reply))});
    tasks_.pop_front();
  } else if (task.step == Step::listing) {
    listed(reply, task, out);
  } else if (task.pods.empty()) {
    tasks_.pop_front();
  }
  next(out);
}

void Maintenance::listed(const ApiReply& reply, Task& task, Outbox& out) {
  std::vector<std::string> found;
  if (reply.list) {
    for (const PodPtr& pod : reply.list->items) found.push_back(pod->name);
  }
  if (found.empty()) return tasks_.pop_front();
  if (task.running_only) {
    out.add(
        out::Noted{"info", fmt::format("deleting {} pods of {} killed executors that still run after the grace period",
                                       found.size(), task.ids.size())});
    task.step = Step::deleting;
    return;
  }
  std::reverse(found.begin(), found.end());
  task.pods = std::move(found);
  task.step = Step::patching;
}

void Maintenance::next(Outbox& out) {
  if (tasks_.empty()) return;
  Task& task = tasks_.front();
  switch (task.step) {
    case Step::listing: return calls_.start(CallOwner::maintenance, select(Verb::list, task), out);
    case Step::deleting: return calls_.start(CallOwner::maintenance, select(Verb::remove_collection, task), out);
    case Step::patching: break;
  }
  ApiRequest patch;
  patch.verb = Verb::patch;
  patch.ns = ns_;
  patch.name = std::move(task.pods.back());
  patch.set_labels = task.labels;
  patch.set_annotations = task.annotations;
  task.pods.pop_back();
  calls_.start(CallOwner::maintenance, std::move(patch), out);
}

ApiRequest Maintenance::select(Verb verb, const Task& task) const {
  ApiRequest request = delete_executors(ns_, app_id_, task.ids);
  request.verb = verb;
  if (task.running_only) request.field_selector.all = {{"status.phase", "Running", true}};
  return request;
}

}  // namespace podramp::backend
