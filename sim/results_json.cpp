// summary.json: what a run came to, for machines and for CI.
#include <nlohmann/json.hpp>

#include "sim/results.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json texts(const std::vector<std::string>& lines) { return lines.empty() ? Json::array() : Json(lines); }

}  // namespace

std::string summary_json(const RunSummary& s) {
  Json j;
  j["schema"] = "podramp/summary/v1";
  j["version"] = kPodrampVersion;
  j["scenario"] = s.scenario;
  j["seed"] = s.seed;
  j["ended"] = to_text(s.ending);
  j["t_ms"] = s.t / kMillisecondUs;
  j["passed"] = !s.failed();
  j["broken_budgets"] = texts(s.broken_budgets);
  j["never_seen"] = texts(s.never_seen);
  j["violations"] = Json::array();
  for (const Violation& v : s.violations) {
    j["violations"].push_back({{"property", v.property}, {"detail", v.detail}, {"seq", v.seq}, {"t_us", v.t}});
  }
  j["warnings"] = Json::array();
  for (const Warning& w : s.warnings) {
    j["warnings"].push_back({{"subject", w.subject}, {"text", w.text}, {"changes_decisions", w.changes_decisions}});
  }
  j["kpis"] = Json(s.kpis);
  j["applications"] = Json(s.applications);
  j["requests"] = Json(s.requests);
  j["refusals"] = Json(s.refusals);
  j["leftovers"] = Json::array();
  for (const Leftover& l : s.leftovers)
    j["leftovers"].push_back({{"pod", l.pod}, {"why", l.why}, {"leaked", l.leaked}});
  if (!s.shuffle_left.empty()) j["shuffle_left"] = Json(s.shuffle_left);
  j["waiting"] = texts(s.waiting);
  j["events"] = s.footer.events;
  j["fingerprints"] = {{"decisions", s.footer.fingerprints.decisions},
                       {"world", s.footer.fingerprints.world},
                       {"all", s.footer.fingerprints.all}};
  return j.dump(2) + "\n";
}

}  // namespace podramp::sim
