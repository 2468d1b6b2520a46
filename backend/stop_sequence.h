// What a driver deletes when it stops, in Spark's order, each step isolated: a failure is logged and the next one
// follows (02 4.2, SPARK-34407). Not here: what is stopped before and after (spark_driver.cpp).
#pragma once

#include <string>
#include <vector>

#include "backend/api_calls.h"
#include "backend/driver.h"

namespace podramp::backend {

struct StopStep {
  std::string what;  // "the executors", for the log
  ApiRequest request;
};

// The services, claims and executor config maps by the conf, and what the allocator itself deletes.
std::vector<StopStep> stop_steps(const Application& application, std::vector<ApiRequest> by_allocator);

class StopSequence {
 public:
  // calls must outlive this; they are made as CallOwner::stop.
  explicit StopSequence(ApiCalls& calls) : calls_(calls) {}

  // True: there is nothing (more) to delete.
  bool begin(std::vector<StopStep> steps, Outbox& out);
  bool on_reply(const ApiReply& reply, Outbox& out);

 private:
  bool next(Outbox& out);

  ApiCalls& calls_;
  std::vector<StopStep> steps_;
  std::size_t at_ = 0;
};

}  // namespace podramp::backend
