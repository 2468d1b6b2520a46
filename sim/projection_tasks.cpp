// The part of the projection (projection.h) that counts jobs, stages and tasks.
#include "sim/projection.h"

namespace podramp::sim {

void Projection::on(const EventRef& e, const in::JobSubmitted& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->tasks.jobs;
  app->tasks.running[data.job.job] = e.t;
}

void Projection::on(const EventRef& e, const out::JobEnded& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++(data.error.empty() ? app->tasks.jobs_done : app->tasks.jobs_failed);
  app->tasks.last_ended_us = e.t;
  const auto job = app->tasks.running.extract(data.job);
  if (job) app->tasks.jobs_us += e.t - job.mapped();
}

void Projection::on(const EventRef& e, const out::StageStarted& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->tasks.stages;
  if (data.attempt > 0) ++app->tasks.stages_again;
}

void Projection::on(const EventRef& e, const out::TaskLaunched& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->tasks.launched;
  if (data.speculative) ++app->tasks.speculative;
  ++app->tasks.by_locality.at(static_cast<std::size_t>(data.locality));
}

void Projection::on(const EventRef& e, const in::TaskEnded& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->tasks.by_end.at(static_cast<std::size_t>(data.result.end));
  app->tasks.run_us += data.result.run_us;
}

}  // namespace podramp::sim
