#include "sim/calibration_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/scenario_profile.h"
#include "sim/scenario_write.h"

namespace podramp::sim {

std::string calibrated_profile(const Calibration& calibration, const std::string& base, std::size_t logs) {
  nlohmann::ordered_json root{{"schema", std::string(kProfileSchema)}};
  std::string about =
      fmt::format("Latencies from {} log{} by podramp calibrate, the rest as in {}.", logs, logs == 1 ? "" : "s", base);
  for (const LatencyFit& fit : calibration.fits) {
    about += fmt::format(" {}: {} samples, off by {} %.", fit.name, fit.samples, (fit.error_permille + 5) / 10);
  }
  root["about"] = about;
  root["kubernetes"] = {{"profile", base}};
  for (const LatencyFit& fit : calibration.fits) root["latency"][fit.name] = latency_model_json(fit.model);
  return root.dump(2) + "\n";
}

std::string calibration_json(const Calibration& calibration) {
  nlohmann::ordered_json root{{"fits", nlohmann::ordered_json::array()}, {"left", calibration.left}};
  for (const LatencyFit& fit : calibration.fits) {
    root["fits"].push_back({{"latency", fit.name},
                            {"measured", fit.from},
                            {"samples", fit.samples},
                            {"model", latency_model_json(fit.model)},
                            {"error_permille", fit.error_permille},
                            {"p50_us", fit.p50_us},
                            {"p95_us", fit.p95_us},
                            {"model_p50_us", fit.model_p50_us},
                            {"model_p95_us", fit.model_p95_us}});
  }
  return root.dump(2) + "\n";
}

}  // namespace podramp::sim
