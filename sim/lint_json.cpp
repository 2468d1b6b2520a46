// The findings of podramp lint as JSON; declared in lint_text.h.
#include <nlohmann/json.hpp>

#include "sim/lint_text.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json key_json(const backend::KeyReport& key) {
  Json j{{"key", key.key}, {"value", key.value}, {"effect", to_text(key.effect)}, {"text", key.text}};
  if (!key.default_value.empty()) j["default"] = key.default_value;
  j["is_default"] = key.is_default;
  if (key.since > 0) j["since"] = std::to_string(key.since / 100) + "." + std::to_string(key.since % 100);
  if (key.line > 0) j["line"] = key.line;
  return j;
}

Json error_json(const FieldError& error) {
  return {{"file", error.file}, {"line", error.line}, {"key", error.path}, {"text", error.message}};
}

Json warning_json(const backend::ConfWarning& warning) {
  return {{"line", warning.line},
          {"key", warning.key},
          {"kind", to_text(warning.kind)},
          {"worth_a_look", is_worth_a_look(warning)},
          {"text", warning.text}};
}

}  // namespace

std::string lint_json(const backend::LintReport& report, const std::string& file) {
  Json j{{"file", file}, {"compat", to_text(report.level)}};
  j["errors"] = Json::array();
  for (const FieldError& error : report.errors) j["errors"].push_back(error_json(error));
  j["warnings"] = Json::array();
  for (const backend::ConfWarning& warning : report.warnings) j["warnings"].push_back(warning_json(warning));
  j["keys"] = Json::array();
  for (const backend::KeyReport& key : report.keys) j["keys"].push_back(key_json(key));
  if (report.against) {
    j["against"] = to_text(*report.against);
    j["drift"] = Json::array();
    for (const backend::Drift& d : report.drift) {
      j["drift"].push_back(Json{{"key", d.key}, {"text", d.text}, {"breaks", d.breaks}});
    }
  }
  return j.dump(2) + "\n";
}

}  // namespace podramp::sim
