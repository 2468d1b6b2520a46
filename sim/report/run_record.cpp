#include "sim/report/run_record.h"

#include <filesystem>

#include "backend/port/json_writer.h"
#include "sim/compare.h"
#include "sim/experiment.h"
#include "sim/report/record_folder.h"
#include "sim/results.h"

namespace podramp::sim {

Result<RunRecord> read_record(const std::string& path, std::size_t slowest) {
  const std::string log_path = log_of(path);
  auto log = LogReader::open(log_path);
  if (!log) return tl::unexpected(log.error());
  const auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  RunRecord record;
  record.path = path;
  record.header = log->header();
  std::tie(record.scenario, record.about) = scenario_names(record.header.scenario_json);
  for (const auto& [by, app] : *logged) record.projection.add_application(by, app.app_id, app.conf.initial_executors);
  RecordFolder folder(record);
  PodMemory memory(false);
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    record.end_us = (*event)->t;
    record.projection.append((*event)->ref(), memory);
    folder.append((*event)->ref());
  }
  record.footer = log->footer();
  record.torn_bytes = log->torn_bytes();
  if (record.footer) record.end_us = record.footer->t;
  record.projection.finish(record.end_us);
  ComparedRun summed = summed_up(path, record.header, record.projection, record.end_us);
  record.kpis = std::move(summed.kpis);
  for (const ApplicationView& app : record.projection.applications()) {
    record.applications.push_back(summed.applications.at(app.name));
  }

  ExplainWhat what;
  what.slowest = slowest;
  auto explained = explain_log(log_path, what);
  if (!explained) return tl::unexpected(explained.error());
  record.explanation = std::move(*explained);
  std::error_code code;
  const std::string summary = path + "/summary.json";
  if (std::filesystem::exists(summary, code)) {
    if (const auto text = read_file(summary)) record.verdict = summary_verdict(*text);
  }
  return record;
}

}  // namespace podramp::sim
