#include "sim/settling.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "backend/port/json_writer.h"
#include "sim/scenario.h"

namespace podramp::sim {
namespace {

// Longer than each single wait of Spark and Kubernetes that ends by itself (back-offs, time-outs, resyncs).
constexpr DurationUs kPatienceUs = 20 * kMinuteUs;
constexpr int kGone = 410;

std::int64_t in_stage(const ApplicationView& app, Stage stage) { return app.in_stage[static_cast<std::size_t>(stage)]; }

// What people would name: the cluster has no room or does not let the pods in. Behind the pending cap stand such pods.
bool is_reason(const ApplicationView& app) {
  if (in_stage(app, Stage::unschedulable) > 0) return true;
  return app.wait == Wait::unschedulable || app.wait == Wait::refused || app.limit == Limit::refused ||
         app.limit == Limit::claims;
}

}  // namespace

void Settling::append(const EventRef& event, PodMemory& /*memory*/) {
  if (!settles_by_) return;
  track(event.t);
  if (event.t >= *settles_by_) {
    const std::vector<ApplicationView>& applications = projection_.applications();
    for (std::size_t i = 0; i < applications.size(); ++i) {
      if (!ended_(i)) check(applications[i], books_[applications[i].name], *settles_by_, event.seq);
    }
    settles_by_.reset();
    return;
  }
  note(event);
}

void Settling::note(const EventRef& event) {
  const auto found = books_.find(event.by);
  if (found == books_.end()) return;
  std::visit([&](const auto* data) { on(event, found->second, *data); }, event.data);
}

void Settling::on(const EventRef& event, Books& books, const out::Called& called) {
  const ApiRequest& request = called.request;
  if (request.kind == Kind::pod && request.verb == Verb::list) books.polled_us = event.t;
  if (request.kind == Kind::pod && request.verb == Verb::watch) books.watch_lost_us.reset();
  books.calls[called.call.value] = request.verb == Verb::watch ? kNever : event.t + request.timeout_us;
}

void Settling::on(const EventRef& event, Books& books, const in::Replied& replied) {
  const auto call = books.calls.find(replied.call.value);
  if (call == books.calls.end()) return;
  const bool watch = call->second == kNever;
  books.calls.erase(call);
  if (watch && !replied.reply.ok() && replied.reply.code != kGone) books.watch_lost_us = event.t;
}

void Settling::on(const EventRef& event, Books& books, const in::WatchClosed& closed) {
  if (closed.code != kGone) books.watch_lost_us = event.t;
}

// Since when each application is short of executors without a change of what it wants.
void Settling::track(TimeUs now) {
  for (const ApplicationView& app : projection_.applications()) {
    Books& books = books_[app.name];
    if (app.registered <= in_stage(app, Stage::registered)) books.wrong_since_us = now;
    if (app.registered < app.target && app.target == books.target) continue;
    books.target = app.target;
    books.short_since_us = now;
  }
}

void Settling::check(const ApplicationView& app, const Books& books, TimeUs now, Seq seq) {
  if (!app.started_us) return;
  for (const auto& [call, deadline_us] : books.calls) {
    if (deadline_us == kNever || deadline_us + kMinuteUs > now) continue;
    properties_.fail(kCallsAnswered, fmt::format("call {} of {} has had no answer, and no time-out", call, app.name),
                     seq, now);
  }
  if (app.stopped_us) {
    if (now - *app.stopped_us < kPatienceUs) return;
    return properties_.fail(
        kStopEnds, fmt::format("{} was stopped at {} and has not ended", app.name, format_time(*app.stopped_us)), seq,
        now);
  }
  const DurationUs quiet_us = std::max(kPatienceUs, 3 * books.habits.poll_us);
  const TimeUs polled_us = books.polled_us.value_or(*app.started_us);
  if (books.habits.poll_us > 0 && now - polled_us > quiet_us) {
    properties_.fail(kPollingGoesOn,
                     fmt::format("{} has not listed its pods since {}", app.name, format_time(polled_us)), seq, now);
  }
  if (books.habits.watches && books.watch_lost_us && now - *books.watch_lost_us > kPatienceUs) {
    properties_.fail(kWatchGoesOn,
                     fmt::format("{} has lost its watch at {} and has not opened it again", app.name,
                                 format_time(*books.watch_lost_us)),
                     seq, now);
  }
  check_pods(app, books, now, seq);
  check_target(app, books, now, seq);
}

// The driver has noticed who is gone, and has cleaned up what has ended.
void Settling::check_pods(const ApplicationView& app, const Books& books, TimeUs now, Seq seq) {
  if (now - books.wrong_since_us > kPatienceUs) {
    properties_.fail(kBooksAgree,
                     fmt::format("{} counts {} executors as registered since {}; there are {}", app.name,
                                 app.registered, format_time(books.wrong_since_us), in_stage(app, Stage::registered)),
                     seq, now);
  }
  if (!books.habits.deletes) return;
  for (const ExecutorRow& row : app.executors) {
    if (!row.finished_us || row.gone_us || row.of_set || row.restarted || now - *row.finished_us < kPatienceUs)
      continue;
    return properties_.fail(kEndedPodsRemoved,
                            fmt::format("pod {} has ended at {} and {} has not deleted it", row.pod,
                                        format_time(*row.finished_us), app.name),
                            seq, now);
  }
}

void Settling::check_target(const ApplicationView& app, const Books& books, TimeUs now, Seq seq) {
  if (app.registered >= app.target || now - books.short_since_us < kPatienceUs || is_reason(app)) return;
  properties_.fail(
      kTargetReached,
      fmt::format("{} has {} of {} executors since {}, and nothing but \"{}\" keeps it from more", app.name,
                  app.registered, app.target, format_time(books.short_since_us), to_text(app.wait)),
      seq, now);
}

void Settling::finish(TimeUs now, Seq last) {
  if (!checks_) return;
  const std::vector<ApplicationView>& applications = projection_.applications();
  for (std::size_t i = 0; i < applications.size(); ++i) {
    const ApplicationView& app = applications[i];
    if (!app.stopped_us || ended_(i) || now - *app.stopped_us < kPatienceUs) continue;
    properties_.fail(kStopEnds,
                     fmt::format("{} was stopped at {} and has not ended", app.name, format_time(*app.stopped_us)),
                     last, now);
  }
}

}  // namespace podramp::sim
