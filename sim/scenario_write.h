// Parts of the scenario writer that stand beside their readers. Private to scenario_*.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/scenario.h"

namespace podramp::sim {

nlohmann::ordered_json profile_json(const backend::ResourceProfile& profile);

}  // namespace podramp::sim
