// What a report takes from JSON texts (declared in run_record.h).
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/report/run_record.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

void take_texts(const Json& j, const char* key, std::vector<std::string>& out) {
  if (!j.contains(key) || !j[key].is_array()) return;
  for (const Json& line : j[key]) {
    if (line.is_string()) out.push_back(line.get<std::string>());
    if (line.is_object() && line.contains("text") && line["text"].is_string()) {
      const std::string subject = line.value("subject", "");
      out.push_back((subject.empty() ? "" : subject + ": ") + line["text"].get<std::string>());
    }
  }
}

std::string member_text(const Json& j, const char* key) {
  return j.contains(key) && j[key].is_string() ? j[key].get<std::string>() : "";
}

}  // namespace

std::pair<std::string, std::string> scenario_names(const std::string& scenario_json) {
  const Json j = Json::parse(scenario_json, nullptr, false);
  if (!j.is_object()) return {};
  return {member_text(j, "name"), member_text(j, "about")};
}

SummaryVerdict summary_verdict(const std::string& summary_json) {
  SummaryVerdict verdict;
  const Json j = Json::parse(summary_json, nullptr, false);
  if (!j.is_object()) return verdict;
  take_texts(j, "broken_budgets", verdict.broken_budgets);
  take_texts(j, "never_seen", verdict.never_seen);
  take_texts(j, "warnings", verdict.warnings);
  return verdict;
}

std::string indented_json(const std::string& json) {
  const Json j = Json::parse(json, nullptr, false);
  return j.is_discarded() ? json : j.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<SettingDifference> setting_differences(const std::string& scenario_a, const std::string& scenario_b) {
  std::map<std::string, SettingDifference> all;  // by JSON pointer
  const auto take = [&](const std::string& text, std::string SettingDifference::*member) {
    const Json j = Json::parse(text, nullptr, false);
    if (j.is_discarded()) return;
    const Json flat = j.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      SettingDifference& setting = all[pointer];
      setting.path = pointer.empty() ? pointer : pointer.substr(1);
      std::ranges::replace(setting.path, '/', '.');
      setting.*member = value.is_string() ? value.get<std::string>() : value.dump();
    }
  };
  take(scenario_a, &SettingDifference::a);
  take(scenario_b, &SettingDifference::b);
  std::vector<SettingDifference> out;
  for (auto& [pointer, setting] : all) {
    if (setting.a != setting.b) out.push_back(std::move(setting));
  }
  return out;
}

}  // namespace podramp::sim
