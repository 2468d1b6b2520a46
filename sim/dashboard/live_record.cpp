#include "sim/dashboard/live_record.h"

#include <algorithm>

#include "sim/compare.h"
#include "sim/experiment.h"

namespace podramp::sim {

LiveRecord::LiveRecord(const Scenario& scenario) {
  record_.scenario = scenario.name;
  record_.about = scenario.about;
  record_.header.seed = scenario.seed;
  record_.goes_on = true;
}

Result<std::unique_ptr<LiveRecord>> LiveRecord::of(const Scenario& scenario) {
  std::unique_ptr<LiveRecord> live(new LiveRecord(scenario));
  for (std::size_t i = 0; i < scenario.applications.size(); ++i) {
    const auto app = make_application(scenario.applications[i], scenario);
    if (!app) return tl::unexpected(app.error());
    live->record_.header.applications.push_back({app->name, i, app->app_id, app->pod_name_prefix, app->revision});
    live->record_.projection.add_application(app->name, app->app_id, app->conf.initial_executors);
    live->slices_.add_application(app->name, app->app_id, app->conf.initial_executors);
  }
  live->folder_ = std::make_unique<RecordFolder>(live->record_, false);
  return live;
}

void LiveRecord::append(const EventRef& event, PodMemory& memory) {
  ++events_;
  record_.end_us = event.t;
  record_.projection.append(event, memory);
  slices_.append(event);
  folder_->append(event);
}

RunRecord LiveRecord::at(TimeUs now, bool over) {
  RunRecord run = record_;
  run.end_us = std::max(run.end_us, now);
  run.goes_on = !over;
  if (over) run.footer = LogFooter{"end", run.end_us, events_, {}, {}};
  run.projection.finish(run.end_us);
  run.explanation.waits = slices_.waits_until(run.end_us);
  ComparedRun summed = summed_up("", run.header, run.projection, run.end_us);
  run.kpis = std::move(summed.kpis);
  for (const ApplicationView& app : run.projection.applications()) {
    run.applications.push_back(summed.applications.at(app.name));
  }
  return run;
}

}  // namespace podramp::sim
