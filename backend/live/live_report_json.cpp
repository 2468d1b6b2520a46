// What a live run has come to, for machines (declared in live_report.h).
#include <nlohmann/json.hpp>

#include "backend/live/live_report.h"
#include "backend/port/kube_json.h"

namespace podramp::live {
namespace {

nlohmann::json tally_json(const LiveTally& app) {
  nlohmann::json object{{"name", app.name},
                        {"target", app.target},
                        {"target_max", app.target_max},
                        {"registered", app.registered},
                        {"reached_us", app.reached_us},
                        {"answers", app.answers}};
  if (!app.last_refusal.empty()) object["last_refusal"] = app.last_refusal;
  if (app.exit_code) object["exit_code"] = *app.exit_code;
  if (!app.exit_why.empty()) object["exit_why"] = app.exit_why;
  return object;
}

}  // namespace

std::string live_report_json(const RunOutcome& outcome) {
  nlohmann::json report{{"ended", outcome.loop.ended}, {"took_us", outcome.loop.took_us},
                        {"log", outcome.log_path},     {"swept", outcome.sweep.deleted},
                        {"left", outcome.sweep.left},  {"applications", nlohmann::json::array()}};
  if (!outcome.error.empty()) report["error"] = outcome.error;
  for (const LiveTally& app : outcome.loop.applications) report["applications"].push_back(tally_json(app));
  return json_text(report);
}

}  // namespace podramp::live
