// Instants of a run as Kubernetes writes them (RFC 3339), and back. Not a clock: the run's zero is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backend/port/time.h"

namespace podramp {

// The Unix time, in whole seconds, at which a run's TimeUs is 0.
struct WallZero {
  std::int64_t unix_s = 1'767'225'600;  // 2026-01-01T00:00:00Z
  friend bool operator==(const WallZero&, const WallZero&) = default;
};

// "2026-01-01T00:00:07Z": metav1.Time has whole seconds.
std::string format_wall_time(TimeUs t, WallZero zero);
// "2026-01-01T00:00:07.250000Z": metav1.MicroTime, of leases and events.
std::string format_wall_micros(TimeUs t, WallZero zero);
// Any RFC 3339 date from year 1 to 9999, with or without a fraction, in any zone; nullopt for anything else.
std::optional<TimeUs> parse_wall_time(std::string_view text, WallZero zero);

}  // namespace podramp
