// Profiles as files that a user can copy: the defaults of one Kubernetes version or installation, settings and latency
// models, each latency with its source. `"kubernetes": {"profile": "mine.json"}` reads one beside the scenario; what
// the scenario itself says wins.
#pragma once

#include <string>

#include "sim/scenario_read.h"

namespace podramp::sim {

inline constexpr std::string_view kProfileSchema = "podramp/profile-v1";

// Puts the members of a profile file that the scenario names into its text, below what is there.
void load_profile_file(ReadState& state, JsonValue& root, const ReadFile& read_file);

// The file of a built-in profile (scenarios/profiles/NAME.json); name must be one (fakeapi/config.h).
std::string profile_document(std::string_view name);

}  // namespace podramp::sim
