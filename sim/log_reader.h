// Reads a log line by line: header, events in order, footer if there is one. A log that was cut anywhere is readable
// up to its last whole line; what follows is reported, not an error.
#pragma once

#include <fstream>
#include <optional>
#include <string>

#include "backend/port/event_json.h"
#include "backend/live/event_log.h"

namespace podramp::sim {

class LogReader {
 public:
  // Opens and reads the header. Errors: cannot be opened, not a log, a schema newer than this program.
  static Result<LogReader> open(const std::string& path);

  const LogHeader& header() const { return header_; }
  // The next event, nullopt at the end of the log. An Error names file and line.
  Result<std::optional<Event>> next();
  // The line that next() has just returned, without its newline; and its number from 1.
  const std::string& line() const { return line_; }
  int line_number() const { return line_number_; }

  // After the end: the footer, if the log was finished; and the bytes of a torn last line.
  const std::optional<LogFooter>& footer() const { return footer_; }
  std::size_t torn_bytes() const { return torn_bytes_; }

 private:
  LogReader() = default;
  bool read_line();  // false at the end or at a torn line
  Error at_line(const std::string& why) const;

  std::string path_;
  std::ifstream file_;
  std::string line_;
  int line_number_ = 0;
  std::size_t torn_bytes_ = 0;
  LogHeader header_;
  std::optional<LogFooter> footer_;
  EventReader events_;
};

}  // namespace podramp::sim
