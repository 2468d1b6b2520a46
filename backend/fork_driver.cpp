#include "backend/fork_driver.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "backend/changed_conf.h"
#include "backend/pod_labels.h"
#include "backend/port/overloaded.h"

namespace podramp::backend {
namespace {

constexpr std::uint64_t kPodWatch = 0;  // args of TimerKind::watch_reconnect
constexpr std::uint64_t kShuffleWatch = 1;

// By the application's id alone, so that the driver pod matches too (Q15).
LabelSelector pods_of(const Application& application) {
  LabelSelector selector;
  selector.all.push_back({kAppLabel, SelectorOp::equals, {application.app_id}});
  if (application.fixes.contains(Fix::q15)) {
    selector.all.push_back({kRoleLabel, SelectorOp::equals, {"executor"}});
  }
  return selector;
}

// spark.hadoop.*, as Hadoop's own settings.
StringMap hadoop_settings(const StringMap& raw) {
  constexpr std::string_view kPrefix = "spark.hadoop.";
  StringMap settings;
  for (const auto& [key, value] : raw) {
    if (key.starts_with(kPrefix)) settings.emplace(key.substr(kPrefix.size()), value);
  }
  return settings;
}

LabelSelector shuffle_pods(const StringMap& labels) {
  LabelSelector selector;
  for (const auto& [name, value] : labels) selector.all.push_back({name, SelectorOp::equals, {value}});
  return selector;
}

}  // namespace

ForkDriver::ForkDriver(Application application)
    : app_(std::move(application)),
      calls_(kNoRetries),
      watch_(app_.conf.ns, pods_of(app_), kPodWatch),
      shuffle_(app_.fixes),
      pods_by_ip_({fixed(Fix::q14), fixed(Fix::q47)}) {
  const ForkConfOutcome read = read_fork_conf(app_.conf.raw);
  if (read.conf) conf_ = *read.conf;
  if (!read.errors.empty()) conf_error_ = podramp::to_string(read.errors.front());
  conf_.ns = app_.conf.ns;
  conf_.sidecar = app_.shuffle_sidecar;
  if (conf_.shuffle_service && !conf_.sidecar) {
    shuffle_watch_.emplace(conf_.shuffle_ns, shuffle_pods(conf_.shuffle_labels), kShuffleWatch);
  }
  set_nodes(app_.nodes);
  const ForkHostRules rules{conf_.node_name_dns_lookup, fixed(Fix::q16)};
  jobs_.emplace(app_, conf_, std::make_unique<ForkHostNames>(rules, pods_by_ip_, dns_, racks_), job_actions());
}

// Called within a step only.
ForkJobs::Actions ForkDriver::job_actions() {
  ForkJobs::Actions actions;
  actions.is_alive = [this](ExecutorId id) { return executors_.contains(id) && !executors_.is_leaving(id); };
  actions.request_total = [this](std::int64_t total, const ForkJobs::Hints& hints) {
    request_total({{{kDefaultProfile, total}}, hints});
  };
  actions.kill = [this](const in::KillRequested& request) { return kill_requested(request); };
  actions.hint = [this](const ForkJobs::Hints& hints) { hints_ = hints; };
  return actions;
}

void ForkDriver::set_nodes(NodeDirectory nodes) {
  nodes_ = std::move(nodes);
  dns_ = ReverseDns(nodes_.canonical_of);
  if (topology_configured(hadoop_settings(app_.conf.raw))) racks_ = RackTable(nodes_.rack_of);
}

void ForkDriver::step(TimeUs now, const Input& input, Outbox& out) {
  if (phase_ == Phase::exited) return;
  now_ = now;
  out_ = &out;
  std::visit(Overloaded{[&](const in::Started&) { start(); }, [&](const in::TimerDue& timer) { timer_due(timer); },
                        [&](const in::TargetSet& set) { request_total(set); },
                        [&](const in::ExecutorsRequested& more) {
                          if (phase_ != Phase::running) return;
                          set_target(executors_.add_to_requested_total(more.more));
                          tell_total(fmt::format("{} more executors were requested", more.more));
                        },
                        [&](const in::KillRequested& kill) { kill_requested(kill); },
                        [&](const in::Registered& executor) { rpc_.emplace_back(executor); },
                        [&](const in::Disconnected& executor) { rpc_.emplace_back(executor); },
                        [&](const in::ConfigAsked& asked) { rpc_.emplace_back(asked); },
                        [&](const in::HeartbeatsStopped& silent) { heartbeats_stopped(silent); },
                        [&](const in::Replied& replied) { answered(replied); },
                        [&](const in::Watched& events) { watched(events); },
                        [&](const in::WatchClosed& closed) { watch_closed(closed); },
                        [&](const in::ConfChanged& changed) { conf_changed(changed.conf); },
                        [&](const in::Stopped&) { stop(0, "stopped"); },
                        [&](const in::JobSubmitted& job) { jobs_->job_submitted(now_, job.job, out); },
                        [&](const in::TaskEnded& ended) { jobs_->task_ended(now_, ended, out); },
                        [&](const in::BlockUpdated& block) { jobs_->block_updated(block); },
                        [](const auto&) {}},  // later Sparks' inputs
             input);
  settle();
  if (phase_ == Phase::running) jobs_->after_step(now_, ready_to_schedule_ && first_target_set_, out);
  out_ = nullptr;
}

ApiRequest ForkDriver::about(Verb verb, const std::string& pod) const {
  ApiRequest request;
  request.verb = verb;
  request.ns = conf_.ns;
  request.name = pod;
  return request;
}

void ForkDriver::ask(ApiRequest request, Waiting waiting) {
  waiting.sent_us = now_;
  const CallId call = calls_.start(CallOwner::allocator, std::move(request), *out_).call;
  waiting_.emplace(call, std::move(waiting));
}

// --- construction and start (01 1.2, 1.3) --------------------------------------------------------------------------

void ForkDriver::start() {
  if (phase_ != Phase::fresh) return;
  phase_ = Phase::constructing;
  started_us_ = now_;
  jobs_->start(now_);
  exit_ = {1, ""};
  if (!conf_error_.empty()) {
    exit_.why = conf_error_;
  } else if (conf_.driver_pod_name.empty()) {
    exit_.why = "must specify the driver pod name; set spark.kubernetes.driver.pod.name";
  } else if (fixed(Fix::q21) && conf_.dynamic_allocation && !conf_.cores_are_whole) {
    exit_.why = "spark.executor.cores must be a whole number with dynamic allocation";
  }
  if (!exit_.why.empty()) return exit();
  out_->add(out::TimerSet{TimerKind::ready_wait, 0, now_ + conf_.max_registered_wait_us});
  ask(about(Verb::get, conf_.driver_pod_name), {Ask::driver_pod, 0, nullptr, {}, 0});
}

void ForkDriver::driver_pod_answered(const ApiReply& reply) {
  if (phase_ != Phase::constructing) return;
  if (!reply.ok() && reply.code != 404) {
    exit_ = {
        1, fmt::format("executors cannot find the driver pod {}: {}", conf_.driver_pod_name, describe_failure(reply))};
    return exit();
  }
  driver_pod_ = reply.ok() ? reply.object : nullptr;  // a 404 is found out with the first executor's pod
  const auto initial = fork_initial_executors(conf_, app_.fixes);
  if (!initial) {
    exit_ = {1, initial.error().message};
    return exit();
  }
  initial_ = *initial;
  ForkIdentity identity;
  identity.app_id = app_.app_id;
  identity.pod_name_prefix = app_.pod_name_prefix;
  factory_.emplace(conf_, std::move(identity), driver_pod_, fork_local_dirs(conf_), app_.fixes);
  phase_ = Phase::starting;
  waiting_.emplace(watch_.open(calls_, *out_), Waiting{Ask::watch, 0, nullptr, {}, now_});
}

void ForkDriver::watch_opened(const Completed& completed) {
  const bool open = watch_.opened(now_, completed, *out_);
  if (phase_ != Phase::starting || watch_opened_) return;  // one that was cut, and opened again
  if (open) {
    watch_opened_ = true;
    pass_armed_ = true;
    out_->add(out::TimerSet{TimerKind::fork_pass, 0, now_});
    if (fixed(Fix::q07)) out_->add(out::TimerSet{TimerKind::poll, 0, now_ + kReconcileUs});
    return shuffle_watch_ ? start_shuffle() : started();
  }
  exit_ = {1, fmt::format("the pod watch cannot be opened: {}", describe_failure(completed.reply))};
  exit();
}

void ForkDriver::start_shuffle() {
  ApiRequest request;
  request.verb = Verb::list;
  request.ns = shuffle_watch_->ns();
  request.label_selector = shuffle_watch_->selector();
  ask(std::move(request), {Ask::shuffle_list, 0, nullptr, {}, 0});
}

void ForkDriver::shuffle_listed(const ApiReply& reply) {
  if (phase_ != Phase::starting) return;
  if (!reply.ok() || !reply.list) {
    return stop(1, fmt::format("the shuffle service's pods cannot be listed: {}", describe_failure(reply)));
  }
  if (const std::string error = shuffle_.on_listed(reply.list->items); !error.empty()) return stop(1, error);
  waiting_.emplace(shuffle_watch_->open(calls_, *out_), Waiting{Ask::shuffle_watch, 0, nullptr, {}, now_});
}

void ForkDriver::shuffle_watch_opened(const Completed& completed) {
  const bool open = shuffle_watch_->opened(now_, completed, *out_);
  if (phase_ != Phase::starting || start_done_) return;
  if (open) return started();
  stop(1, fmt::format("the watch of shuffle pods cannot be opened: {}", describe_failure(completed.reply)));
}

// start() has come to its end; the allocation manager follows it, when there is one.
void ForkDriver::started() {
  start_done_ = true;
  if (conf_.dynamic_allocation && !conf_.cores_are_whole) {
    return stop(1, "spark.executor.cores is not a whole number, which dynamic allocation needs (Q21)");
  }
  if (const std::string fault = jobs_->scaling_fault(initial_); !fault.empty()) return stop(1, fault);
  phase_ = Phase::running;
  apply_first_target();
  check_ready();
}

// It is handed to the request pool, while the allocator's first pass is due at once: that sees a target of 0.
void ForkDriver::apply_first_target() {
  if (!start_done_ || passes_ == 0 || first_target_set_ || phase_ != Phase::running) return;
  first_target_set_ = true;
  if (jobs_->scales()) {
    jobs_->start_scaling(now_, initial_, *out_);
  } else {
    // Static allocation passes by requested_total (Q19).
    if (conf_.dynamic_allocation || fixed(Fix::q19)) executors_.set_requested_total(initial_);
    set_target(initial_);
  }
  if (early_target_) request_total(*std::exchange(early_target_, std::nullopt));
}

void ForkDriver::request_total(const in::TargetSet& set) {
  if (phase_ == Phase::stopping) return;
  if (!first_target_set_) {
    early_target_ = set;
    return;
  }
  const auto target = set.targets.find(kDefaultProfile);
  for (const auto& [profile, n] : set.targets) {
    if (profile != kDefaultProfile) note("warn", fmt::format("fork-2.2 knows no resource profile {}", profile));
  }
  // Without dynamic allocation nobody counts tasks by host (Q18).
  if (conf_.dynamic_allocation || fixed(Fix::q18)) hints_ = set.hints;
  if (target == set.targets.end()) return;
  if (target->second < 0) return note("error", fmt::format("{} executors cannot be requested", target->second));
  executors_.set_requested_total(target->second);
  set_target(target->second);
}

void ForkDriver::set_target(std::int64_t target) {
  target_ = target;
  if (fixed(Fix::q06)) cancel_excess();
}

// Scaling by load says for itself what it asks for.
void ForkDriver::tell_total(std::string why) {
  if (app_.revision < kForkTotalsRevision || jobs_->scales()) return;
  out_->add(out::TargetsRequested{{{kDefaultProfile, target_}}, {}, std::move(why)});
}

void ForkDriver::conf_changed(const StringMap& changes) {
  ConfOutcome changed = changed_conf(app_.conf, changes);
  if (!changed.conf) return note("error", to_string(changed.errors.front()));
  app_.conf = std::move(*changed.conf);
  conf_.batch_size = app_.conf.batch_size;
  conf_.batch_delay_us = app_.conf.batch_delay_us;
}

// 01 1.13.
void ForkDriver::check_ready() {
  if (ready_to_schedule_ || phase_ != Phase::running) return;
  const bool enough =
      static_cast<double>(executors_.registered()) >= static_cast<double>(initial_) * conf_.min_registered_ratio;
  if (!enough && !waited_long_enough_) return;
  ready_to_schedule_ = true;
  if (!waited_long_enough_) out_->add(out::TimerCancelled{TimerKind::ready_wait, 0});
  out_->add(out::ReadyToSchedule{executors_.registered(), initial_, !enough});
}

// --- timers and replies --------------------------------------------------------------------------------------------

void ForkDriver::timer_due(const in::TimerDue& timer) {
  switch (timer.timer) {
    case TimerKind::fork_pass: pass_armed_ = false; return begin_pass();
    case TimerKind::ready_wait: waited_long_enough_ = true; return check_ready();
    case TimerKind::heartbeat_check: heartbeat_check_armed_ = false; return check_heartbeats();
    case TimerKind::poll: return relist();
    case TimerKind::revive:
    case TimerKind::dynamic_tick: return jobs_->timer_due(now_, timer, *out_);
    case TimerKind::watch_reconnect: {
      const bool pods = timer.arg == kPodWatch;
      const auto call = (pods ? watch_ : *shuffle_watch_).on_reconnect_due(calls_, *out_);
      if (call) waiting_.emplace(*call, Waiting{pods ? Ask::watch : Ask::shuffle_watch, 0, nullptr, {}, now_});
      return;
    }
    default: return;
  }
}

void ForkDriver::answered(const in::Replied& replied) {
  const auto completed = calls_.on_reply(now_, replied, *out_);
  if (!completed) return;
  auto waiting = waiting_.extract(completed->call);
  if (waiting) give(waiting.mapped(), *completed);
}

void ForkDriver::give(const Waiting& waiting, const Completed& completed) {
  switch (waiting.ask) {
    case Ask::driver_pod: return driver_pod_answered(completed.reply);
    case Ask::watch: return watch_opened(completed);
    case Ask::shuffle_list: return shuffle_listed(completed.reply);
    case Ask::shuffle_watch: return shuffle_watch_opened(completed);
    case Ask::create: return created(waiting, completed.reply);
    case Ask::adopt: return adopted(waiting, completed.reply);
    case Ask::purge: return purged(waiting, completed.reply);
    case Ask::kill: return killed(waiting, completed.reply);
    case Ask::config: return config_answered(waiting, completed.reply);
    case Ask::clean_up: return deleted(waiting, completed.reply);
    case Ask::relist: return relisted(waiting, completed.reply);
  }
}

// --- for people ----------------------------------------------------------------------------------------------------

Books ForkDriver::books() const {
  Books books;
  books.next_executor_id = last_executor_id_ + 1;
  books.outstanding = std::max<std::int64_t>(0, requested_count() - executors_.registered());
  books.registered = executors_.registered();
  books.round_in_flight = pass_.has_value();
  if (pass_) {
    books.profiles.push_back(pass_->report);
  } else if (last_report_) {
    books.profiles.push_back(*last_report_);
  }
  return books;
}

std::string ForkDriver::describe() const {
  static constexpr std::array<std::string_view, 6> kPhases{
      "fresh", "looking up the driver pod", "starting", "running", "stopping", "exited"};
  std::string text = fmt::format("application {}: {}\n", app_.app_id, kPhases.at(static_cast<std::size_t>(phase_)));
  const auto fact = [&text](std::string_view name, const auto& value) { text += fmt::format("{}: {}\n", name, value); };
  fact("executor ids used", last_executor_id_);
  fact("target", target_);
  fact("requested total", executors_.requested_total());
  fact("requested pods", requested_count());
  fact("registered", executors_.registered());
  fact("allocator", allocator_dead_ ? "dead: an exception ended it (Q01)" : pass_ ? "in a pass" : "idle");
  fact("lock", locked_ ? fmt::format("held, {} wait", lock_queue_.size()) : "free");
  fact("watch", watch_.is_open() ? "open" : watch_.is_dead() ? "ended for good (Q07)" : "not open");
  for (const auto& [id, requested] : requested_) {
    text += fmt::format("executor {}: pod {}, created at {}{}\n", id, requested.pod->name,
                        format_time(requested.created_us), executors_.contains(id) ? ", registered" : "");
  }
  for (const auto& [id, pod] : pending_removal_) {
    const auto looks = looks_.find(id);
    text += fmt::format("executor {}: its loss reason has been looked for {} times\n", id,
                        looks == looks_.end() ? 0 : looks->second.count);
  }
  for (const std::string& line : jobs_->describe()) text += line + "\n";
  for (const auto& [name, reason] : exit_reasons_) text += fmt::format("exit reason: {}\n", reason.text);
  return text;
}

std::unique_ptr<Driver> make_fork_driver(Application application) {
  return std::make_unique<ForkDriver>(std::move(application));
}

}  // namespace podramp::backend
