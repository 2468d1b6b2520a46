#include "backend/port/wall_time.h"

#include <fmt/format.h>

#include <charconv>

namespace podramp {
namespace {

constexpr std::int64_t kDayS = 86'400;

struct Day {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
};

// Days since 1970-01-01 of the proleptic Gregorian calendar; its years begin in March, so that leap days come last.
std::int64_t days_of(const Day& date) {
  const std::int64_t year = date.month > 2 ? date.year : date.year - 1;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

Day date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day = days - era * 146'097;
  const std::int64_t year = (day - day / 1460 + day / 36'524 - day / 146'096) / 365;
  const std::int64_t of_year = day - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;
  Day date;
  date.day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string format_seconds(std::int64_t unix_s) {
  const std::int64_t days = floor_div(unix_s, kDayS);
  const std::int64_t rest = unix_s - days * kDayS;
  const Day date = date_of(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day, rest / 3600,
                     rest / 60 % 60, rest % 60);
}

// Reads a text from its front; anything unexpected makes it bad for good.
class DateText {
 public:
  explicit DateText(std::string_view text) : text_(text) {}

  std::int64_t number(std::size_t digits, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    if (text_.size() < digits) return fail();
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + digits, value);
    if (code != std::errc{} || end != text_.data() + digits || value < low || value > high) return fail();
    text_.remove_prefix(digits);
    return value;
  }
  char one_of(std::string_view characters) {
    if (text_.empty() || characters.find(text_.front()) == std::string_view::npos) return static_cast<char>(fail());
    const char found = text_.front();
    text_.remove_prefix(1);
    return found;
  }
  // ".25" as microseconds; further digits are cut. 0 when there is no fraction.
  std::int64_t fraction() {
    if (!text_.starts_with('.')) return 0;
    std::int64_t micros = 0;
    std::size_t digits = 0;
    for (text_.remove_prefix(1); !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; ++digits) {
      if (digits < 6) micros = micros * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    return digits == 0 ? fail() : micros;
  }
  bool is_read() const { return !bad_ && text_.empty(); }

 private:
  int fail() {
    bad_ = true;
    return 1;
  }
  std::string_view text_;
  bool bad_ = false;
};

}  // namespace

std::string format_wall_time(TimeUs t, WallZero zero) {
  return format_seconds(zero.unix_s + floor_div(t, kSecondUs)) + "Z";
}

std::string format_wall_micros(TimeUs t, WallZero zero) {
  const std::int64_t seconds = floor_div(t, kSecondUs);
  return fmt::format("{}.{:06}Z", format_seconds(zero.unix_s + seconds), t - seconds * kSecondUs);
}

std::optional<TimeUs> parse_wall_time(std::string_view text, WallZero zero) {
  DateText in(text);
  Day date;
  date.year = in.number(4, 1, 9999);
  in.one_of("-");
  date.month = static_cast<int>(in.number(2, 1, 12));
  in.one_of("-");
  date.day = static_cast<int>(in.number(2, 1, 31));
  in.one_of("Tt");
  std::int64_t seconds = in.number(2, 0, 23) * 3600;
  in.one_of(":");
  seconds += in.number(2, 0, 59) * 60;
  in.one_of(":");
  seconds += in.number(2, 0, 60);
  const std::int64_t micros = in.fraction();
  const char zone = in.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    std::int64_t offset = in.number(2, 0, 23) * 3600;
    in.one_of(":");
    offset += in.number(2, 0, 59) * 60;
    seconds -= zone == '+' ? offset : -offset;
  }
  if (!in.is_read()) return std::nullopt;
  const std::int64_t days = days_of(date);
  const Day back = date_of(days);
  if (back.day != date.day) return std::nullopt;  // February 30
  return (days * kDayS + seconds - zero.unix_s) * kSecondUs + micros;
}

}  // namespace podramp
