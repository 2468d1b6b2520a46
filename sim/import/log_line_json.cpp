// The prefixes of log4j's usual patterns, and structured logging (log_line.h).
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "backend/port/wall_time.h"
#include "sim/import/json_fields.h"
#include "sim/import/log_line.h"

namespace podramp::sim {
namespace {

constexpr std::array<std::string_view, 6> kLevels{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

constexpr std::string_view kNoDate = "1970-01-01";  // of a pattern that has the time of day alone

std::string_view first_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// "26/11/27" "13:06:13" or "2026-11-27" "13:06:13,250": without a zone, taken as UTC.
std::optional<std::int64_t> time_of(std::string_view date, std::string_view clock) {
  std::string text;
  if (date.size() == 8 && date[2] == '/' && date[5] == '/') {
    text = fmt::format("20{}-{}-{}", date.substr(0, 2), date.substr(3, 2), date.substr(6, 2));
  } else if (date.size() == 10) {
    text = std::string(date);
    for (char& c : text) c = c == '/' ? '-' : c;
  } else {
    return std::nullopt;
  }
  text += fmt::format("T{}Z", clock);
  for (char& c : text) c = c == ',' ? '.' : c;
  return parse_wall_time(text, WallZero{0});
}

std::string short_name(std::string_view logger) {
  return std::string(logger.substr(logger.rfind('.') + 1));  // no dot: npos + 1 is 0
}

std::optional<LogLine> structured(std::string_view line) {
  const auto object = nlohmann::json::parse(line, nullptr, false);
  const auto at = parse_wall_time(text_of(object, "ts"), WallZero{0});
  if (!at) return std::nullopt;
  return LogLine{*at, short_name(text_of(object, "logger")), text_of(object, "msg")};
}

}  // namespace

std::optional<LogLine> read_log_line(std::string_view line) {
  std::string_view rest = line;
  const std::string_view first = first_word(rest);
  std::optional<std::int64_t> at = parse_wall_time(first, WallZero{0});
  if (at) {
    line = rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
  } else if (first.starts_with('{')) {
    return structured(line);
  }
  if (line.starts_with('{')) {
    auto inner = structured(line);
    if (inner) inner->unix_us = *at;
    return inner;
  }
  rest = line;
  const std::string_view date = first_word(rest);
  auto written = time_of(kNoDate, date);
  if (!written) written = time_of(date, first_word(rest));
  if (written && !at) at = written;
  if (!at) return std::nullopt;
  if (!written) rest = line;
  // What stands before the message: the level, perhaps a thread in brackets, the class and a colon.
  const std::string_view level = first_word(rest);
  if (std::ranges::find(kLevels, level) == kLevels.end()) return std::nullopt;
  const std::size_t colon = rest.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view head = rest.substr(0, colon);
  const std::size_t space = head.find_last_of(" \t]");
  return LogLine{*at, short_name(space == std::string_view::npos ? head : head.substr(space + 1)),
                 std::string(rest.substr(colon + 2))};
}

}  // namespace podramp::sim
