// Reads and writes "processes": what `podramp serve --kubelet process` runs on this machine (process_spec.h).
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {

void read_processes(ReadState& state, ObjectReader& top) {
  top.each_item("processes", [&](const JsonValue& item, const std::string& path) {
    ObjectReader reader(state.reading, item, path);
    ProcessSpec& spec = state.scenario.processes.emplace_back();
    reader.require("image", spec.image, as_image);
    spec.args = reader.texts("args");
    spec.entrypoint = reader.texts("entrypoint");
    for (auto& [name, value] : reader.text_members("env")) spec.env[name] = value;
    spec.pass_env = reader.texts("pass_env");
    reader.finish();
  });
}

nlohmann::ordered_json processes_json(const std::vector<ProcessSpec>& processes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ProcessSpec& spec : processes) {
    nlohmann::ordered_json object{{"image", spec.image}};
    if (!spec.args.empty()) object["args"] = spec.args;
    if (!spec.entrypoint.empty()) object["entrypoint"] = spec.entrypoint;
    for (const auto& [name, value] : spec.env) object["env"][name] = value;
    if (!spec.pass_env.empty()) object["pass_env"] = spec.pass_env;
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace podramp::sim
