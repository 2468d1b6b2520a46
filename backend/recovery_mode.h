// Recovery mode (02 4.2, from spark-4.2): after the first executor lost to an OOM, executors built later run one task
// at a time: SPARK_EXECUTOR_CORES becomes spark.task.cpus, requests and limits stay. There is no way back.
#pragma once

#include <cstdint>
#include <map>

#include "backend/conf.h"
#include "backend/port/kube.h"

namespace podramp::backend {

class RecoveryMode {
 public:
  // allocation.recoveryMode.enabled: unset is armed, true on from the start, false never. Below spark-4.2: never.
  explicit RecoveryMode(const Conf& conf);

  // An executor was removed with a loss message that speaks of an OOM.
  void on_oom() {
    if (state_ == State::armed) state_ = State::on;
  }
  bool on() const { return state_ == State::on; }
  // The executor's pod as it is to be created.
  PodPtr applied(const PodPtr& pod);

 private:
  enum class State : std::uint8_t { never, armed, on };
  State state_ = State::never;
  std::int64_t cores_;
  std::map<std::uint64_t, TemplatePtr> templates_;  // by the hash of the one they stand for
};

}  // namespace podramp::backend
