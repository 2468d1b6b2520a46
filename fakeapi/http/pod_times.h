// When pods were bound, started and ended, and how often they were started again: the store's objects do not say, its
// facts do by the time at which they stand in the log. Listens to the log; nothing is decided by it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "backend/port/event.h"
#include "backend/port/json_writer.h"

namespace podramp::fakeapi::rest {

struct PodTimes {
  TimeUs bound_us = 0;
  TimeUs started_us = 0;
  TimeUs ended_us = 0;
  int restarts = 0;
  TimeUs last_started_us = 0;  // of the run before, when there was one
  TimeUs last_ended_us = 0;
  int last_exit_code = 0;
  std::string last_reason{};
};

class PodTimeline final : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override;
  const PodTimes* find(std::string_view pod) const;  // "namespace/name"; null: nothing is known of it

 private:
  std::map<std::string, PodTimes, std::less<>> pods_;
};

}  // namespace podramp::fakeapi::rest
