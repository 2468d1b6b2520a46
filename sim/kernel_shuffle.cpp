// The part of the kernel (kernel.h) around external shuffle services: their processes come up and go, their watch of
// driver pods, executors that register with them, files that they delete. What they know: shuffle_services.h.
#include <fmt/format.h>

#include <utility>

#include "backend/port/random.h"
#include "sim/kernel.h"

namespace podramp::sim {

namespace to = fakeapi::to;
using fakeapi::NodeRecord;
using fakeapi::PodId;
using fakeapi::PodRecord;

void Kernel::say(std::string_view by, const std::string& key, Seq cause, std::string text) {
  PodMemory memory(false);
  parts_.ledger.append(by, cause, key, podramp::ref(note::Text{std::move(text)}), memory);
}

bool Kernel::silent(const std::string& node) const {
  const NodeRecord* record = parts_.cluster.state().find_node(node);
  return record == nullptr || record->silent;
}

// --- their processes -------------------------------------------------------------------------------------------------

bool Kernel::shuffle_started(PodId pod, const Pod& object, Seq cause) {
  if (!shuffle_.is_service(object)) return false;
  shuffle_.booting(pod, cause);
  const auto& latency = parts_.cluster.config().latency;
  const DurationUs boot = latency.jvm.sample(Draw(options_.seed, "shuffle.jvm", object.name));
  push_input(now() + boot, Lane::executors, ShuffleUp{pod, cause});
  return true;
}

void Kernel::handle(ShuffleUp& item) {
  if (!shuffle_.boots(item.pod, item.cause)) return;  // it has been stopped meanwhile
  const PodRecord* record = parts_.cluster.state().find_pod(item.pod);
  if (record == nullptr) return;
  const std::string key = pod_key(*record->pod);
  ShuffleServices::Service& service = shuffle_.up(item.pod, *record->pod, parts_.cluster.add_client(key));
  Outbox out;
  service.process.start(out);
  perform_shuffle(service, out, item.cause);
}

void Kernel::shuffle_stopped(PodId pod, Seq cause) {
  const auto service = shuffle_.down(pod);
  if (!service) return;
  for (const CallId watch : service->watches) {
    queue_.push(now(), Lane::server, ForCluster{to::ReleaseWatch{service->client, watch}, cause});
  }
  runner_.service_stopped(now());
}

// Its requests are watches only: they have no time-out of the client's.
void Kernel::perform_shuffle(ShuffleServices::Service& service, Outbox& out, Seq cause) {
  for (const Effect& effect : out.effects()) {
    if (const auto* called = std::get_if<out::Called>(&effect)) {
      service.watches.insert(called->call);
      const DurationUs travel = parts_.cluster.config().latency.request.sample(
          Draw(options_.seed, "net.request", service.pod_name, called->call.value));
      queue_.push(now() + travel, Lane::server,
                  ForCluster{to::Request{service.client, called->call, called->request, called->attempt}, cause});
    } else if (const auto* timer = std::get_if<out::TimerSet>(&effect)) {
      push_input(timer->at_us, Lane::timers, ForShuffle{service.client, in::TimerDue{timer->timer, timer->arg}, cause});
    }
  }
}

void Kernel::handle(ForShuffle& item) {
  ShuffleServices::Service* service = shuffle_.of_client(item.client);
  if (service == nullptr) return;
  if (silent(service->node)) {
    held_[service->node].push_back(std::move(item));
    return;
  }
  if (const auto* closed = std::get_if<in::WatchClosed>(&item.input)) service->watches.erase(closed->watch);
  Outbox out;
  const auto removals = service->process.step(now(), item.input, out);
  perform_shuffle(*service, out, item.cause);
  delete_shuffle_files(*service, removals, item.cause);
}

// What a partitioned node has missed reaches its shuffle service now.
void Kernel::shuffle_reached(const std::vector<std::string>& nodes) {
  for (const std::string& node : nodes) {
    auto missed = held_.extract(node);
    if (!missed) continue;
    for (ForShuffle& item : missed.mapped()) push_input(now(), Lane::deliveries, std::move(item));
  }
}

void Kernel::delete_shuffle_files(const ShuffleServices::Service& service,
                                  const std::vector<backend::ForkShuffleService::Removal>& removals, Seq cause) {
  for (const auto& removal : removals) {
    const auto application = shuffle_.application_of(removal.app_id);
    if (!application) continue;
    BlockStore* store = runner_.blocks(*application);
    const std::int64_t bytes =
        store == nullptr ? 0 : store->delete_files(node_index_.at(service.node), removal.executors);
    say("shuffle-service", "pods/" + service.pod_name, cause,
        fmt::format("the driver of {} is gone: {} bytes of {} executors are deleted on node {}",
                    applications_[*application].name, bytes, removal.executors.size(), service.node));
  }
}

// --- executors -------------------------------------------------------------------------------------------------------

// An executor's configuration says where its service is (01 4.2); the driver registers there without waiting.
void Kernel::shuffle_told(std::uint32_t application, const out::ConfigGiven& given) {
  if (!applications_[application].uses_shuffle_pods) return;
  const auto pod = executors_.find(application, given.executor);
  if (!pod) return;
  const std::string& node = executors_.process(*pod)->host;
  PodId service = 0;
  if (const NodeRecord* record = parts_.cluster.state().find_node(node)) {
    for (const PodId one : record->pods) {
      if (parts_.cluster.state().find_pod(one)->pod->pod_ip == given.shuffle_host) service = one;
    }
  }
  shuffle_.told({application, given.executor}, node, service);
}

// The driver has accepted it; now its block manager registers with the shuffle service.
void Kernel::shuffle_registration(std::uint32_t application, ExecutorId executor, Seq cause) {
  if (!applications_[application].uses_shuffle_pods) return;
  if (const auto pod = executors_.find(application, executor)) {
    push_input(now(), Lane::executors, ShuffleRegistration{*pod, 1, cause});
  }
}

void Kernel::handle(ShuffleRegistration& item) {
  const Process* process = executors_.process(item.pod);
  if (process == nullptr || applications_[process->application].exit_code) return;
  const std::string& node = process->host;
  if (shuffle_.register_executor({process->application, process->executor}, node)) return;
  if (item.attempt < kShuffleRegistrations) {
    return push_input(now() + kShuffleRegistrationWaitUs, Lane::executors,
                      ShuffleRegistration{item.pod, item.attempt + 1, item.cause});
  }
  ++shuffle_refusals_[fmt::format("no shuffle service listens on node {}", node)];
  say("executors", "pods/" + applications_[process->application].ns + "/" + process->pod_name, item.cause,
      fmt::format("executor {} ends: no shuffle service listens on node {}, {} tries", process->executor, node,
                  kShuffleRegistrations));
  queue_.push(now(), Lane::server, ForCluster{to::ProcessExited{item.pod, 1}, item.cause});
}

// --- what is left ----------------------------------------------------------------------------------------------------

std::optional<std::map<std::string, std::int64_t>> Kernel::shuffle_left(std::size_t application) const {
  const Application& app = applications_.at(application);
  if (!app.exit_code || !app.has_workload || !app.uses_shuffle_pods) return std::nullopt;
  std::map<std::string, std::int64_t> left;
  for (const auto& [index, bytes] : runner_.blocks(static_cast<std::uint32_t>(application))->bytes_on_nodes()) {
    const std::string& node = parts_.cluster.config().nodes.at(static_cast<std::size_t>(index)).node.name;
    if (bytes > 0 && parts_.cluster.state().find_node(node) != nullptr) left[node] += bytes;
  }
  return left;
}

}  // namespace podramp::sim
