// The start of a driver up to its allocator (02 1.2 step 1): look up the driver pod, and wait a while for it to be
// Ready. Not here: what is started then (spark_driver.cpp).
#pragma once

#include <optional>
#include <string>

#include "backend/api_calls.h"

namespace podramp::backend {

class DriverStart {
 public:
  enum class Outcome : std::uint8_t { waiting, done, failed };

  // pod_name: "" when no driver pod is configured; then the start is done at once. calls must outlive this; they are
  // made as CallOwner::driver.
  DriverStart(std::string pod_name, std::string ns, DurationUs readiness_timeout_us, ApiCalls& calls)
      : pod_name_(std::move(pod_name)), ns_(std::move(ns)), timeout_us_(readiness_timeout_us), calls_(calls) {}

  Outcome begin(Outbox& out);
  Outcome on_reply(TimeUs now, const Completed& completed, Outbox& out);
  // Events of the watch on the driver pod; others are not looked at.
  Outcome on_events(const in::Watched& watched, Outbox& out);
  // The wait for readiness is over; going on without it is no error.
  Outcome on_timeout(Outbox& out);
  // Whatever is under way is given up.
  void cancel(Outbox& out);

  const PodPtr& driver_pod() const { return driver_pod_; }  // null when none is configured
  const std::string& failure() const { return failure_; }   // why the driver must exit

 private:
  Outcome finish(Outbox& out);

  std::string pod_name_;
  std::string ns_;
  DurationUs timeout_us_;
  ApiCalls& calls_;
  PodPtr driver_pod_;
  std::optional<CallId> watch_;
  bool timer_armed_ = false;
  bool done_ = false;
  std::string failure_;
};

}  // namespace podramp::backend
