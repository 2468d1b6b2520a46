// Time as the whole project counts it: signed 64-bit microseconds since the start of the run.
// Not a clock: nothing here reads one. Kubernetes' whole-second timestamps come from whole_second().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/status.h"

namespace podramp {

using TimeUs = std::int64_t;      // an instant: microseconds since run start
using DurationUs = std::int64_t;  // a length: microseconds

inline constexpr DurationUs kMillisecondUs = 1'000;
inline constexpr DurationUs kSecondUs = 1'000'000;
inline constexpr DurationUs kMinuteUs = 60 * kSecondUs;
inline constexpr DurationUs kHourUs = 3'600 * kSecondUs;
inline constexpr TimeUs kNever = INT64_MAX;

// "250ms", "5s", "2m", "2min", "1h", "1d", "10us". A unit is required, a fraction is not allowed, the
// value is >= 0 and fits. The error says what was expected.
Result<DurationUs> parse_duration(std::string_view text);

// For people: "12.345s", "2m05.000s", "1h02m03.000s"; kNever is "never".
std::string format_time(TimeUs t);

// The instant truncated to its second, as Kubernetes stores creationTimestamp (K3). Run start is a whole second.
constexpr TimeUs whole_second(TimeUs t) {
  const TimeUs rest = t % kSecondUs;
  return t - (rest < 0 ? rest + kSecondUs : rest);
}

// The next multiple of period, t itself if it is one. t >= 0, period > 0.
constexpr TimeUs round_up(TimeUs t, DurationUs period) { return (t + period - 1) / period * period; }

}  // namespace podramp
