#include "backend/live/live_run.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <memory>

#include "backend/pod_labels.h"

namespace podramp::live {
namespace {

LogHeader header_of(const ClusterClient& client, const LivePlan& plan, const std::string& run) {
  LogHeader header;
  header.seed = plan.seed;
  header.engine = "live";
  header.ties = "fixed";
  header.wall_zero = format_wall_time(0, client.zero());
  header.scenario_json = plan.scenario_json;
  header.live = LiveOrigin{run, client.access().server(), plan.ns};
  for (const LiveApplication& app : plan.applications) {
    const backend::Application& made = app.application;
    header.applications.push_back({made.name, app.spec, made.app_id, made.pod_name_prefix, made.revision});
  }
  return header;
}

// "" or why a driver pod could not be made.
std::string make_driver_pods(ClusterClient& client, const LivePlan& plan, StandIns& stand_ins) {
  for (const LiveApplication& app : plan.applications) {
    const ApiReply reply = client.ask(stand_ins.dressed(create_driver_pod(app)));
    if (reply.ok()) continue;
    return fmt::format("the driver pod {} cannot be made: {}", app.application.conf.driver_pod_name,
                       reply.message.empty() ? to_text(reply.transport) : reply.message);
  }
  return "";
}

std::int64_t wanted_at_once(const LivePlan& plan) {
  std::int64_t all = 0;
  for (const LiveApplication& app : plan.applications) {
    std::int64_t most = app.application.conf.initial_executors;
    for (const PlannedInput& planned : app.planned) {
      const auto* targets = std::get_if<in::TargetSet>(&planned.input);
      for (const auto& [profile, n] : targets == nullptr ? std::map<ProfileId, std::int64_t>{} : targets->targets) {
        most = std::max(most, n);
      }
    }
    all += most;
  }
  return all;
}

}  // namespace

std::string new_run_id() {
  std::array<unsigned char, 5> chance{};
  PODRAMP_CHECK(getrandom(chance.data(), chance.size(), 0) == static_cast<ssize_t>(chance.size()), "no chance to draw");
  std::string id = "r-";
  for (const unsigned char byte : chance) id += fmt::format("{:02x}", byte);
  return id;
}

ApiRequest create_driver_pod(const LiveApplication& application) {
  const backend::Application& app = application.application;
  PodTemplate tmpl;
  tmpl.labels = {{backend::kAppLabel, app.app_id}, {backend::kRoleLabel, "driver"}};
  Container container;
  container.name = "spark-kubernetes-driver";
  container.requests.cpu_milli = 10;
  container.requests.memory_bytes = 16 << 20;
  container.limits.memory_bytes = 64 << 20;
  tmpl.containers.push_back(std::move(container));
  tmpl.restart_policy = "Never";
  tmpl.termination_grace_s = 5;
  tmpl.extra_json = R"({"spec":{"automountServiceAccountToken":false}})";
  auto pod = std::make_shared<Pod>();
  pod->name = app.conf.driver_pod_name;
  pod->ns = app.conf.ns;
  pod->tmpl = share(std::move(tmpl));
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = pod->ns;
  request.body = std::move(pod);
  return request;
}

RunOutcome run_live(ClusterClient& client, const LiveClock& clock, const LivePlan& plan, const RunSettings& settings) {
  RunOutcome outcome;
  Preflight ready = preflight(client, plan, {plan.ns, settings.loop.max_pods, settings.ignore_quota});
  if (const std::int64_t wanted = wanted_at_once(plan);
      settings.max_pods_by_default && settings.loop.max_pods > 0 && wanted > settings.loop.max_pods) {
    ready.missing.push_back(fmt::format("leave for {} executors at once: --max-pods is {} unless you raise it", wanted,
                                        settings.loop.max_pods));
  }
  for (const std::string& note : ready.notes) settings.say(note);
  outcome.missing = std::move(ready.missing);
  if (!outcome.missing.empty()) return outcome;

  EventLog log(LogLevel::decisions);
  auto opened = log.open(settings.log_path, header_of(client, plan, settings.run));
  if (opened) opened = log.sync();  // before anything is made: who cleans up after a kill needs the header
  if (!opened) {
    outcome.error = opened.error().message;
    return outcome;
  }
  outcome.log_path = settings.log_path;
  outcome.began = true;
  StandIns stand_ins(plan.live.stand_in, settings.run, settings.loop.dry_run);
  if (plan.live.driver_pod && !settings.loop.dry_run) outcome.error = make_driver_pods(client, plan, stand_ins);
  if (outcome.error.empty()) {
    settings.say(fmt::format("run {} in namespace {} of {}", settings.run, plan.ns, client.access().server()));
    LiveLoop loop(settings.loop, plan, {client, log, clock, stand_ins});
    outcome.loop = loop.run();
    outcome.error = outcome.loop.error;
  }
  const std::string ended = outcome.loop.ended.empty() ? "no driver pod" : outcome.loop.ended;
  if (auto closed = log.close(ended, clock.now()); !closed && outcome.error.empty()) {
    outcome.error = closed.error().message;
  }
  if (settings.loop.dry_run) return outcome;
  settings.say("cleaning up");
  SweepSettings sweeping;
  sweeping.ns = plan.ns;
  sweeping.run = settings.run;
  sweeping.kinds = kinds_of(plan);
  sweeping.patience_us = settings.patience_us;
  if (outcome.loop.unsure || !outcome.error.empty()) sweeping.settle_us = kSettleUs;
  sweeping.give_up = [&] { return settings.loop.interrupts() > 2; };
  outcome.sweep = sweep(client, clock, sweeping);
  return outcome;
}

}  // namespace podramp::live
