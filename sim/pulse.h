// Watches the log for signs of life: anything but timers, polls and their answers. The kernel ends a run by it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "backend/port/event.h"

namespace podramp::sim {

class Pulse : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override;
  TimeUs last_us() const { return last_us_; }

 private:
  TimeUs last_us_ = 0;
  std::set<std::pair<std::string, std::uint64_t>, std::less<>> polls_;  // (session, call) under way
};

}  // namespace podramp::sim
