// What the status store knows of each executor, as far as the roll plugin asks (02 4.5): Spark's AppStatusListener cut
// down to an executor's summary. Peaks of memory are the world's to tell; without it they are 0.
// Not here: the choice (executor_roll.h). Next: roll_side.h.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "backend/executor_roll.h"
#include "backend/port/job.h"

namespace podramp::backend {

class ExecutorStats {
 public:
  void executor_added(TimeUs now, ExecutorId executor);
  void executor_removed(ExecutorId executor) { executors_.erase(executor); }
  // A task of an executor that is not known counts nowhere.
  void task_started(ExecutorId executor);
  // launched_us: when it was sent; its duration is what the driver saw.
  void task_ended(TimeUs now, ExecutorId executor, TimeUs launched_us, const TaskResult& result);
  void block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, std::int64_t disk_bytes);
  void peak_memory(ExecutorId executor, std::int64_t onheap_bytes, std::int64_t offheap_bytes);

  std::vector<ExecutorSummary> summaries() const;  // of the executors that are there, by id

 private:
  struct Entry {
    ExecutorSummary summary;
    DurationUs duration_us = 0;
    DurationUs gc_us = 0;
    std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> disk;  // bytes by (rdd, split)
  };
  Entry* find(ExecutorId executor);

  std::map<ExecutorId, Entry> executors_;
};

}  // namespace podramp::backend
