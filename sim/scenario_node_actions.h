// What the timeline does to nodes beside taking their power: taints, cordon, drain, shutdown, spot notices, pressure;
// and the OOM killer. Reader and writer. docs/scenario-format.md, "timeline".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "sim/scenario_read.h"

namespace podramp::sim {

// Reads one entry; false: the action is none of these.
bool read_node_action(ReadState& state, ObjectReader& reader, TimeUs at, std::string_view action);

nlohmann::ordered_json write_node_action(const fakeapi::to::TaintNodes& action);
nlohmann::ordered_json write_node_action(const fakeapi::to::CordonNodes& action);
nlohmann::ordered_json write_node_action(const fakeapi::to::DrainNodes& action);
nlohmann::ordered_json write_node_action(const fakeapi::to::ShutdownNodes& action);
nlohmann::ordered_json write_node_action(const fakeapi::to::NodePressure& action);
nlohmann::ordered_json write_node_action(const fakeapi::to::OomKill& action);

}  // namespace podramp::sim
