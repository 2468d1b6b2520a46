// What `podramp calibrate` writes: a profile (scenario_profile.h) and, with --json, the fits.
#pragma once

#include <string>

#include "sim/latency_fit.h"

namespace podramp::sim {

std::string calibrated_profile(const Calibration& calibration, const std::string& base, std::size_t logs);
std::string calibration_json(const Calibration& calibration);

}  // namespace podramp::sim
