#include "backend/live/live_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/pod_labels.h"
#include "backend/port/overloaded.h"

namespace podramp::live {
namespace {

constexpr DurationUs kTurnUs = 200 * kMillisecondUs;  // how late a signal may be heard

// A list of all of an application's executors that are not marked as finished.
bool lists_all(const ApiRequest& request) {
  if (request.verb != Verb::list || request.kind != Kind::pod || !request.field_selector.all.empty()) return false;
  return std::ranges::all_of(request.label_selector.all, [](const auto& term) {
    return term.key == backend::kAppLabel || term.key == backend::kRoleLabel || term.key == "spark-exec-inactive";
  });
}

std::map<ProfileId, std::int64_t> cores_of(const backend::Application& app) {
  std::map<ProfileId, std::int64_t> cores{{kDefaultProfile, app.conf.executor_cores}};
  for (const backend::ResourceProfile& profile : app.profiles) {
    cores[profile.id] = profile.cores.value_or(app.conf.executor_cores);
  }
  return cores;
}

std::string answer_text(const ApiReply& reply) {
  return reply.transport == Transport::ok ? fmt::format("{}", reply.code) : std::string(to_text(reply.transport));
}

}  // namespace

LiveLoop::LiveLoop(LoopSettings settings, const LivePlan& plan, Parts parts)
    : settings_(std::move(settings)),
      plan_(plan),
      parts_(parts),
      ledger_(std::vector<EventSink*>{&parts.log}),
      limit_(settings_.max_pods) {
  for (const LiveApplication& application : plan.applications) {
    App& app = apps_.emplace_back();
    const backend::Application& spec = application.application;
    app.plan = &application;
    app.session = std::make_unique<backend::Session>(spec, ledger_);
    app.roster = std::make_unique<Roster>(
        RosterSettings{spec.app_id, spec.conf.compat == backend::Compat::fork_2_2, cores_of(spec)});
    app.tally.name = spec.name;
    want(app, {{kDefaultProfile, spec.conf.initial_executors}});
  }
}

void LiveLoop::want(App& app, const std::map<ProfileId, std::int64_t>& targets) {
  for (const auto& [profile, n] : targets) app.targets[profile] = std::max<std::int64_t>(n, 0);
  app.tally.target = 0;
  for (const auto& [profile, n] : app.targets) app.tally.target += n;
  app.tally.target_max = std::max(app.tally.target_max, app.tally.target);
}

LoopResult LiveLoop::run() {
  began_us_ = parts_.clock.now();
  alive_us_ = began_us_;
  std::optional<std::string> ended;
  while (!(ended = over())) turn();
  stop();
  return result(std::move(*ended));
}

// What has come, then what is due: the order of the simulation's lanes (design 2.1), as far as there is one.
void LiveLoop::turn() {
  const DurationUs wait = std::clamp<DurationUs>(next_due() - parts_.clock.now(), 0, kTurnUs);
  for (Delivery& delivery : parts_.client.turn(pending_.empty() ? wait : 0)) heard(std::move(delivery));
  for (std::uint32_t i = 0; i < apps_.size(); ++i) {
    while (run_timer(i)) {
    }
  }
  while (!pending_.empty()) {
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    if (!apps_[next.app].tally.exit_code) feed(next.app, next.input, next.cause);
  }
  for (std::uint32_t i = 0; i < apps_.size(); ++i) run_planned(i);
}

TimeUs LiveLoop::next_due() const {
  TimeUs due = kNever;
  for (const App& app : apps_) {
    for (const auto& [id, timer] : app.timers) due = std::min(due, timer.at_us);
    if (app.tally.exit_code || app.planned > app.plan->planned.size()) continue;
    if (!app.started) {
      due = std::min(due, start_of(app));
    } else if (app.planned < app.plan->planned.size()) {
      due = std::min(due, start_of(app) + app.plan->planned[app.planned].after_us);
    }
  }
  return due;
}

// --- what comes ----------------------------------------------------------------------------------------------------

void LiveLoop::heard(Delivery delivery) {
  if (apps_[delivery.session].tally.exit_code) return;
  std::visit(Overloaded{[&](in::Replied& replied) { heard(delivery.session, replied); },
                        [&](in::Watched& watched) { heard(delivery.session, watched); },
                        [&](in::WatchClosed& closed) { heard(delivery.session, closed); }, [](auto&) {}},
             delivery.input);
}

void LiveLoop::heard(std::uint32_t index, in::Replied& replied) {
  App& app = apps_[index];
  const auto sent = app.calls.extract(replied.call);
  if (!sent) return;
  const ApiRequest& request = sent.mapped().request;
  count(app, sent.mapped(), replied.reply);
  limit_.on_reply(index, request, replied.reply);
  if (request.verb == Verb::watch && replied.reply.ok()) app.watches[replied.call] = sent.mapped().seq;
  if (request.verb != Verb::list && replied.reply.ok()) alive_us_ = parts_.clock.now();
  const Seq seq = feed(index, replied, sent.mapped().seq);
  if (request.verb != Verb::list) return;
  const bool whole = lists_all(request) && replied.reply.continue_token.empty();
  limit_.on_list(index, replied.reply, whole);
  say(index, app.roster->listed(replied.reply, whole), seq);
}

void LiveLoop::heard(std::uint32_t index, in::Watched& watched) {
  App& app = apps_[index];
  const auto open = app.watches.find(watched.watch);
  if (open == app.watches.end()) return;
  const Seq seq = feed(index, watched, open->second);
  for (const WatchEvent& event : watched.events) {
    if (event.type != WatchEventType::bookmark) alive_us_ = parts_.clock.now();
    limit_.on_event(index, event);
    say(index, app.roster->seen(event), seq);
  }
}

void LiveLoop::heard(std::uint32_t index, in::WatchClosed& closed) {
  const auto open = apps_[index].watches.extract(closed.watch);
  if (open) feed(index, closed, open.mapped());
}

// Executors speak once the driver has heard of their pods.
void LiveLoop::say(std::uint32_t index, std::vector<Input> inputs, Seq cause) {
  for (Input& input : inputs) pending_.push_back({index, std::move(input), cause});
}

// The application's next timer that is due, in the order of time, then of arming.
bool LiveLoop::run_timer(std::uint32_t index) {
  App& app = apps_[index];
  const auto first = std::ranges::min_element(
      app.timers, {}, [](const auto& timer) { return std::pair(timer.second.at_us, timer.second.order); });
  if (first == app.timers.end() || first->second.at_us > parts_.clock.now()) return false;
  const TimerId id = first->first;
  const Seq cause = first->second.seq;
  app.timers.erase(first);
  feed(index, in::TimerDue{id.kind, id.arg}, cause);
  return true;
}

void LiveLoop::run_planned(std::uint32_t index) {
  App& app = apps_[index];
  const TimeUs now = parts_.clock.now();
  if (app.tally.exit_code || now < start_of(app)) return;
  if (!std::exchange(app.started, true)) feed(index, in::Started{app.plan->application.app_id}, 0);
  const std::vector<PlannedInput>& planned = app.plan->planned;
  while (app.planned < planned.size() && start_of(app) + planned[app.planned].after_us <= now) {
    const Input& input = planned[app.planned++].input;
    if (const auto* target = std::get_if<in::TargetSet>(&input)) want(app, target->targets);
    alive_us_ = now;
    feed(index, input, 0);
  }
}

// --- one step of a backend -----------------------------------------------------------------------------------------

// Returns the number of the event that the input became.
Seq LiveLoop::feed(std::uint32_t index, const Input& input, Seq cause) {
  if (!log_error_.empty()) return 0;
  App& app = apps_[index];
  ledger_.set_now(parts_.clock.now());
  const Seq heard_as = ledger_.last_seq() + 1;
  const auto effects = app.session->feed(input, cause);
  if (auto synced = parts_.log.sync(); !synced) {
    log_error_ = synced.error().message;
    return heard_as;
  }
  for (const backend::Session::Logged& effect : effects) perform(index, effect);
  return heard_as;
}

void LiveLoop::perform(std::uint32_t index, const backend::Session::Logged& effect) {
  App& app = apps_[index];
  const Seq seq = effect.seq;
  std::visit(
      Overloaded{
          [&](const out::Called& called) { send(index, called, seq); },
          [&](const out::WatchReleased& released) {
            app.watches.erase(released.watch);
            app.calls.erase(released.watch);
            parts_.client.release(index, released.watch);
          },
          [&](const out::TimerSet& timer) {
            app.timers[{timer.timer, timer.arg}] = {timer.at_us, ++order_, seq};
          },
          [&](const out::TimerCancelled& timer) {
            app.timers.erase({timer.timer, timer.arg});
          },
          [&](const out::RegistrationAccepted& accepted) {
            app.registered.insert(accepted.executor);
            if (app.registered.size() > app.tally.reached_us.size()) {
              app.tally.reached_us.push_back(ledger_.now() - start_of(app));
            }
            alive_us_ = ledger_.now();
          },
          [&](const out::ExecutorRemoved& removed) { app.registered.erase(removed.executor); },
          [&](const out::ExecutorIdGiven& given) { say(index, app.roster->named(given.pod, given.executor), seq); },
          [&](const out::ConfigGiven& given) {
            if (given.error.empty()) say(index, app.roster->configured(given.executor), seq);
          },
          [&](const out::TargetsRequested& wanted) { want(app, wanted.targets); },
          [&](const out::RoundDone& round) {
            const bool asked = std::ranges::any_of(round.profiles, [](const auto& p) { return p.asked > 0; });
            app.first_round = app.first_round || asked || !round.aborted.empty();
          },
          [&](const out::Exited& exit) {
            app.tally.exit_code = exit.code;
            app.tally.exit_why = exit.why;
            drop_calls(index);
            app.timers.clear();
          },
          [](const auto&) {}},
      effect.effect);
}

void LiveLoop::send(std::uint32_t index, const out::Called& called, Seq seq) {
  apps_[index].calls[called.call] = {called.request, seq};
  if (auto refused = limit_.refuse(index, called.request)) {
    // As if the server had said so, and not before this step is over.
    Sent& sent = apps_[index].calls[called.call];
    count(apps_[index], sent, *refused);
    apps_[index].calls.erase(called.call);
    pending_.push_back({index, in::Replied{called.call, std::move(*refused)}, seq});
    return;
  }
  parts_.client.call(index, called.call, parts_.stand_ins.dressed(called.request));
}

void LiveLoop::count(App& app, const Sent& sent, const ApiReply& reply) {
  const ApiRequest& request = sent.request;
  ++app.tally.answers[fmt::format("{} {} {}", to_text(request.verb), to_text(request.kind), answer_text(reply))];
  if (request.verb == Verb::create && reply.transport != Transport::ok) unsure_ = true;
  if (request.verb == Verb::create && !reply.ok()) {
    app.tally.last_refusal = fmt::format("{} {}: {}", answer_text(reply), reply.reason, reply.message);
  }
}

// Nobody waits for them any more.
void LiveLoop::drop_calls(std::uint32_t index) {
  App& app = apps_[index];
  for (const auto& [call, sent] : app.calls) {
    unsure_ = unsure_ || sent.request.verb == Verb::create;
    parts_.client.release(index, call);
  }
  for (const auto& [watch, seq] : app.watches) parts_.client.release(index, watch);
  app.calls.clear();
  app.watches.clear();
}

// --- the end -------------------------------------------------------------------------------------------------------

bool LiveLoop::satisfied() const {
  return std::ranges::all_of(apps_, [](const App& app) {
    if (app.tally.exit_code) return true;
    if (!app.started || app.planned < app.plan->planned.size()) return false;
    return static_cast<std::int64_t>(app.registered.size()) >= app.tally.target;
  });
}

std::optional<std::string> LiveLoop::over() {
  const TimeUs now = parts_.clock.now();
  if (!log_error_.empty()) return "log failed";
  if (settings_.interrupts() > 0) return "interrupted";
  if (now - began_us_ >= plan_.end_us) return "end";
  const auto all = [&](auto holds) { return std::ranges::all_of(apps_, holds); };
  if (settings_.dry_run && all([](const App& app) { return app.first_round || app.tally.exit_code; })) return "quiet";
  if (all([](const App& app) { return app.tally.exit_code.has_value(); })) return "quiet";
  if (!satisfied()) {
    satisfied_since_.reset();
    const bool planned = std::ranges::any_of(apps_, [](const App& app) {
      return !app.tally.exit_code && (!app.started || app.planned < app.plan->planned.size());
    });
    if (planned || now - alive_us_ < settings_.stuck_us) return std::nullopt;
    return "stuck";
  }
  if (!satisfied_since_) satisfied_since_ = now;
  if (plan_.until_quiet && now - *satisfied_since_ >= settings_.hold_us) return "quiet";
  return std::nullopt;
}

// Every application cleans up as Spark does. It may be cut short: what is left is swept afterwards.
void LiveLoop::stop() {
  for (App& app : apps_) {
    app.tally.registered = static_cast<std::int64_t>(app.registered.size());
    app.planned = app.plan->planned.size();
  }
  const int interrupts = settings_.interrupts();
  const TimeUs deadline = parts_.clock.now() + settings_.stop_us;
  for (std::uint32_t i = 0; i < apps_.size(); ++i) {
    if (apps_[i].started && !apps_[i].tally.exit_code) feed(i, in::Stopped{}, 0);
    if (!apps_[i].started) apps_[i].tally.exit_code = 0;
  }
  const auto stopped = [](const App& app) { return app.tally.exit_code.has_value(); };
  while (log_error_.empty() && !std::ranges::all_of(apps_, stopped) && parts_.clock.now() < deadline &&
         settings_.interrupts() <= std::max(interrupts, 1)) {
    turn();
  }
}

LoopResult LiveLoop::result(std::string ended) {
  for (std::uint32_t i = 0; i < apps_.size(); ++i) drop_calls(i);
  LoopResult done{std::move(ended), log_error_, parts_.clock.now() - began_us_, unsure_, {}};
  for (App& app : apps_) done.applications.push_back(std::move(app.tally));
  return done;
}

}  // namespace podramp::live
