// Where the output of every shuffle map task lies, as the driver knows it (Spark's MapOutputTrackerMaster). A map stage
// is its shuffle's name. Who unregisters what on a loss is stage_scheduler.h's business.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/port/ids.h"

namespace podramp::backend {

struct MapOutput {
  ExecutorId executor = 0;  // 0: nowhere
  std::string host;         // of the executor, or of the shuffle service that serves it
  std::int64_t bytes = 0;
};

class ShuffleRegistry {
 public:
  void add(StageId stage, std::int64_t maps) { outputs_[stage].resize(static_cast<std::size_t>(maps)); }
  bool contains(StageId stage) const { return outputs_.contains(stage); }

  void put(StageId stage, int map, MapOutput output);
  // Only if it lies on this executor, as Spark compares the address.
  void drop(StageId stage, int map, ExecutorId executor);
  // All that lies on an executor, or on a host; how many were dropped. Raises the epoch in any case.
  std::int64_t drop_executor(ExecutorId executor);
  std::int64_t drop_host(const std::string& host);
  // A decommissioning executor's block has moved (block migration). False when the output is not known.
  bool move(StageId stage, int map, ExecutorId to, const std::string& host);

  std::int64_t available(StageId stage) const;
  // Map tasks that have to run (again), in order.
  std::vector<int> missing(StageId stage) const;
  const MapOutput* find(StageId stage, int map) const;
  // Hosts that hold at least a fifth of a shuffle's bytes, by executor: where its readers like to run. Readers share
  // every map output evenly here, so all of them prefer the same (spark.shuffle.reduceLocality.enabled).
  std::vector<std::string> large_holders(StageId stage) const;

  std::int64_t epoch() const { return epoch_; }
  void next_epoch() { ++epoch_; }

 private:
  template <class Where>
  std::int64_t drop_where(Where&& where);

  std::map<StageId, std::vector<MapOutput>> outputs_;
  std::int64_t epoch_ = 0;
};

}  // namespace podramp::backend
