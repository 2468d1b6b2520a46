// Where a log is forked, and the proof that the fork has the log's past.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/live/event_log.h"
#include "backend/port/ids.h"
#include "backend/port/kube.h"
#include "backend/port/status.h"

namespace podramp::sim {

struct ForkPoint {
  LogHeader header;
  TimeUs t = 0;              // of the event
  Seq last = 0;              // the last event at that time or before
  std::uint64_t events = 0;  // so many, with it
  // An instant is done as one, so the change comes with the next microsecond.
  TimeUs change_us() const { return t + 1; }
};

// What is different from there on.
struct ForkChange {
  StringMap conf;                         // of each of these applications
  std::vector<std::string> applications;  // by name
  std::vector<std::string> entries;       // of the timeline, as JSON without "at"
};

// The log's scenario, as JSON, with the change as entries of its timeline. Errors: an entry that is no object or has
// an "at".
Result<std::string> changed_scenario(const ForkPoint& point, const ForkChange& change);

// By time or by event, exactly one of them. Errors: what the log's reader says; a live run's log, whose cluster cannot
// be run again; an event that the log does not have, or a time after its end.
Result<ForkPoint> find_fork_point(const std::string& log, std::optional<TimeUs> at, std::optional<Seq> event);

// The events of both logs up to this time are the same. Errors: the first line that differs, and why that may be.
Result<void> same_until(const std::string& log, const std::string& fork, TimeUs until);

}  // namespace podramp::sim
