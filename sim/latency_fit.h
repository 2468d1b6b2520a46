// Latency models that fit what was observed: podramp calibrate. Where a cluster shows only the sum of several delays,
// the part that is named gets what the medians of the others leave (docs/calibrate.md). Integers alone.
#pragma once

#include <string>
#include <vector>

#include "fakeapi/latency.h"
#include "sim/observed_pods.h"

namespace podramp::sim {

struct LatencyFit {
  std::string name;  // of the latency: "write", "bind", ...
  std::string from;  // what was measured
  std::size_t samples = 0;
  fakeapi::LatencyModel model;
  std::int64_t error_permille = 0;  // the largest distance of the two distributions (Kolmogorov-Smirnov)
  DurationUs p50_us = 0;            // of the observed; the model's beside it
  DurationUs p95_us = 0;
  DurationUs model_p50_us = 0;
  DurationUs model_p95_us = 0;
};

// A lognormal model where one fits within a tenth (KS), else a table of quantiles. samples: not empty.
LatencyFit fit_latency(std::string name, std::string from, std::vector<DurationUs> samples);

struct Calibration {
  std::vector<LatencyFit> fits;
  std::vector<std::string> left;  // what there was too little of, a sentence each
};

inline constexpr std::size_t kFitSamplesMin = 5;

// base: the models of what is not measured by itself. live: registration follows from readiness there, and says nothing
// of JVMs.
Calibration calibrate(const Observed& observed, const fakeapi::Latencies& base, bool live);

}  // namespace podramp::sim
