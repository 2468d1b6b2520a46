// A line of a Spark driver's log: log4j's text with any of the usual times in front, or structured logging's JSON.
// Not here: what messages mean (driver_log.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/port/time.h"

namespace podramp::sim {

struct LogLine {
  std::int64_t unix_us = 0;
  std::string source;  // the class, without its package: "ExecutorPodsAllocator"
  std::string message;
};

// "26/11/27 13:06:13 INFO Class: text", "2026-11-27 13:06:13,250 INFO [thread] Class: text", "13:06:13.250 INFO Class:
// text" (on the first of January 1970), an RFC 3339 time in front (kubectl logs --timestamps), {"ts": ..., "msg": ...,
// "logger": ...}. Nothing for lines without a time, such as those of a stack trace.
std::optional<LogLine> read_log_line(std::string_view line);

}  // namespace podramp::sim
