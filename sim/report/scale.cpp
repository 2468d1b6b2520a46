#include "sim/report/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace podramp::sim {

std::vector<double> value_ticks(double highest, std::size_t wanted, double smallest) {
  double step = smallest;
  while (highest / step > static_cast<double>(wanted)) {
    const double power = std::pow(10.0, std::floor(std::log10(step * 1.0000001)));
    const double mantissa = step / power;
    step = power * (mantissa < 1.5 ? 2 : mantissa < 3.5 ? 5 : 10);
  }
  std::vector<double> ticks{0};
  for (int i = 1; ticks.back() < highest - step / 1000 || ticks.size() < 2; ++i) ticks.push_back(step * i);
  return ticks;
}

std::vector<TimeUs> time_ticks(TimeUs from_us, TimeUs to_us, std::size_t wanted) {
  static constexpr std::array kSteps{10 * kMillisecondUs,
                                     20 * kMillisecondUs,
                                     50 * kMillisecondUs,
                                     100 * kMillisecondUs,
                                     200 * kMillisecondUs,
                                     500 * kMillisecondUs,
                                     kSecondUs,
                                     2 * kSecondUs,
                                     5 * kSecondUs,
                                     10 * kSecondUs,
                                     20 * kSecondUs,
                                     30 * kSecondUs,
                                     kMinuteUs,
                                     2 * kMinuteUs,
                                     5 * kMinuteUs,
                                     10 * kMinuteUs,
                                     20 * kMinuteUs,
                                     30 * kMinuteUs,
                                     kHourUs,
                                     2 * kHourUs,
                                     4 * kHourUs,
                                     8 * kHourUs,
                                     24 * kHourUs,
                                     48 * kHourUs,
                                     168 * kHourUs};
  const auto fits = std::ranges::find_if(
      kSteps, [&](DurationUs step) { return (to_us - from_us) / step <= static_cast<TimeUs>(wanted); });
  const DurationUs step = fits == kSteps.end() ? (to_us - from_us) / static_cast<TimeUs>(wanted) : *fits;
  std::vector<TimeUs> ticks;
  for (TimeUs t = round_up(from_us, step); t <= to_us; t += step) ticks.push_back(t);
  return ticks;
}

std::string count_text(std::int64_t value) {
  std::string digits = fmt::format("{}", value < 0 ? -value : value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return value < 0 ? "-" + digits : digits;
}

std::string number_text(double value) {
  if (std::abs(value - std::round(value)) < 1e-9) return count_text(static_cast<std::int64_t>(std::llround(value)));
  return std::abs(value) >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string tick_text(TimeUs t) {
  if (t == 0) return "0";
  if (t % kSecondUs != 0) {
    return t < kSecondUs ? fmt::format("{}ms", t / kMillisecondUs)
                         : fmt::format("{:.2f}s", static_cast<double>(t) / static_cast<double>(kSecondUs));
  }
  const std::int64_t s = t / kSecondUs;
  if (s < 120) return fmt::format("{}s", s);
  std::string text = s >= 3600 ? fmt::format("{}h", s / 3600) : "";
  if (s / 60 % 60 != 0) text += fmt::format("{}m", s / 60 % 60);
  if (s % 60 != 0) text += fmt::format("{}s", s % 60);
  return text;
}

}  // namespace podramp::sim
