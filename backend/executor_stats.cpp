#include "backend/executor_stats.h"

#include <algorithm>

namespace podramp::backend {

ExecutorStats::Entry* ExecutorStats::find(ExecutorId executor) {
  const auto it = executors_.find(executor);
  return it == executors_.end() ? nullptr : &it->second;
}

void ExecutorStats::executor_added(TimeUs now, ExecutorId executor) {
  Entry& entry = executors_[executor];
  entry.summary.executor = executor;
  entry.summary.added_us = now;
}

void ExecutorStats::task_started(ExecutorId executor) {
  if (Entry* entry = find(executor)) ++entry->summary.total_tasks;
}

void ExecutorStats::task_ended(TimeUs now, ExecutorId executor, TimeUs launched_us, const TaskResult& result) {
  Entry* entry = find(executor);
  if (entry == nullptr) return;
  ExecutorSummary& summary = entry->summary;
  if (result.end != TaskEnd::success && result.end != TaskEnd::killed) ++summary.failed_tasks;
  entry->duration_us += now - launched_us;
  entry->gc_us += result.gc_us;
  summary.total_duration_ms = entry->duration_us / kMillisecondUs;
  summary.total_gc_ms = entry->gc_us / kMillisecondUs;
  summary.shuffle_write_bytes += result.shuffle_write_bytes;
}

void ExecutorStats::block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, std::int64_t disk_bytes) {
  Entry* entry = find(executor);
  if (entry == nullptr) return;
  std::int64_t& stored = entry->disk[{rdd, split}];
  entry->summary.disk_used_bytes += disk_bytes - stored;
  stored = disk_bytes;
  if (stored == 0) entry->disk.erase({rdd, split});
}

void ExecutorStats::peak_memory(ExecutorId executor, std::int64_t onheap_bytes, std::int64_t offheap_bytes) {
  Entry* entry = find(executor);
  if (entry == nullptr) return;
  entry->summary.peak_onheap_bytes = std::max(entry->summary.peak_onheap_bytes, onheap_bytes);
  entry->summary.peak_offheap_bytes = std::max(entry->summary.peak_offheap_bytes, offheap_bytes);
}

std::vector<ExecutorSummary> ExecutorStats::summaries() const {
  std::vector<ExecutorSummary> all;
  all.reserve(executors_.size());
  for (const auto& [id, entry] : executors_) all.push_back(entry.summary);
  return all;
}

}  // namespace podramp::backend
