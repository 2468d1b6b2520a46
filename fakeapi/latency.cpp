#include "fakeapi/latency.h"

#include <algorithm>
#include <cmath>

#include "backend/port/status.h"

namespace podramp::fakeapi {
namespace {

DurationUs sample_lognormal(const LatencyModel& model, Draw& draw) {
  const double sigma = static_cast<double>(model.sigma_milli) / 1000.0;
  const double value = static_cast<double>(model.base_us) * std::exp(sigma * draw.normal());
  constexpr double kLongest = 1e15;  // 30 years: far below what 64 bits hold
  const auto us = static_cast<DurationUs>(std::llround(std::min(value, kLongest)));
  return model.high_us > 0 ? std::min(us, model.high_us) : us;
}

// Position in millionths of the distribution; the ends of the table are flat.
DurationUs sample_quantiles(const LatencyModel& model, Draw& draw) {
  CHECK(!model.points.empty());
  const std::int64_t position = draw.uniform(0, 999'999);
  const auto place = [](const std::pair<int, DurationUs>& point) { return std::int64_t{point.first} * 1000; };
  const auto above = std::ranges::find_if(model.points, [&](const auto& point) { return place(point) > position; });
  if (above == model.points.begin()) return above->second;
  const auto below = std::prev(above);
  if (above == model.points.end()) return below->second;
  return below->second + (above->second - below->second) * (position - place(*below)) / (place(*above) - place(*below));
}

DurationUs sample_exponential(const LatencyModel& model, Draw& draw) {
  constexpr std::int64_t kSteps = 1'000'000'000;
  const double u = static_cast<double>(draw.uniform(1, kSteps)) / static_cast<double>(kSteps);
  return static_cast<DurationUs>(std::llround(-static_cast<double>(model.base_us) * std::log(u)));
}

DurationUs sample_empirical(const LatencyModel& model, Draw& draw) {
  CHECK(!model.samples.empty());
  return model.samples[static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(model.samples.size()) - 1))];
}

}  // namespace

DurationUs LatencyModel::sample(Draw draw) const {
  DurationUs us = 0;
  switch (kind) {
    case LatencyKind::constant: us = base_us; break;
    case LatencyKind::lognormal: us = sample_lognormal(*this, draw); break;
    case LatencyKind::uniform: us = draw.uniform(base_us, std::max(base_us, high_us)); break;
    case LatencyKind::quantiles: us = sample_quantiles(*this, draw); break;
    case LatencyKind::exponential: us = sample_exponential(*this, draw); break;
    case LatencyKind::empirical: us = sample_empirical(*this, draw); break;
  }
  return std::max<DurationUs>(us, 0);
}

}  // namespace podramp::fakeapi
