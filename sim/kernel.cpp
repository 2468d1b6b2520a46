#include "sim/kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/port/overloaded.h"
#include "backend/port/random.h"
#include "backend/snapshots.h"
#include "sim/platform.h"

namespace podramp::sim {
namespace {

// The cluster's vocabulary is this file's business.
namespace to = fakeapi::to;
namespace from = fakeapi::from;
using fakeapi::ClientId;
using fakeapi::ClusterState;
using fakeapi::NodeRecord;
using fakeapi::Outgoing;
using fakeapi::Part;
using fakeapi::PodId;
using fakeapi::ToCluster;

constexpr DurationUs kQuietUs = kMinuteUs;       // nothing happened for this long and all is as asked: quiet
constexpr DurationUs kStuckUs = 15 * kMinuteUs;  // ... and something is missing: stuck; longer than any time-out

}  // namespace

Kernel::Kernel(KernelOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(parts),
      runner_(*this, options_.seed),
      decommissioner_(*this, runner_, options_.seed) {}

void Kernel::add(const ApplicationSpec& spec, std::unique_ptr<backend::Session> session, const std::string& app_id,
                 const backend::Conf& conf) {
  const auto index = static_cast<std::uint32_t>(applications_.size());
  Application& app = applications_.emplace_back();
  app.name = spec.name;
  app.ns = spec.ns;
  app.driver_pod = conf.driver_pod_name;
  app.session = std::move(session);
  app.conf = conf;
  app.heartbeat_us = conf.heartbeat_interval_us;
  app.rpc_timeout_us = conf.network_timeout_us;
  app.cores[kDefaultProfile] = conf.executor_cores;
  for (const backend::ResourceProfile& profile : spec.profiles) {
    app.cores[profile.id] = profile.cores.value_or(conf.executor_cores);
  }
  app.alone = !conf.local_master.empty();
  app.is_fork = conf.compat == backend::Compat::fork_2_2;
  app.targets[kDefaultProfile] = conf.initial_executors;
  app.uses_shuffle_pods = shuffle_.any() && conf.scheduling.shuffle_service && !spec.shuffle_sidecar;
  executors_.add_application(index, app_id);
  decommissioner_.add_application(index, spec.name, conf.decommission);
  shuffle_.add_application(index, app_id);
  CHECK(parts_.cluster.add_client(spec.name, api_user(spec)) == index);  // so a client's id is its application's index
  const auto plan = [&](TimeUs at, Input input) {
    ++planned_;
    push_input(at, Lane::demand, ForSession{index, std::move(input), 0, true, true});
  };
  plan(spec.start_us, in::Started{app_id});
  for (const DemandStep& step : spec.demand)
    plan(spec.start_us + step.at_us, in::TargetSet{{{step.profile, step.executors}}});
  if (spec.stop_us) plan(*spec.stop_us, in::Stopped{});
  if (spec.workload) add_workload(index, spec, conf);
}

void Kernel::forge(TimeUs at, std::string by, EventData data) {
  queue_.push(at, Lane::world, Forged{std::move(by), std::move(data)});
}

Ending Kernel::run(Body* around) {
  parts_.engine.run(around == nullptr ? *this : *around);
  report_violations();
  checkpoint(true);
  return ending_;
}

// Everything due at `now`, lane by lane; then the date of the next item.
std::optional<TimeUs> Kernel::turn(TimeUs now, std::span<const TransferEnd> ended) {
  parts_.ledger.set_now(now);
  if (!std::exchange(started_, true)) route(parts_.cluster.start());
  for (const TransferEnd& end : ended) {
    if (end.id >= kTaskTransfers) {
      queue_.push(now, Lane::transfers, TaskFlow{end.id, end.ok});
      continue;
    }
    --pulls_;
    queue_.push(now, Lane::transfers, ForCluster{to::PullEnded{end.id, end.ok}, 0});
  }
  if (now != instant_) handled_at_instant_ = 0;
  instant_ = now;
  while (!queue_.empty() && queue_.next_at() <= now) {
    auto item = queue_.pop();
    std::visit([&](auto& payload) { handle(payload); }, item.payload);
    checkpoint();
    if (++handled_ % 4096 == 0 && options_.poll && options_.poll(now)) ending_ = Ending::interrupted;
    if (++handled_at_instant_ > options_.livelock_items) ending_ = Ending::livelock;
    report_violations();
    if (!options_.goes_on && parts_.properties.failed()) ending_ = Ending::property_failed;
    if (ending_ != Ending::end) return std::nullopt;
  }
  const TimeUs next = queue_.empty() ? kNever : queue_.next_at();
  if (const auto ending = over(next)) {
    ending_ = *ending;
    return std::nullopt;
  }
  return std::min(next, options_.end_us);
}

// Now and then the hash of the whole cluster goes into the log; rarer in large clusters, where hashing costs more.
void Kernel::checkpoint(bool last) {
  const ClusterState& state = parts_.cluster.state();
  const std::uint64_t period =
      std::max<std::uint64_t>(10'000, 4 * (state.pods_by_name().size() + state.nodes().size()));
  if (!last && parts_.ledger.last_seq() < checkpointed_ + period) return;
  PodMemory memory(false);
  checkpointed_ = parts_.ledger.append("kernel", 0, "", podramp::ref(run::Checkpoint{hex(state.hash())}), memory);
}

void Kernel::report_violations() {
  const std::vector<Violation>& all = parts_.properties.violations();
  PodMemory memory(false);
  for (; reported_ < all.size(); ++reported_) {
    const Violation violation = all[reported_];  // appending may add more
    parts_.ledger.append("properties", violation.seq, "",
                         podramp::ref(check::Failed{violation.property, violation.detail}), memory);
  }
}

// Whether the run ends before anything at `next` is done.
std::optional<Ending> Kernel::over(TimeUs next) {
  const TimeUs now = parts_.ledger.now();
  if (now >= options_.end_us) return Ending::end;
  if (!options_.until_quiet || planned_ > 0 || pulls_ > 0 || runner_.busy() || decommissioner_.busy())
    return std::nullopt;
  const TimeUs silent_until = std::min(next, options_.end_us);
  const TimeUs alive_us = std::max(parts_.pulse.last_us(), planned_us_);
  const DurationUs silence = silent_until == kNever ? kStuckUs + 1 : silent_until - alive_us;
  if (silence <= kQuietUs) return std::nullopt;
  if (satisfied()) return silence > kStuckUs || settled() ? std::optional(Ending::quiet) : std::nullopt;
  return silence > kStuckUs ? std::optional(Ending::stuck) : std::nullopt;
}

// Whether nothing slow is under way: no silent node that the cluster may still take pods from (K67-K73), no pod in its
// grace period, no node that an autoscaler adds or removes. Facts are signs of life, so the former are looked up once
// per silence.
bool Kernel::settled() {
  const TimeUs alive_us = std::max(parts_.pulse.last_us(), planned_us_);
  if (parts_.cluster.busy()) return false;
  if (settled_ && settled_->first == alive_us) return settled_->second;
  const ClusterState& state = parts_.cluster.state();
  const bool silent = std::ranges::any_of(
      state.nodes(), [](const auto& node) { return node.second.silent && !node.second.pods.empty(); });
  const bool terminating = std::ranges::any_of(
      state.pods_by_name(), [&](const auto& pod) { return state.find_pod(pod.second)->pod->deletion_us.has_value(); });
  settled_ = {alive_us, !silent && !terminating};
  return settled_->second;
}

bool Kernel::satisfied() const {
  return std::ranges::all_of(applications_, [](const Application& app) {
    if (app.exit_code) return true;
    if (app.held_since_us) return false;
    std::int64_t wanted = 0;
    for (const auto& [profile, target] : app.targets) wanted += std::max<std::int64_t>(target, 0);
    if (app.has_workload && !app.jobs.done()) return false;
    return static_cast<std::int64_t>(app.registered.size()) >= wanted;
  });
}

std::vector<std::string> Kernel::waiting() const {
  std::vector<std::string> lines;
  for (const Application& app : applications_) {
    if (app.exit_code) continue;
    if (app.held_since_us) {
      lines.push_back(fmt::format("{} waits for its driver pod {}/{}", app.name, app.ns, app.driver_pod));
      continue;
    }
    std::int64_t wanted = 0;
    for (const auto& [profile, target] : app.targets) wanted += target;
    if (static_cast<std::int64_t>(app.registered.size()) >= wanted) continue;
    lines.push_back(
        fmt::format("{} waits for executors: {} of {} are registered", app.name, app.registered.size(), wanted));
  }
  for (std::string& line : parts_.cluster.waiting()) lines.push_back(std::move(line));
  return lines;
}

// --- one item ----------------------------------------------------------------------------------------------------

void Kernel::handle(ForCluster& item) {
  const bool from_scenario =
      !std::holds_alternative<to::Request>(item.message) && !std::holds_alternative<to::ReleaseWatch>(item.message) &&
      !std::holds_alternative<to::Timer>(item.message) && !std::holds_alternative<to::PullEnded>(item.message) &&
      !std::holds_alternative<to::ProcessExited>(item.message) && !std::holds_alternative<to::HookEnded>(item.message);
  if (from_scenario) {
    --planned_;
    planned_us_ = now();
  }
  if (const auto* exited = std::get_if<to::ProcessExited>(&item.message)) process_stopped(exited->pod, item.cause);
  std::vector<ForSession> beats = heartbeats(item.message);  // before processes are gone
  route(parts_.cluster.step(item.message, item.cause));
  if (const auto* up = std::get_if<to::NodesUp>(&item.message)) shuffle_reached(up->nodes);
  for (ForSession& beat : beats) push_input(now(), Lane::executors, std::move(beat));
}

void Kernel::handle(ForSession& item) {
  if (item.planned) --planned_;
  if (item.from_start && held_for_driver(item)) return;
  Application& app = applications_[item.application];
  if (app.exit_code) return;
  const bool wanted = std::visit(Overloaded{[&](const in::Replied& r) {
                                              if (!r.reply.ok()) app.watches.erase(r.call);
                                              return app.calls.erase(r.call) > 0;
                                            },
                                            [&](const in::Watched& w) { return app.watches.contains(w.watch); },
                                            [&](const in::WatchClosed& w) { return app.watches.erase(w.watch) > 0; },
                                            [&](const in::TargetSet& t) {
                                              if (app.alone) return true;
                                              for (const auto& [profile, n] : t.targets) app.targets[profile] = n;
                                              return true;
                                            },
                                            [&](const in::ConfChanged& changed) {
                                              change_conf(app, changed.conf);
                                              return true;
                                            },
                                            [](const auto&) { return true; }},
                                 item.input);
  if (!wanted) return;
  if (std::holds_alternative<in::Started>(item.input)) note_driver_pod(item.application);
  feed(item.application, item.input, item.cause);
  // StopExecutor reaches every executor before anything is deleted (02 4.2 stop order).
  if (std::holds_alternative<in::Stopped>(item.input)) end_processes(item.application, 0, item.cause);
  if (const auto* leaving = std::get_if<in::DecommissionRequested>(&item.input)) {
    decommission_themselves(item.application, *leaving, item.cause);
  }
}

void Kernel::handle(Timer& item) {
  Application& app = applications_[item.application];
  const auto armed = app.timers.find(item.id);
  if (app.exit_code || armed == app.timers.end() || armed->second != item.generation) return;
  app.timers.erase(armed);
  feed(item.application, in::TimerDue{item.id.kind, item.id.arg}, item.cause);
}

void Kernel::handle(Deadline& item) {
  Application& app = applications_[item.application];
  if (app.exit_code || app.calls.erase(item.call) == 0) return;
  ApiReply reply;
  reply.transport = Transport::timed_out;
  reply.message = "no answer within the request timeout";
  feed(item.application, in::Replied{item.call, std::move(reply)}, item.cause);
}

void Kernel::handle(Ask& item) {
  const Process* process = executors_.ask(item.pod);
  if (process == nullptr || applications_[process->application].exit_code) return;
  const NodeRecord* node = parts_.cluster.state().find_node(process->host);
  if (node != nullptr && node->silent) {  // its driver is out of reach: it gives up
    queue_.push(now() + applications_[process->application].rpc_timeout_us, Lane::server,
                ForCluster{to::ProcessExited{item.pod, 1}, item.cause});
    return;
  }
  if (applications_[process->application].is_fork) {
    return feed(process->application, in::ConfigAsked{process->executor}, item.cause);
  }
  if (process->executor == 0) return feed(process->application, in::ExecutorIdAsked{process->pod_name}, item.cause);
  feed(process->application, registration(*process, item.pod), item.cause);
}

void Kernel::handle(Exit& item) {
  --planned_;
  planned_us_ = now();
  for (std::uint32_t i = 0; i < applications_.size(); ++i) {
    if (applications_[i].name != item.exit.application) continue;
    for (const ExecutorId id : item.exit.executors) {
      const auto pod = executors_.find(i, id);
      if (pod)
        queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{*pod, item.exit.exit_code, item.exit.oom}, 0});
    }
  }
}

void Kernel::handle(Forged& item) {
  PodMemory memory(false);
  parts_.ledger.append(item.by, 0, "", podramp::ref(item.data), memory);
}

// --- a session's side ----------------------------------------------------------------------------------------------

void Kernel::feed(std::uint32_t application, const Input& input, Seq cause) {
  backend::Session& session = *applications_[application].session;
  std::vector<backend::Session::Logged> effects = session.feed(input, cause);
  for (backend::Session::Logged& effect : effects) perform(application, effect);
}

void Kernel::perform(std::uint32_t application, backend::Session::Logged& effect) {
  Application& app = applications_[application];
  const Seq seq = effect.seq;
  std::visit(
      Overloaded{[&](const out::Called& called) { send(application, called, seq); },
                 [&](const out::WatchReleased& released) {
                   app.watches.erase(released.watch);
                   queue_.push(now(), Lane::server, ForCluster{to::ReleaseWatch{application, released.watch}, seq});
                 },
                 [&](const out::TimerSet& timer) {
                   const TimerId id{timer.timer, timer.arg};
                   app.timers[id] = ++generation_;
                   push_input(std::max(timer.at_us, now()), Lane::timers, Timer{application, id, generation_, seq});
                 },
                 [&](const out::TimerCancelled& timer) {
                   app.timers.erase({timer.timer, timer.arg});
                 },
                 [&](const out::RegistrationAccepted& accepted) {
                   app.registered.insert(accepted.executor);
                   executors_.registered(application, accepted.executor, now());
                   shuffle_registration(application, accepted.executor, seq);
                 },
                 [&](const out::ExecutorIdGiven& given) {
                   const auto pod = executors_.named(application, given.pod, given.executor);
                   if (pod) push_input(now(), Lane::executors, Ask{*pod, seq});
                 },
                 [&](const out::ExecutorStopped& stopped) { end_executor(application, stopped.executor, seq); },
                 [&](const out::DecommissionSent& sent) { decommission(application, sent.executor, seq); },
                 [&](const out::TargetsRequested& wanted) {
                   for (const auto& [profile, n] : wanted.targets) app.targets[profile] = n;
                 },
                 [&](const out::RegistrationRefused& refused) {
                   const auto pod = executors_.find(application, refused.executor);
                   if (pod) queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{*pod, 1}, seq});
                 },
                 [&](const out::ConfigGiven& given) { config_given(application, given, seq); },
                 [&](const out::ExecutorRemoved& removed) { app.registered.erase(removed.executor); },
                 [&](const out::TaskLaunched& task) { start_task(application, task, seq); },
                 [&](const out::TaskKilled& task) { runner_.kill(now(), application, task.task); },
                 [&](const out::JobEnded& job) { job_ended(application, job); },
                 [&](const out::Exited& exit) { exited(application, exit.code, seq); }, [](const auto&) {}},
      effect.effect);
}

void Kernel::send(std::uint32_t application, const out::Called& called, Seq cause) {
  Application& app = applications_[application];
  const ApiRequest& request = called.request;
  if (request.verb == Verb::create && request.body != nullptr && called.attempt == 1) {
    const auto profile = backend::profile_id(*request.body).value_or(kDefaultProfile);
    const auto books = app.session->backend().books();
    parts_.properties.check_create(app.name, profile, books, app.conf.max_pending_pods, cause, now());
  }
  app.calls.insert(called.call);
  if (request.verb == Verb::watch) app.watches.insert(called.call);
  // A create draws by the name of its pod, so that a batch size moves no executor's luck (design 2.1).
  const bool create = request.verb == Verb::create;
  const std::string& created = request.manifest != nullptr ? request.manifest->name : app.name;
  const std::string& entity = !create ? app.name : request.body != nullptr ? request.body->name : created;
  const std::uint64_t ordinal = create ? static_cast<std::uint64_t>(called.attempt) : called.call.value;
  const DurationUs travel =
      parts_.cluster.config().latency.request.sample(Draw(options_.seed, "net.request", entity, ordinal));
  queue_.push(now() + travel, Lane::server,
              ForCluster{to::Request{application, called.call, request, called.attempt}, cause});
  if (request.verb != Verb::watch) {
    queue_.push(now() + request.timeout_us, Lane::deliveries, Deadline{application, called.call, cause});
  }
}

// The driver process is gone: its connections close, and its executors end because they have lost it.
void Kernel::exited(std::uint32_t application, int code, Seq cause) {
  Application& app = applications_[application];
  app.exit_code = code;
  for (const CallId watch : app.watches) {
    queue_.push(now(), Lane::server, ForCluster{to::ReleaseWatch{application, watch}, cause});
  }
  app.watches.clear();
  app.timers.clear();
  end_processes(application, 1, cause);
  end_driver_pod(application, code, cause);
}

void Kernel::push_input(TimeUs at, Lane lane, Payload item) {
  ++inputs_;
  if (!options_.ties_shuffled) return queue_.push(at, lane, std::move(item));
  // What one connection carries stays in order: the answer that opens a watch and all that it delivers.
  const std::string stream = stream_of(item);
  const auto ordinal = stream.empty() ? inputs_ : static_cast<std::uint64_t>(at);
  queue_.push(at, Lane::deliveries, std::move(item), Draw(options_.seed, "ties", stream, ordinal)());
}

// The watch or call that an input belongs to; "" for all that comes by itself.
std::string Kernel::stream_of(const Payload& item) {
  const auto named = [](ClientId client, const Input& input) {
    const auto call = std::visit(Overloaded{[](const in::Replied& m) { return m.call.value; },
                                            [](const in::Watched& m) { return m.watch.value; },
                                            [](const in::WatchClosed& m) { return m.watch.value; },
                                            [](const auto&) { return std::uint64_t{0}; }},
                                 input);
    return call == 0 ? std::string() : fmt::format("{}/{}", client, call);
  };
  if (const auto* session = std::get_if<ForSession>(&item)) return named(session->application, session->input);
  if (const auto* shuffle = std::get_if<ForShuffle>(&item)) return named(shuffle->client, shuffle->input);
  if (const auto* guest = std::get_if<ForGuest>(&item)) return named(guest->client, guest->input);
  return "";
}

// --- the cluster's side --------------------------------------------------------------------------------------------

void Kernel::route(std::vector<Outgoing> messages) {
  for (Outgoing& out : messages) {
    const TimeUs at = out.at;
    const Seq cause = out.cause;
    const auto to_session = [&](ClientId client, Input input) {
      if (guests_.contains(client)) return push_input(at, Lane::deliveries, ForGuest{client, std::move(input)});
      if (client >= applications_.size()) {
        return push_input(at, Lane::deliveries, ForShuffle{client, std::move(input), cause});
      }
      push_input(at, Lane::deliveries, ForSession{client, std::move(input), cause});
    };
    std::visit(Overloaded{[&](from::Reply& m) {
                            to_session(m.client, in::Replied{m.call, std::move(m.reply)});
                          },
                          [&](from::WatchEvents& m) {
                            to_session(m.client, in::Watched{m.watch, std::move(m.events)});
                          },
                          [&](from::WatchClosed& m) {
                            to_session(m.client, in::WatchClosed{m.watch, m.code, m.reason});
                          },
                          [&](from::SetTimer& m) {
                            const Lane lane = m.timer.part == Part::node_lifecycle ? Lane::world : Lane::server;
                            queue_.push(at, lane, ForCluster{to::Timer{m.timer}, cause});
                          },
                          [&](auto&) {
                            if (at <= now()) return perform(out);
                            queue_.push(at, Lane::world, Later{std::move(out)});
                          }},
               out.message);
  }
}

void Kernel::perform(Outgoing& out) {
  std::visit(
      Overloaded{[&](const from::StartPull& m) {
                   ++pulls_;
                   parts_.engine.start({m.pull, m.registry, static_cast<std::int32_t>(m.node), m.bytes});
                 },
                 [&](const from::SendReply& m) {
                   ++pulls_;
                   parts_.engine.start(reply_transfer(parts_.cluster.config(), m.reply, m.bytes));
                 },
                 [&](const from::CancelPull& m) {
                   if (parts_.engine.cancel(m.pull)) --pulls_;
                 },
                 [&](const from::NodePower& m) { parts_.engine.set_node(static_cast<std::int32_t>(m.node), m.on); },
                 [&](const from::ProcessStarted& m) { process_started(m.pod, *m.object, out.cause); },
                 [&](const from::ProcessStopped& m) { told_to_stop(m, out.cause); },
                 [&](const from::HookStarted& m) { hook_started(m.pod, out.cause); },
                 [&](const from::ClientCrashed& m) {
                   if (guests_.contains(m.client) && crash_listener_) return crash_listener_(m.client);
                   if (m.client < applications_.size() && !applications_[m.client].exit_code) {
                     exited(m.client, kKilled, out.cause);
                   }
                 },
                 [](const auto&) { PODRAMP_CHECK(false, "a message that route() delivers itself"); }},
      out.message);
}

}  // namespace podramp::sim
