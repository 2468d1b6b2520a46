#include "sim/fork_point.h"

#include <fmt/format.h>

#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

// The next event up to this time, as its line; "" after the last one.
Result<std::string> next_line(LogReader& log, TimeUs until) {
  auto event = log.next();
  if (!event) return tl::unexpected(event.error());
  return *event && (*event)->t <= until ? log.line() : std::string();
}

}  // namespace

Result<ForkPoint> find_fork_point(const std::string& log, std::optional<TimeUs> at, std::optional<Seq> event) {
  auto reader = LogReader::open(log);
  if (!reader) return tl::unexpected(reader.error());
  ForkPoint point;
  point.header = reader->header();
  if (point.header.live) {
    return tl::unexpected(Error{fmt::format(
        "{}: is the log of a live run, whose cluster cannot be run again; simulate its scenario and fork that", log)});
  }
  bool found = at.has_value();
  point.t = at.value_or(0);
  TimeUs end_us = 0;
  for (;;) {
    auto next = reader->next();
    if (!next) return tl::unexpected(next.error());
    if (!*next) break;
    end_us = (*next)->t;
    if (event && (*next)->seq == *event) {
      found = true;
      point.t = end_us;
    }
    if (found && end_us > point.t) break;
    point.last = (*next)->seq;
    ++point.events;
  }
  if (!found) {
    return tl::unexpected(Error{fmt::format("{}: has no event {}; its last one is {}", log, *event, point.last)});
  }
  if (end_us < point.t) {
    return tl::unexpected(
        Error{fmt::format("{}: ends at {}, before {}", log, format_time(end_us), format_time(point.t))});
  }
  return point;
}

Result<void> same_until(const std::string& log, const std::string& fork, TimeUs until) {
  auto before = LogReader::open(log);
  if (!before) return tl::unexpected(before.error());
  auto after = LogReader::open(fork);
  if (!after) return tl::unexpected(after.error());
  for (;;) {
    const auto theirs = next_line(*before, until);
    if (!theirs) return tl::unexpected(theirs.error());
    const auto ours = next_line(*after, until);
    if (!ours) return tl::unexpected(ours.error());
    if (*theirs != *ours) {
      return tl::unexpected(Error{fmt::format(
          "{}:{}: cannot be forked: run again, its scenario gives another event here. It was written by another "
          "version of podramp, or clients of a served cluster had a part in it.\nlog    {}\nagain  {}",
          log, before->line_number(), theirs->empty() ? "(nothing)" : *theirs, ours->empty() ? "(nothing)" : *ours)});
    }
    if (theirs->empty()) return {};
  }
}

}  // namespace podramp::sim
