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
    case Limit::claims: return Wait::allocator;
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

Sample sample_of(const ApplicationView& app, TimeUs t) {
  return {t,
          app.target,
          static_cast<std::int64_t>(app.executors.size()) - app.restarts,
          pending_of(app),
          stage_count(app, Stage::running) + stage_count(app, Stage::registered),
          app.registered,
          app.wait};
}

bool is_pending(Stage s) { return s >= Stage::stored && s <= Stage::starting; }
bool is_live(Stage s) { return s >= Stage::stored && s <= Stage::registered; }

bool serves(const ExecutorRow& r) { return r.stage == Stage::registered && !r.lost_us && !r.removed_us; }

// What this one executor waits for; none: it serves, or nothing will come of it any more.
Wait waits_for(const ExecutorRow& r) {
  if (r.removed_us || r.stage == Stage::ended) return Wait::none;
  if (r.lost_us) return Wait::not_noticed;
  if (r.terminating_us) return Wait::none;
  switch (r.stage) {
    case Stage::asked: return Wait::api;
    case Stage::stored: return Wait::scheduler;
    case Stage::unschedulable: return Wait::unschedulable;
    case Stage::bound: return Wait::kubelet;
    case Stage::pulling: return Wait::image_pull;
    case Stage::starting: return Wait::start;
    case Stage::running: return Wait::registration;
    case Stage::registered:
    case Stage::ended: return Wait::none;
  }
  return Wait::none;
}

}  // namespace

bool is_final_refusal(const ApiReply& reply) {
  return reply.transport == Transport::ok && reply.code >= 400 && reply.code < 500 && reply.code != 429;
}

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
    app.samples.push_back(sample_of(app, t));
  }
}

// Time moves on: nothing has changed since now_, so the samples due in between all show today's counts.
void Projection::advance(TimeUs t) {
  if (next_sample_us_ <= t) {
    for (ApplicationView& app : applications_) {
      const Sample s = sample_of(app, next_sample_us_);
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
  if (app.serving >= app.target) return Wait::none;
  if (app.missing_after_round > 0 && app.limit != Limit::none) return from_limit(app.limit);
  auto waiting = app.waiting;
  for (const auto& [profile, set] : app.sets) {
    const Wait wait = set.holds.back().wait;
    if (!set.lacking.empty() && (wait == Wait::refused || wait == Wait::api_error)) return wait;
    waiting[static_cast<std::size_t>(wait)] += static_cast<std::int64_t>(set.lacking.size());
  }
  Wait most = app.sets.empty() ? Wait::allocator : Wait::controller;
  std::int64_t count = 0;
  for (const Wait wait : {Wait::unschedulable, Wait::image_pull, Wait::scheduler, Wait::kubelet, Wait::start,
                          Wait::registration, Wait::controller, Wait::api, Wait::not_noticed}) {
    const std::int64_t n = waiting[static_cast<std::size_t>(wait)];
    if (n <= count) continue;
    count = n;
    most = wait;
  }
  return most;
}

void Projection::settle(ApplicationView& app) {
  account(app, now_);
  app.wait = waits_for(app);
  app.pending_max = std::max(app.pending_max, pending_of(app));
  pending_max_ = std::max(pending_max_, pending_);
}

void Projection::tally(ApplicationView& app, const ExecutorRow& r, std::int64_t one) {
  app.in_stage[static_cast<std::size_t>(r.stage)] += one;
  app.waiting[static_cast<std::size_t>(podramp::sim::waits_for(r))] += one;
  if (serves(r)) app.serving += one;
  if (is_pending(r.stage)) pending_ += one;
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
  change(app, r, [&] { r.stage = stage; });
}

// The driver's own creates are by id - 1 as long as every id got one; else they are searched.
ExecutorRow* Projection::by_id(ApplicationView& app, ExecutorId id) {
  if (!app.sets.empty()) {
    const auto given = given_.find({static_cast<std::uint32_t>(&app - applications_.data()), id});
    return given == given_.end() ? nullptr : &app.executors[given->second];
  }
  const auto guess = static_cast<std::size_t>(id - 1);
  if (id > 0 && guess < app.executors.size() && app.executors[guess].id == id) return &app.executors[guess];
  const auto it = std::ranges::find(app.executors, id, &ExecutorRow::id);
  return it == app.executors.end() ? nullptr : &*it;
}

const ExecutorRow* Projection::find(std::string_view application, ExecutorId id) {
  ApplicationView* app = by_name(application);
  return app == nullptr ? nullptr : by_id(*app, id);
}

// Creates are serial within a round: what is still unanswered when it ends was given up.
void Projection::end_unanswered(ApplicationView& app) {
  for (auto r = app.executors.rbegin(); r != app.executors.rend(); ++r) {
    if (app.in_stage[static_cast<std::size_t>(Stage::asked)] == 0) return;
    if (r->stage == Stage::asked) move(app, *r, Stage::ended);
  }
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

void Projection::set_targets(const EventRef& e, const std::map<ProfileId, std::int64_t>& targets) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  for (const auto& [profile, n] : targets) app->targets[profile] = n;
  set_target(*app);
}

void Projection::on(const EventRef& e, const in::TargetSet& data) { set_targets(e, data.targets); }
void Projection::on(const EventRef& e, const out::TargetsRequested& data) { set_targets(e, data.targets); }

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
  app->request_rate.note(e.t);
  request_rate_.note(e.t);
  const auto index = static_cast<std::uint32_t>(app - applications_.data());
  std::string what(to_text(data.request.verb));
  if (data.request.kind != Kind::pod) what.append(" ").append(to_text(data.request.kind));
  Call& call = calls_[{index, data.call.value}] = {std::move(what)};
  call.set = ask_set(*app, data.request);
  if (data.request.verb != Verb::create || data.request.body == nullptr) return;
  const Pod& pod = *data.request.body;
  const auto id = backend::executor_id(pod);
  if (!id) return;
  const std::string key = pod_key(pod);
  if (data.attempt == 1) {
    ExecutorRow r;
    r.id = *id;
    r.profile = backend::profile_id(pod).value_or(0);
    r.pod = key;
    r.asked_us = e.t;
    const Resources requests = pod_requests(*pod.tmpl);
    r.cpu_milli = requests.cpu_milli.value_or(0);
    r.memory_bytes = requests.memory_bytes.value_or(0);
    r.tmpl = pod.tmpl;
    add_row(*app, std::move(r));
  }
  if (const auto place = places_.find(key); place != places_.end()) call.row_plus_one = place->second.row + 1;
}

// A new row; it is what is in its pod from now on.
ExecutorRow& Projection::add_row(ApplicationView& app, ExecutorRow row) {
  places_[row.pod] = {static_cast<std::uint32_t>(&app - applications_.data()), app.executors.size()};
  ExecutorRow& r = app.executors.emplace_back(std::move(row));
  tally(app, r, 1);
  settle(app);
  return r;
}

void Projection::on(const EventRef& e, const in::Replied& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  const auto call = calls_.find({static_cast<std::uint32_t>(app - applications_.data()), data.call.value});
  if (call == calls_.end()) return;
  const auto [what, row_plus_one, set] = std::move(call->second);
  calls_.erase(call);
  const ApiReply& reply = data.reply;
  const std::string answer =
      reply.transport == Transport::ok ? std::to_string(reply.code) : std::string(to_text(reply.transport));
  ++app->requests[what + " " + answer];
  if (set != nullptr) answer_set(*app, *set, reply);
  if (row_plus_one == 0) return;
  ExecutorRow& r = app->executors[row_plus_one - 1];
  r.create_code = reply.code;
  r.create_transport = reply.transport;
  if (is_final_refusal(reply) && r.stage == Stage::asked) move(*app, r, Stage::ended);
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
  if (round.aborted) end_unanswered(*app);
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
  ExecutorRow* r = by_id(*app, data.executor);
  if (r == nullptr) return settle(*app);
  r->registered_us = e.t;
  move(*app, *r, Stage::registered);
}

void Projection::on(const EventRef& e, const out::RegistrationRefused& /*data*/) {
  if (ApplicationView* app = by_name(e.by)) ++app->registrations_refused;
}

void Projection::on(const EventRef& /*e*/, const out::ConfigGiven& data) {
  if (!data.error.empty()) ++refusals_[data.error];
}

void Projection::on(const EventRef& e, const out::ExecutorRemoved& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr) return;
  ExecutorRow* r = by_id(*app, data.executor);
  if (r != nullptr && r->removed_us) return;  // again, as Spark does when the pod of a killed executor has ended
  ++app->removed;
  if (r == nullptr) return;
  if (r->registered_us) --app->registered;
  change(*app, *r, [&] { r->removed_us = e.t; });
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

}  // namespace podramp::sim
