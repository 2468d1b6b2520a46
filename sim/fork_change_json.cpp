// A fork's change as entries of the timeline of its log's scenario (declared in fork_point.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/fork_point.h"

namespace podramp::sim {

Result<std::string> changed_scenario(const ForkPoint& point, const ForkChange& change) {
  using Json = nlohmann::ordered_json;
  Json scenario = Json::parse(point.header.scenario_json);
  scenario["seed"] = point.header.seed;
  Json& timeline = scenario["timeline"];
  const std::string when = fmt::format("{}us", point.change_us());
  if (!change.conf.empty()) {
    for (const std::string& name : change.applications) {
      timeline.push_back({{"at", when}, {"do", "set_conf"}, {"application", name}, {"conf", change.conf}});
    }
  }
  for (const std::string& text : change.entries) {
    Json entry = Json::parse(text, nullptr, false);
    if (!entry.is_object()) return tl::unexpected(Error{fmt::format("--do {}: is no JSON object", text)});
    if (entry.contains("at")) return tl::unexpected(Error{fmt::format("--do {}: has an \"at\"; --at says it", text)});
    entry["at"] = when;
    timeline.push_back(std::move(entry));
  }
  return scenario.dump();
}

}  // namespace podramp::sim
