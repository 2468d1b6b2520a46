#include "backend/port/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace podramp {

Result<DurationUs> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, DurationUs>, 7> kUnits{{{"us", 1},
                                                                                  {"ms", kMillisecondUs},
                                                                                  {"s", kSecondUs},
                                                                                  {"m", kMinuteUs},
                                                                                  {"min", kMinuteUs},
                                                                                  {"h", kHourUs},
                                                                                  {"d", 24 * kHourUs}}};
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(
        Error{fmt::format("\"{}\" is not a duration: {} (write \"250ms\", \"5s\", \"2m\" or \"1h\")", text, why)});
  };
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc::result_out_of_range) return fail("the number is too large");
  if (code != std::errc{}) return fail("it must start with a whole number");
  if (value < 0) return fail("it must not be negative");
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty()) return fail("the unit is missing");
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    if (value > (kNever - 1) / factor) return fail("it is too long");
    return value * factor;
  }
  return fail(fmt::format("the unit \"{}\" is unknown", unit));
}

std::string format_time(TimeUs t) {
  if (t == kNever) return "never";
  if (t < 0) return "-" + format_time(-t);
  const auto ms = t / kMillisecondUs;
  const auto s = ms / 1000;
  if (s < 60) return fmt::format("{}.{:03}s", s, ms % 1000);
  if (s < 3600) return fmt::format("{}m{:02}.{:03}s", s / 60, s % 60, ms % 1000);
  return fmt::format("{}h{:02}m{:02}.{:03}s", s / 3600, s / 60 % 60, s % 60, ms % 1000);
}

}  // namespace podramp
