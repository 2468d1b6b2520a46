#include "sim/report_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json list(const std::vector<std::string>& lines) { return lines.empty() ? Json::array() : Json(lines); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

}  // namespace

std::string replay_json(const ReplayReport& r) {
  Json j;
  j["same"] = !r.divergence.has_value();
  j["events"] = r.events;
  j["inputs"] = r.inputs;
  j["decisions"] = r.decisions;
  j["checkpoints"] = r.checkpoints;
  j["finished"] = r.finished;
  j["torn_bytes"] = r.torn_bytes;
  if (r.divergence) {
    const Divergence& d = *r.divergence;
    j["divergence"] = {{"line", d.line},         {"t_us", d.t},        {"why", d.why},
                       {"expected", d.expected}, {"actual", d.actual}, {"causes", d.causes}};
  }
  return j.dump(2) + "\n";
}

std::string comparison_json(const Comparison& c) {
  Json j;
  j["a"] = {{"path", c.a.path}, {"kpis", Json(c.a.kpis)}};
  j["b"] = {{"path", c.b.path}, {"kpis", Json(c.b.kpis)}};
  j["differing"] = list(c.differing);
  j["applications"] = Json::object();
  for (const std::string& name : c.differing_applications) {
    j["applications"][name] = {{"a", Json(c.a.applications.at(name))}, {"b", Json(c.b.applications.at(name))}};
  }
  j["first_difference"] = {{"line", c.first_difference}, {"a", c.line_a}, {"b", c.line_b}};
  return j.dump(2) + "\n";
}

std::string show_json(const Shown& s) {
  Json j;
  j["seq"] = s.seq;
  j["t_us"] = s.t;
  j["line"] = s.line;
  j["level"] = s.level;
  if (s.cluster) {
    const ShownCluster& c = *s.cluster;
    j["cluster"] = {{"resource_version", c.resource_version},
                    {"nodes", c.nodes},
                    {"silent", c.silent},
                    {"not_ready", c.not_ready},
                    {"tainted", c.tainted},
                    {"pods", Json(c.pods)},
                    {"unschedulable", Json(c.unschedulable)}};
    j["cluster"]["quotas"] = Json::object();
    for (const auto& [name, resources] : c.quotas) {
      for (const auto& [resource, amount] : resources) {
        j["cluster"]["quotas"][name][resource] = {{"used", amount.first}, {"hard", amount.second}};
      }
    }
  }
  j["applications"] = Json::object();
  for (const auto& [name, description] : s.application) j["applications"][name] = list(lines_of(description));
  return j.dump(2) + "\n";
}

std::string tests_json(const std::vector<ScenarioTest>& tests) {
  Json j;
  j["passed"] = std::ranges::count_if(tests, [](const ScenarioTest& t) { return t.problems.empty(); });
  j["failed"] = std::ranges::count_if(tests, [](const ScenarioTest& t) { return !t.problems.empty(); });
  j["tests"] = Json::array();
  for (const ScenarioTest& t : tests) {
    j["tests"].push_back({{"file", t.file},
                          {"passed", t.problems.empty()},
                          {"problems", list(t.problems)},
                          {"changes", list(t.changes)}});
  }
  return j.dump(2) + "\n";
}

std::string checks_json(const std::vector<CheckedFile>& files) {
  Json j = Json::array();
  for (const CheckedFile& checked : files) {
    Json one;
    one["file"] = checked.file;
    one["fine"] = checked.loaded.has_value();
    one["errors"] = Json::array();
    one["warnings"] = Json::array();
    if (checked.loaded) {
      const Scenario& scenario = checked.loaded->scenario;
      one["nodes"] = scenario.cluster.nodes.size();
      one["applications"] = scenario.applications.size();
      one["timeline"] = scenario.timeline.size();
      for (const Warning& w : checked.loaded->warnings) {
        one["warnings"].push_back(
            {{"subject", w.subject}, {"text", w.text}, {"changes_decisions", w.changes_decisions}});
      }
    } else {
      for (const FieldError& e : checked.loaded.error()) {
        one["errors"].push_back({{"file", e.file}, {"line", e.line}, {"path", e.path}, {"message", e.message}});
      }
    }
    j.push_back(std::move(one));
  }
  return j.dump(2) + "\n";
}

}  // namespace podramp::sim
