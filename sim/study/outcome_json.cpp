// outcome.h with nlohmann/json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/study/outcome.h"

namespace podramp::sim {

std::string to_json_line(const RunKey& key, const Outcome& outcome) {
  nlohmann::ordered_json j;
  j["run"] = {key.variant, key.replicate};
  j["exit"] = outcome.exit;
  j["ended"] = outcome.ended;
  if (!outcome.error.empty()) j["error"] = outcome.error;
  j["t_ms"] = outcome.t_ms;
  j["events"] = outcome.events;
  j["fingerprint"] = outcome.fingerprint;
  j["kpis"] = outcome.kpis;
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::pair<RunKey, Outcome>> outcome_from_line(std::string_view line) {
  try {
    const auto j = nlohmann::json::parse(line);
    const RunKey key{j.at("run").at(0).get<std::size_t>(), j.at("run").at(1).get<std::int64_t>()};
    Outcome outcome;
    outcome.exit = j.at("exit").get<int>();
    outcome.ended = j.at("ended").get<std::string>();
    outcome.error = j.value("error", "");
    outcome.t_ms = j.at("t_ms").get<std::int64_t>();
    outcome.events = j.at("events").get<std::uint64_t>();
    outcome.fingerprint = j.at("fingerprint").get<std::string>();
    for (const auto& [name, value] : j.at("kpis").items()) outcome.kpis[name] = value.get<std::int64_t>();
    return std::pair(key, std::move(outcome));
  } catch (const nlohmann::json::exception& e) {
    return tl::unexpected(Error{fmt::format("not the outcome of a run: {}", e.what())});
  }
}

}  // namespace podramp::sim
