#include "sim/report_json.h"

#include <nlohmann/json.hpp>

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

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
  j["differing"] = c.differing;
  j["first_difference"] = {{"line", c.first_difference}, {"a", c.line_a}, {"b", c.line_b}};
  return j.dump(2) + "\n";
}

}  // namespace podramp::sim
