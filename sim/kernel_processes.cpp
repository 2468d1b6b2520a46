// The part of the kernel (kernel.h) that keeps simulated executor processes and their driver in touch: what ends a
// process, what its end tells the driver, and its heartbeats. Not here: the main loop (kernel.cpp).
#include <algorithm>
#include <utility>

#include "backend/port/random.h"
#include "sim/kernel.h"

namespace podramp::sim {

namespace to = fakeapi::to;
using fakeapi::LatencyModel;
using fakeapi::NodeRecord;
using fakeapi::PodId;
using fakeapi::ToCluster;
using fakeapi::uid_text;

// Executors on nodes that go silent, or can be reached again, fall silent and speak again with them.
std::vector<Kernel::ForSession> Kernel::heartbeats(const ToCluster& message) {
  std::vector<ForSession> inputs;
  const auto* down = std::get_if<to::NodesDown>(&message);
  const auto* up = std::get_if<to::NodesUp>(&message);
  if (down == nullptr && up == nullptr) return inputs;
  for (const std::string& node : down != nullptr ? down->nodes : up->nodes) {
    for (const PodId pod : executors_.set_silent(node, down != nullptr)) {
      const Process& process = *executors_.process(pod);
      if (down != nullptr) {
        inputs.push_back({process.application, in::HeartbeatsStopped{process.executor, last_heartbeat(process)}, 0});
      } else {
        inputs.push_back({process.application, in::HeartbeatsResumed{process.executor}, 0});
      }
    }
  }
  return inputs;
}

// A heartbeat every interval, the first one after one to two intervals, so that executors are not in step.
TimeUs Kernel::last_heartbeat(const Process& process) const {
  const DurationUs interval = applications_[process.application].heartbeat_us;
  const TimeUs registered = process.registered_us.value_or(now());
  if (interval <= 0) return registered;
  const auto spread =
      Draw(options_.seed, "executor.heartbeat", process.pod_name)() % static_cast<std::uint64_t>(interval);
  const TimeUs first = registered + interval + static_cast<DurationUs>(spread);
  return now() < first ? registered : first + (now() - first) / interval * interval;
}

// What the conf says of an executor need not be said again; its pod may say otherwise (recovery mode).
in::Registered Kernel::registration(const Process& process, PodId pod) const {
  in::Registered registered{process.executor, registering_host(process, pod)};
  if (process.profile != kDefaultProfile) registered.profile = process.profile;
  const auto& cores = applications_[process.application].cores;
  const auto usual = cores.find(process.profile);
  if (process.cores > 0 && (usual == cores.end() || usual->second != process.cores)) registered.cores = process.cores;
  return registered;
}

void Kernel::end_processes(std::uint32_t application, int exit_code, Seq cause) {
  const LatencyModel& stop = parts_.cluster.config().latency.stop;
  for (const PodId pod : executors_.of(application)) {
    executors_.set_ending(pod);
    const DurationUs after = stop.sample(Draw(options_.seed, "executor.stop", uid_text(pod)));
    queue_.push(now() + after, Lane::server, ForCluster{to::ProcessExited{pod, exit_code}, cause});
  }
}

const fakeapi::PodRecord* Kernel::driver_pod(const Application& app) const {
  return app.driver_pod.empty() ? nullptr : parts_.cluster.state().find_pod(app.ns + "/" + app.driver_pod);
}

// A driver pod of the scenario that has ended or is gone, before its driver was to start.
bool Kernel::lost_driver_pod(const Application& app) const {
  const fakeapi::PodRecord* record = driver_pod(app);
  if (record != nullptr) return record->pod->phase == PodPhase::failed || record->pod->phase == PodPhase::succeeded;
  return std::ranges::any_of(parts_.cluster.config().existing, [&](const fakeapi::ExistingPod& existing) {
    return existing.pod.name == app.driver_pod && existing.pod.ns == app.ns;
  });
}

// A driver whose pod of the scenario waits for a node, or is still being started, is not up yet: what is planned for
// its application waits with it. One whose pod has ended never comes.
bool Kernel::held_for_driver(ForSession& item) {
  Application& app = applications_[item.application];
  if (app.exit_code || (app.up && app.late_us == 0)) return false;
  if (app.up) {
    item.from_start = false;
    ++planned_;
    push_input(now() + app.late_us, Lane::demand, std::move(item));
    return true;
  }
  if (!app.held_since_us && lost_driver_pod(app)) {
    exited(item.application, kKilled, item.cause);
    return true;
  }
  if (!app.held_since_us) {
    const fakeapi::PodRecord* record = driver_pod(app);
    app.up = record == nullptr || record->pod->phase != PodPhase::pending;
    if (app.up) return false;
    app.held_since_us = now();
  }
  app.held.emplace_back(now() - *app.held_since_us, item.input);
  return true;
}

// Its JVM comes up, and all that was planned is that much later.
void Kernel::driver_started(const Pod& pod) {
  for (std::uint32_t i = 0; i < applications_.size(); ++i) {
    Application& app = applications_[i];
    if (!app.held_since_us || app.driver_pod != pod.name || app.ns != pod.ns) continue;
    const DurationUs boot =
        parts_.cluster.config().latency.jvm.sample(Draw(options_.seed, "executor.jvm", app.driver_pod));
    app.late_us = now() + boot - *app.held_since_us;
    app.held_since_us.reset();
    app.up = true;
    for (auto& [after, input] : std::exchange(app.held, {})) {
      ++planned_;
      push_input(now() + boot + after, Lane::demand, ForSession{i, std::move(input), 0, true});
    }
  }
}

// A driver pod of the scenario ends with its driver if it is like Spark's, which is never started again.
void Kernel::end_driver_pod(std::uint32_t application, int exit_code, Seq cause) {
  const Application& app = applications_[application];
  const fakeapi::PodRecord* record = driver_pod(app);
  if (record == nullptr || record->pod->tmpl->restart_policy != "Never") return;
  queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{record->id, exit_code}, cause});
}

bool Kernel::end_executor(std::uint32_t application, ExecutorId executor, Seq cause) {
  const auto pod = executors_.find(application, executor);
  if (!pod || executors_.process(*pod)->silent) return false;
  executors_.set_ending(*pod);
  const LatencyModel& stop = parts_.cluster.config().latency.stop;
  const DurationUs takes = stop.sample(Draw(options_.seed, "executor.stop", uid_text(*pod)));
  queue_.push(now() + takes, Lane::server, ForCluster{to::ProcessExited{*pod, 0}, cause});
  return true;
}

void Kernel::decommission(std::uint32_t application, ExecutorId executor, Seq cause) {
  const auto pod = executors_.find(application, executor);
  if (pod && !executors_.process(*pod)->silent) decommissioner_.begin(now(), application, executor, cause);
}

// They have told their driver; those that it does not know go on as before (ExecutorDecommissioning).
void Kernel::decommission_themselves(std::uint32_t application, const in::DecommissionRequested& leaving, Seq cause) {
  if (!leaving.by_executor) return;
  const std::set<ExecutorId>& known = applications_[application].registered;
  for (const ExecutorId id : leaving.executors) {
    if (known.contains(id)) decommission(application, id, cause);
  }
}

// Spark's hook (decom.sh) sends SIGPWR to the executor's Java and waits until that has ended. An executor that still
// starts has no handler yet, and the signal ends it; one that ends already takes no notice. Other images' hooks are
// unknown, and take no time.
void Kernel::hook_started(PodId pod, Seq cause) {
  const Process* process = executors_.process(pod);
  if (process == nullptr || !decommissioner_.listens(process->application)) {
    return queue_.push(now(), Lane::server, ForCluster{to::HookEnded{pod}, cause});
  }
  if (process->ending) return;
  const Application& app = applications_[process->application];
  if (!app.registered.contains(process->executor)) {
    return queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{pod, kPowerFailureCode}, cause});
  }
  push_input(now(), Lane::executors,
             ForSession{process->application, in::DecommissionRequested{{process->executor}, false, true}, cause});
}

std::vector<ExecutorId> Kernel::registered(std::uint32_t application) const {
  const std::set<ExecutorId>& known = applications_[application].registered;
  return {known.begin(), known.end()};
}

std::optional<std::int32_t> Kernel::node_of(std::uint32_t application, ExecutorId executor) const {
  const auto pod = executors_.find(application, executor);
  if (!pod) return std::nullopt;
  return node_index(executors_.process(*pod)->host);
}

// A driver whose pod is deleted gets SIGTERM, and Spark's shutdown hook stops the application; one whose pod is gone,
// or whose node has lost its power, is simply dead.
void Kernel::driver_stopped(PodId pod, Seq cause) {
  const auto drivers = driver_pods_.find(pod);
  if (drivers == driver_pods_.end()) return;
  const fakeapi::PodRecord* record = parts_.cluster.state().find_pod(pod);
  const bool asked = record != nullptr && record->pod->deletion_us.has_value();
  for (const std::uint32_t application : drivers->second) {
    if (applications_[application].exit_code) continue;
    if (asked) {
      push_input(now(), Lane::demand, ForSession{application, in::Stopped{}, cause});
    } else {
      exited(application, kKilled, cause);
    }
  }
}

void Kernel::note_driver_pod(std::uint32_t application) {
  const Application& app = applications_[application];
  if (app.driver_pod.empty()) return;
  const fakeapi::PodRecord* record = parts_.cluster.state().find_pod(app.ns + "/" + app.driver_pod);
  if (record != nullptr) driver_pods_[record->id].push_back(application);
}

void Kernel::process_started(PodId pod, const Pod& object, Seq cause) {
  if (process_host_ != nullptr && process_host_->start(pod, object)) return;
  if (shuffle_started(pod, object, cause)) return;
  driver_started(object);
  const Process* process = executors_.started(pod, object);
  if (process == nullptr) return;
  const LatencyModel& jvm = parts_.cluster.config().latency.jvm;
  const DurationUs boot = jvm.sample(Draw(options_.seed, "executor.jvm", process->pod_name));
  push_input(now() + boot, Lane::executors, Ask{pod, cause});
}

// Where processes are real, the cluster waits to hear that one has ended; so it has to be told of simulated ones too.
void Kernel::told_to_stop(const fakeapi::from::ProcessStopped& message, Seq cause) {
  if (process_host_ == nullptr) return process_stopped(message.pod, cause);
  if (process_host_->stop(message.pod, message.kill_at)) return;
  process_stopped(message.pod, cause);
  const LatencyModel& stop = parts_.cluster.config().latency.stop;
  const DurationUs takes = stop.sample(Draw(options_.seed, "executor.stop", uid_text(message.pod)));
  queue_.push(now() + takes, Lane::server, ForCluster{to::ProcessExited{message.pod, kTermCode}, cause});
}

void Kernel::process_ended(PodId pod, int exit_code, TimeUs at) {
  CHECK(at >= now());
  queue_.push(at, Lane::server, ForCluster{to::ProcessExited{pod, exit_code}, 0});
}

void Kernel::process_stopped(PodId pod, Seq cause) {
  shuffle_stopped(pod, cause);
  driver_stopped(pod, cause);
  const auto process = executors_.stopped(pod);
  if (process) {
    runner_.executor_stopped(now(), process->application, process->executor);
    decommissioner_.executor_stopped(now(), process->application, process->executor);
  }
  if (!process || !process->asked || applications_[process->application].exit_code) return;
  // A node that lost its power closes no connection; the driver hears nothing.
  const NodeRecord* node = parts_.cluster.state().find_node(process->host);
  if (node != nullptr && node->silent) return;
  push_input(now(), Lane::executors, ForSession{process->application, in::Disconnected{process->executor}, cause});
}

// An executor of the fork has its configuration and registers, by its pod's IP (01 1.11, 2.1); or it ends without.
void Kernel::config_given(std::uint32_t application, const out::ConfigGiven& given, Seq cause) {
  const auto pod = executors_.find(application, given.executor);
  if (!pod) return;
  if (!given.error.empty()) {
    return queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{*pod, 1}, cause});
  }
  shuffle_told(application, given);
  const std::string host = registering_host(*executors_.process(*pod), *pod);
  push_input(now(), Lane::executors, ForSession{application, in::Registered{given.executor, host}, cause});
}

// Executors register by their pod's IP (01 2.1). Later Sparks' without a workload go by the node, as they always have:
// nobody looks at the host there.
std::string Kernel::registering_host(const Process& process, PodId pod) const {
  const Application& app = applications_[process.application];
  if (!app.has_workload && !app.is_fork) return process.host;
  const fakeapi::PodRecord* record = parts_.cluster.state().find_pod(pod);
  return record == nullptr || record->pod->pod_ip.empty() ? process.host : record->pod->pod_ip;
}

}  // namespace podramp::sim
