#include "sim/projection.h"

#include <algorithm>

#include "backend/port/json_writer.h"
#include "backend/snapshots.h"

namespace podramp::sim {
namespace {

Wait from_limit(Limit limit) {
  switch (limit) {
    case Limit::none: return Wait::none;
    case Limit::batch_size: return Wait::batch_size;
    case Limit::pending_cap: return Wait::pending_cap;
    case Limit::profile_share: return Wait::profile_share;
    case Limit::unacknowledged: return Wait::unacknowledged;
    case Limit::refused: return Wait::refused;
    case Limit::api_error: return Wait::api_error;
  }
  return Wait::none;
}

std::int64_t stage_count(const ApplicationView& app, Stage stage) {
  return app.in_stage[static_cast<std::size_t>(stage)];
}

std::int64_t pending_of(const ApplicationView& app) {
  std::int64_t n = 0;
  for (const Stage s : {Stage::stored, Stage::unschedulable, Stage::bound, Stage::pulling, Stage::starting}) {
    n += stage_count(app, s);
  }
  return n;
}

bool is_pending(Stage s) { return s >= Stage::stored && s <= Stage::starting; }
bool is_live(Stage s) { return s >= Stage::stored && s <= Stage::registered; }

}  // namespace

void Projection::add_application(const std::string& name, const std::string& app_id, std::int64_t initial_executors) {
  by_name_[name] = static_cast<std::uint32_t>(applications_.size());
  ApplicationView& app = applications_.emplace_back();
  app.name = name;
  app.app_id = app_id;
  app.targets[kDefaultProfile] = initial_executors;
}

ApplicationView* Projection::by_name(std::string_view name) {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : &applications_[it->second];
}

ExecutorRow* Projection::row(const std::string& pod, ApplicationView** app) {
  const auto it = places_.find(pod);
  if (it == places_.end()) return nullptr;
  *app = &applications_[it->second.application];
  return &(*app)->executors[it->second.row];
}

std::uint64_t Projection::count(std::string_view type) const {
  static const auto kNames = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{std::variant_alternative_t<I, EventData>::kType...};
  }
  (std::make_index_sequence<std::variant_size_v<EventData>>());
  const auto it = std::ranges::find(kNames, type);
  return it == kNames.end() ? 0 : counts_[static_cast<std::size_t>(it - kNames.begin())];
}

void Projection::append(const EventRef& event, PodMemory& /*memory*/) {
  if (event.t > now_) advance(event.t);
  ++counts_[event.data.index()];
  std::visit([&](const auto* data) { on(event, *data); }, event.data);
}

void Projection::finish(TimeUs t) {
  if (t > now_) advance(t);
  for (ApplicationView& app : applications_) {
    account(app, t);
    const Sample last{t,
                      app.target,
                      static_cast<std::int64_t>(app.executors.size()),
                      pending_of(app),
                      stage_count(app, Stage::running) + stage_count(app, Stage::registered),
                      app.registered,
                      app.wait};
    app.samples.push_back(last);
  }
}

// Time moves on: nothing has changed since now_, so the samples due in between all show today's counts.
void Projection::advance(TimeUs t) {
  if (next_sample_us_ <= t) {
    for (ApplicationView& app : applications_) {
      const Sample s{next_sample_us_,
                     app.target,
                     static_cast<std::int64_t>(app.executors.size()),
                     pending_of(app),
                     stage_count(app, Stage::running) + stage_count(app, Stage::registered),
                     app.registered,
                     app.wait};
      if (app.samples.empty() || !app.samples.back().same_counts(s)) app.samples.push_back(s);
    }
    next_sample_us_ = (t / period_us_ + 1) * period_us_;
  }
  now_ = t;
}

// Adds the time since the last change of this application to its integrals.
void Projection::account(ApplicationView& app, TimeUs t) {
  const DurationUs dt = t - app.wait_since_us;
  app.wait_since_us = t;
  if (dt <= 0 || !app.started_us || app.exited_us) return;
  app.waited_us[static_cast<std::size_t>(app.wait)] += dt;
}

Wait Projection::waits_for(const ApplicationView& app) const {
  if (!app.started_us || app.stopped_us || app.exited_us || app.target <= 0) return Wait::none;
  const std::int64_t useful = stage_count(app, Stage::registered) - app.lost;
  if (useful >= app.target) return Wait::none;
  if (app.missing_after_round > 0 && app.limit != Limit::none) return from_limit(app.limit);
  static constexpr std::array<std::pair<Stage, Wait>, 7> kStageWaits{{{Stage::unschedulable, Wait::unschedulable},
                                                                      {Stage::pulling, Wait::image_pull},
                                                                      {Stage::stored, Wait::scheduler},
                                                                      {Stage::bound, Wait::kubelet},
                                                                      {Stage::starting, Wait::start},
                                                                      {Stage::running, Wait::registration},
                                                                      {Stage::asked, Wait::api}}};
  Wait most = Wait::not_noticed;
  std::int64_t count = 0;
  for (const auto& [stage, wait] : kStageWaits) {
    if (stage_count(app, stage) <= count) continue;
    count = stage_count(app, stage);
    most = wait;
  }
  return most;
}

void Projection::settle(ApplicationView& app) {
  account(app, now_);
  app.wait = waits_for(app);
  app.pending_max = std::max(app.pending_max, pending_of(app));
}

void Projection::move(ApplicationView& app, ExecutorRow& r, Stage stage) {
  if (r.stage == stage || r.stage == Stage::ended) return;
  const auto integrate = [&](__int128& total, __int128& cores, TimeUs since) {
    total += now_ - since;
    cores += static_cast<__int128>(now_ - since) * r.cpu_milli;
  };
  if (stage == Stage::ended && is_live(r.stage)) integrate(app.requested_us, app.requested_core_us, *r.stored_us);
  if (is_pending(r.stage) && !is_pending(stage)) integrate(app.pending_us, app.pending_core_us, *r.stored_us);
  if (r.stage == Stage::running) integrate(app.idle_us, app.idle_core_us, r.running_us.value_or(now_));
  if (r.lost_us && stage == Stage::ended && r.stage >= Stage::running) --app.lost;
  --app.in_stage[static_cast<std::size_t>(r.stage)];
  ++app.in_stage[static_cast<std::size_t>(stage)];
  r.stage = stage;
  settle(app);
}

void Projection::set_target(ApplicationView& app) {
  app.target = 0;
  for (const auto& [profile, n] : app.targets) app.target += std::max<std::int64_t>(n, 0);
  if (app.target > app.target_max) {
    app.target_max = app.target;
    app.target_max_us = now_;
  }
  settle(app);
}

// --- the application -----------------------------------------------------------------------------------------------

void Projection::on(const EventRef& e, const in::Started& /*data*/) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  app->started_us = e.t;
  app->wait_since_us = e.t;
  set_target(*app);
}

void Projection::on(const EventRef& e, const in::TargetSet& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  for (const auto& [profile, n] : data.targets) app->targets[profile] = n;
  set_target(*app);
}

void Projection::on(const EventRef& e, const in::Stopped& /*data*/) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  account(*app, e.t);
  app->stopped_us = e.t;
  settle(*app);
}

void Projection::on(const EventRef& e, const out::Called& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  if (data.attempt > 1) ++app->retries;
  const auto index = static_cast<std::uint32_t>(app - applications_.data());
  auto& call = calls_[{index, data.call.value}] = {data.request.verb, 0};
  if (data.request.verb != Verb::create || data.request.body == nullptr) return;
  const Pod& pod = *data.request.body;
  const auto id = backend::executor_id(pod);
  if (!id) return;
  const std::string key = pod_key(pod);
  if (data.attempt == 1) {
    ExecutorRow& r = app->executors.emplace_back();
    r.id = *id;
    r.profile = backend::profile_id(pod).value_or(0);
    r.pod = key;
    r.asked_us = e.t;
    const Resources requests = pod_requests(*pod.tmpl);
    r.cpu_milli = requests.cpu_milli.value_or(0);
    r.memory_bytes = requests.memory_bytes.value_or(0);
    places_[key] = {index, app->executors.size() - 1};
    ++app->in_stage[static_cast<std::size_t>(Stage::asked)];
    settle(*app);
  }
  const auto place = places_.find(key);
  if (place != places_.end()) call.second = place->second.row + 1;
}

void Projection::on(const EventRef& e, const in::Replied& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  const auto call = calls_.find({static_cast<std::uint32_t>(app - applications_.data()), data.call.value});
  if (call == calls_.end()) return;
  const auto [verb, row_plus_one] = call->second;
  calls_.erase(call);
  const ApiReply& reply = data.reply;
  const std::string answer =
      reply.transport == Transport::ok ? std::to_string(reply.code) : std::string(to_text(reply.transport));
  ++app->requests[std::string(to_text(verb)) + " " + answer];
  if (row_plus_one == 0) return;
  ExecutorRow& r = app->executors[row_plus_one - 1];
  r.create_code = reply.code;
  const bool for_good = reply.transport == Transport::ok && reply.code >= 400 && reply.code < 500 && reply.code != 429;
  if (for_good && r.stage == Stage::asked) move(*app, r, Stage::ended);
}

void Projection::on(const EventRef& e, const out::RoundDone& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->rounds_reported;
  app->creation_timeouts += data.timed_out;
  Round round{data.started_us, e.t, data.trigger, 0, Limit::none, !data.aborted.empty()};
  std::int64_t missing = 0;
  for (const ProfileReport& p : data.profiles) {
    round.created += p.created;
    app->excess_deleted += p.excess_deleted;
    missing += std::max<std::int64_t>(0, p.target - p.have - p.created);
    if (round.limited_by == Limit::none) round.limited_by = p.limited_by;
  }
  account(*app, e.t);
  app->limit = round.limited_by;
  app->missing_after_round = missing;
  if (round.aborted) app->last_abort = data.aborted;
  if (round.created > 0 || round.aborted) app->rounds.push_back(round);
  settle(*app);
}

void Projection::on(const EventRef& e, const out::RegistrationAccepted& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr || data.executor <= 0) return;
  ++app->registered;
  if (app->registered > app->registered_max) {
    app->registered_max = app->registered;
    app->registered_first.emplace_back(app->registered, e.t);
  }
  if (static_cast<std::size_t>(data.executor) > app->executors.size()) return;
  ExecutorRow& r = app->executors[static_cast<std::size_t>(data.executor) - 1];
  r.registered_us = e.t;
  move(*app, r, Stage::registered);
}

void Projection::on(const EventRef& e, const out::RegistrationRefused& /*data*/) {
  if (ApplicationView* app = by_name(e.by)) ++app->registrations_refused;
}

void Projection::on(const EventRef& e, const out::ExecutorRemoved& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ++app->removed;
  if (data.executor <= 0 || static_cast<std::size_t>(data.executor) > app->executors.size()) return;
  ExecutorRow& r = app->executors[static_cast<std::size_t>(data.executor) - 1];
  if (r.registered_us && !r.removed_us) --app->registered;
  if (!r.removed_us) r.removed_us = e.t;
  settle(*app);
}

void Projection::on(const EventRef& e, const out::ReadyToSchedule& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  app->ready_us = e.t;
  app->ready_timed_out = data.timed_out;
}

void Projection::on(const EventRef& e, const out::Exited& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  account(*app, e.t);
  app->exited_us = e.t;
  app->exit_code = data.code;
  settle(*app);
}

// --- the world -----------------------------------------------------------------------------------------------------

void Projection::on(const EventRef& e, const fact::PodCreated& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(pod_key(*data.pod), &app);
  if (r == nullptr) return;
  r->stored_us = e.t;
  move(*app, *r, Stage::stored);
}

void Projection::on(const EventRef& e, const fact::PodUnschedulable& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  if (!r->unschedulable_us) r->unschedulable_us = e.t;
  r->unschedulable_message = data.message;
  if (r->stage == Stage::stored) move(*app, *r, Stage::unschedulable);
}

void Projection::on(const EventRef& e, const fact::PodBound& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->bound_us = e.t;
  r->node = data.node;
  on_node_[data.node].push_back(places_.at(data.pod));
  move(*app, *r, Stage::bound);
}

void Projection::on(const EventRef& e, const fact::PullStarted& data) {
  const auto rows = on_node_.find(data.node);
  if (rows == on_node_.end()) return;
  for (const Place& place : rows->second) {
    ApplicationView& app = applications_[place.application];
    ExecutorRow& r = app.executors[place.row];
    if (r.stage != Stage::bound) continue;
    if (!r.pull_started_us) r.pull_started_us = e.t;
    move(app, r, Stage::pulling);
  }
}

void Projection::on(const EventRef& e, const fact::PullFinished& data) {
  const auto rows = on_node_.find(data.node);
  if (rows == on_node_.end()) return;
  for (const Place& place : rows->second) {
    ApplicationView& app = applications_[place.application];
    ExecutorRow& r = app.executors[place.row];
    if (r.stage != Stage::pulling) continue;
    r.pulled_us = e.t;
    move(app, r, Stage::starting);
  }
}

void Projection::on(const EventRef& e, const fact::PodRunning& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->running_us = e.t;
  if (r->stage < Stage::running) move(*app, *r, Stage::running);
}

void Projection::on(const EventRef& e, const fact::PodTerminating& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r != nullptr && !r->terminating_us) r->terminating_us = e.t;
}

void Projection::on(const EventRef& e, const fact::PodFinished& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->finished_us = e.t;
  r->exit_code = data.exit_code;
  move(*app, *r, Stage::ended);
}

void Projection::on(const EventRef& e, const fact::PodGone& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->gone_us = e.t;
  move(*app, *r, Stage::ended);
  if (!r->node.empty()) {
    const Place place = places_.at(data.pod);
    std::erase_if(on_node_[r->node],
                  [&](const Place& p) { return p.application == place.application && p.row == place.row; });
  }
  places_.erase(data.pod);
}

void Projection::on(const EventRef& e, const fact::NodeSilent& data) {
  ++nodes_lost_;
  for (const Place& place : on_node_[data.node]) {
    ApplicationView& app = applications_[place.application];
    ExecutorRow& r = app.executors[place.row];
    if (r.lost_us || r.stage < Stage::running || r.stage == Stage::ended) continue;
    r.lost_us = e.t;
    ++app.lost;
    settle(app);
  }
}

void Projection::on(const EventRef& /*e*/, const fact::NodeReturned& data) {
  for (const Place& place : on_node_[data.node]) {
    ApplicationView& app = applications_[place.application];
    ExecutorRow& r = app.executors[place.row];
    if (!r.lost_us || r.stage == Stage::ended) continue;
    r.lost_us.reset();
    --app.lost;
    settle(app);
  }
}

void Projection::on(const EventRef& /*e*/, const fact::RequestRefused& data) {
  std::string what = data.reason.empty() ? "transport" : data.reason;
  const std::size_t quota = data.message.find("exceeded quota: ");
  if (quota != std::string::npos) what = data.message.substr(quota, data.message.find(',', quota) - quota);
  ++refusals_[what];
}

}  // namespace podramp::sim
