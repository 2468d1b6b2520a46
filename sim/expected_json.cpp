// expected.h with nlohmann/json: expected files are flattened and compared value by value.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/expected.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string path_of(const std::string& pointer) {
  std::string path = pointer.substr(pointer.empty() ? 0 : 1);
  std::ranges::replace(path, '/', '.');
  return path;
}

}  // namespace

std::string expected_path(const std::string& scenario_path) {
  const std::string stem = scenario_path.substr(0, scenario_path.rfind(".json"));
  return stem + ".expected.json";
}

std::string expected_text(const RunSummary& s) {
  Json j;
  j["ended"] = to_text(s.ending);
  j["t_ms"] = s.t / kMillisecondUs;
  j["kpis"] = Json(s.kpis);
  j["refusals"] = Json(s.refusals);
  j["events"] = s.footer.by_type;
  j["fingerprints"] = {{"decisions", s.footer.fingerprints.decisions}, {"world", s.footer.fingerprints.world}};
  return j.dump(2) + "\n";
}

Result<std::vector<std::string>> expected_differences(const std::string& expected, const std::string& actual) {
  std::vector<std::string> lines;
  try {
    const Json want = Json::parse(expected).flatten();
    const Json got = Json::parse(actual).flatten();
    for (const auto& [pointer, value] : want.items()) {
      if (!got.contains(pointer)) {
        lines.push_back(fmt::format("{}: expected {}, got nothing", path_of(pointer), value.dump()));
      } else if (got[pointer] != value) {
        lines.push_back(fmt::format("{}: expected {}, got {}", path_of(pointer), value.dump(), got[pointer].dump()));
      }
    }
    for (const auto& [pointer, value] : got.items()) {
      if (!want.contains(pointer))
        lines.push_back(fmt::format("{}: expected nothing, got {}", path_of(pointer), value.dump()));
    }
  } catch (const nlohmann::json::exception& e) {
    return tl::unexpected(Error{fmt::format("not an expected file: {}", e.what())});
  }
  return lines;
}

}  // namespace podramp::sim
