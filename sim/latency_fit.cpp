#include "sim/latency_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace podramp::sim {
namespace {

using fakeapi::Latencies;
using fakeapi::LatencyKind;
using fakeapi::LatencyModel;

constexpr std::int64_t kFineEnoughPermille = 100;
constexpr std::size_t kModelDraws = 4001;

DurationUs quantile(const std::vector<DurationUs>& sorted, int permille) {
  return sorted[(sorted.size() - 1) * static_cast<std::size_t>(permille) / 1000];
}

// What the model gives, sorted: of the same draws whenever it is asked.
std::vector<DurationUs> drawn(const LatencyModel& model) {
  std::vector<DurationUs> values;
  for (std::size_t i = 0; i < kModelDraws; ++i) values.push_back(model.sample(Draw(1, "calibrate", "model", i)));
  std::ranges::sort(values);
  return values;
}

// The largest distance between the two empirical distribution functions, in thousandths.
std::int64_t distance_permille(const std::vector<DurationUs>& a, const std::vector<DurationUs>& b) {
  std::int64_t most = 0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const DurationUs at = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= at) ++i;
    while (j < b.size() && b[j] <= at) ++j;
    const auto share = [](std::size_t n, std::size_t of) { return static_cast<std::int64_t>(n * 1000 / of); };
    most = std::max(most, std::abs(share(i, a.size()) - share(j, b.size())));
  }
  return most;
}

// The median, and sigma from the quantiles that lie one sigma to either side of it.
LatencyModel lognormal_of(const std::vector<DurationUs>& sorted) {
  const DurationUs median = std::max<DurationUs>(1, quantile(sorted, 500));
  const double low = static_cast<double>(std::max<DurationUs>(1, quantile(sorted, 159)));
  const double high = static_cast<double>(std::max<DurationUs>(1, quantile(sorted, 841)));
  return LatencyModel::lognormal(median, std::llround(std::log(high / low) / 2 * 1000));
}

LatencyModel table_of(const std::vector<DurationUs>& sorted) {
  LatencyModel model;
  model.kind = LatencyKind::quantiles;
  for (const int permille : {0, 50, 100, 250, 500, 750, 900, 950, 990, 1000}) {
    model.points.emplace_back(permille, quantile(sorted, permille));
  }
  return model;
}

DurationUs median(const LatencyModel& model) { return quantile(drawn(model), 500); }

std::vector<DurationUs> less(const std::vector<DurationUs>& samples, DurationUs by) {
  std::vector<DurationUs> left;
  for (const DurationUs sample : samples) left.push_back(std::max<DurationUs>(0, sample - by));
  return left;
}

}  // namespace

LatencyFit fit_latency(std::string name, std::string from, std::vector<DurationUs> samples) {
  std::ranges::sort(samples);
  LatencyFit fit;
  fit.name = std::move(name);
  fit.from = std::move(from);
  fit.samples = samples.size();
  fit.p50_us = quantile(samples, 500);
  fit.p95_us = quantile(samples, 950);
  fit.model = lognormal_of(samples);
  std::vector<DurationUs> values = drawn(fit.model);
  fit.error_permille = distance_permille(samples, values);
  if (fit.error_permille > kFineEnoughPermille) {
    fit.model = table_of(samples);
    values = drawn(fit.model);
    fit.error_permille = distance_permille(samples, values);
  }
  fit.model_p50_us = quantile(values, 500);
  fit.model_p95_us = quantile(values, 950);
  return fit;
}

Calibration calibrate(const Observed& observed, const Latencies& base, bool live) {
  Calibration result;
  const DurationUs travel = median(base.request) + median(base.reply);
  const auto add = [&](const std::string& name, const std::string& from, const std::vector<DurationUs>& samples,
                       DurationUs others) {
    if (samples.size() < kFitSamplesMin) {
      result.left.push_back(fmt::format("{}: {} of {}, {} are needed", name, samples.size(), from, kFitSamplesMin));
    } else {
      result.fits.push_back(fit_latency(name, from, less(samples, others)));
    }
  };
  const DurationUs watch = median(base.watch);
  const DurationUs told = median(base.status) + watch;  // from what a kubelet does until a driver sees it
  add("write", "round trips of writes", observed.writes, travel);
  add("read", "round trips of reads", observed.reads, travel);
  add("bind", "answered creates to bound", observed.bound, median(base.schedule) + watch - median(base.reply));
  add("start", "bound to Running", observed.running, median(base.kubelet) + median(base.status));
  if (live) {
    result.left.emplace_back("jvm: a live run has no JVMs; its executors register when their pods are Ready");
  } else {
    // The JVM starts with its container, which the driver sees later.
    add("jvm", "Running to registered", less(observed.registered, -told), 0);
  }
  const DurationUs way = median(base.request) + median(base.write) + median(base.kubelet) + told;
  add("stop", "deletes of running pods until they are gone", observed.stopped, way);
  return result;
}

}  // namespace podramp::sim
