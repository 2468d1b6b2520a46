// Where two runs' drivers begin to decide differently. Decisions are the log's out.* events of all applications, in
// their order; they are the same when all of their lines are but numbering and time.
#pragma once

#include <optional>
#include <string>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::sim {

struct LoggedDecision {
  int line = 0;  // of its log, from 1
  TimeUs t = 0;
  std::string by;
  std::string what;  // "out.called create etl-exec-6"
  std::string text;  // the line
};

struct FirstDecision {
  int same = 0;                     // decisions before it
  std::optional<LoggedDecision> a;  // absent where a log has no more
  std::optional<LoggedDecision> b;
  bool differs() const { return a.has_value() || b.has_value(); }
};

// a, b: results folders or logs. Errors: one cannot be read.
Result<FirstDecision> first_different_decision(const std::string& a, const std::string& b);
// "etl out.called create etl-exec-6 at 1.204s (line 158)", or "(no more)".
std::string decision_text(const std::optional<LoggedDecision>& decision);

}  // namespace podramp::sim
