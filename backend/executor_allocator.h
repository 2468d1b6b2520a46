// What makes an application's executors exist, as its driver sees it: Spark's AbstractPodsAllocator (02 4.4).
// direct_pods.h creates every pod by itself; controller_allocators.h leaves that to StatefulSets or Deployments.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/api_calls.h"
#include "backend/driver.h"
#include "backend/snapshots.h"

namespace podramp::backend {

class ExecutorAllocator {
 public:
  ExecutorAllocator() = default;
  virtual ~ExecutorAllocator() = default;
  ExecutorAllocator(const ExecutorAllocator&) = delete;
  ExecutorAllocator& operator=(const ExecutorAllocator&) = delete;

  // The driver pod is known, if there is one: executors may be made from now on.
  virtual void start(TimeUs now, const PodPtr& driver_pod, Outbox& out) = 0;
  // Overwrites the named profiles' targets. True: the store must notify all its subscribers now (02 1.2).
  virtual bool set_targets(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) = 0;

  // The application's conf has changed (changed_conf.h).
  virtual void conf_changed() {}

  // As a subscriber of the snapshot store (02 2.1); nothing when it is none.
  virtual void push(const SnapshotChange& change) = 0;
  virtual void request(TimeUs now, RoundTrigger trigger, Outbox& out) = 0;
  // A call of CallOwner::allocator has its final answer.
  virtual void resume(TimeUs now, const Completed& completed, Outbox& out) = 0;

  // Failed creates since this was last asked; from 4.2 each is an executor failure (SPARK-55075).
  virtual std::int64_t take_failed_creates() { return 0; }
  // An executor was lost to an OOM (02 4.2, recovery mode).
  virtual void on_oom() {}

  // Registration of this executor is refused (02 4.2).
  virtual bool is_deleted(ExecutorId id) const = 0;
  // The driver has to exit because of what happened here: the code and why. Asked after each of the calls above.
  virtual const std::optional<out::Exited>& fatal() const = 0;

  // The store stops: no run begins any more; one in progress may end.
  virtual void stop(Outbox& out) = 0;
  virtual bool busy() const = 0;
  // ... or is cut off; its calls are the caller's to abandon.
  virtual void drop_run() = 0;
  // What the allocator's own stop deletes, in order; each on its own.
  virtual std::vector<ApiRequest> clean_up() const = 0;

  virtual void fill(Books& books) const = 0;
  virtual std::string describe() const = 0;  // one fact a line
};

}  // namespace podramp::backend
