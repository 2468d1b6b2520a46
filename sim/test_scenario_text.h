// Texts for the tests of the scenario reader, and the files that ship with the project. Not part of the library.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "sim/scenario_json.h"

namespace podramp::sim {

inline Result<std::string> read_test_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return tl::unexpected(Error{"cannot open " + path});
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::string shipped(const std::string& name) { return std::string(PODRAMP_SOURCE_DIR "/scenarios/") + name; }

inline NamedText shipped_text(const std::string& name) { return {name, read_test_file(shipped(name)).value()}; }

inline const std::string kSmallScenario = R"({
  "schema": "podramp/v1",
  "seed": 3,
  "end": "10m",
  "cluster": {
    "nodes": [{"group": "worker", "count": 12, "cpu": "16", "memory": "64Gi", "zone": ["a", "b"]}],
    "images": [{"name": "spark:4", "size": "600Mi"}]
  },
  "applications": [
    {
      "name": "etl",
      "conf": {"spark.executor.instances": "10", "spark.kubernetes.container.image": "spark:4"},
      "demand": [{"at": "1m", "executors": 20}]
    }
  ]
})";

// The small scenario with one piece replaced.
inline std::string small_with(const std::string& from, const std::string& to) {
  std::string text = kSmallScenario;
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

inline std::string all_errors(const FieldErrors& errors) {
  std::string text;
  for (const FieldError& error : errors) text += to_string(error) + "\n";
  return text;
}

}  // namespace podramp::sim
