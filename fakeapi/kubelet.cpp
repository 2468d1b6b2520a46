#include "fakeapi/kubelet.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/claims.h"
#include "fakeapi/deletion.h"
#include "fakeapi/faults.h"
#include "fakeapi/node_match.h"
#include "fakeapi/pod_address.h"

namespace podramp::fakeapi {
namespace {

constexpr int kSigKill = 137;  // K64

const Container& container_at(const PodTemplate& tmpl, std::size_t i) {
  const std::size_t inits = tmpl.init_containers.size();
  return i < inits ? tmpl.init_containers[i] : tmpl.containers[i - inits];
}

struct Lack {
  std::string resource;
  std::int64_t requested = 0;
  std::int64_t used = 0;
  std::int64_t capacity = 0;
};

// The first resource that a pod would exceed, in the kubelet's order (K59).
std::optional<Lack> first_lack(const Resources& asked, const Resources& used, std::int64_t pods, const Node& node) {
  if (pods + 1 > node.pods_max) return Lack{"pods", 1, pods, node.pods_max};
  const auto lacks = [](std::int64_t a, std::int64_t u, std::int64_t all) { return a > 0 && a > all - u; };
  const std::int64_t cpu = asked.cpu_milli.value_or(0);
  const std::int64_t cpu_used = used.cpu_milli.value_or(0);
  const std::int64_t cpu_all = node.allocatable.cpu_milli.value_or(0);
  if (lacks(cpu, cpu_used, cpu_all)) return Lack{"cpu", cpu, cpu_used, cpu_all};
  const std::int64_t memory = asked.memory_bytes.value_or(0);
  const std::int64_t memory_used = used.memory_bytes.value_or(0);
  const std::int64_t memory_all = node.allocatable.memory_bytes.value_or(0);
  if (lacks(memory, memory_used, memory_all)) return Lack{"memory", memory, memory_used, memory_all};
  for (const auto& [name, amount] : asked.other) {
    const auto u = used.other.find(name);
    const auto all = node.allocatable.other.find(name);
    const std::int64_t in_use = u == used.other.end() ? 0 : u->second;
    const std::int64_t capacity = all == node.allocatable.other.end() ? 0 : all->second;
    if (lacks(amount, in_use, capacity)) return Lack{name, amount, in_use, capacity};
  }
  return std::nullopt;
}

}  // namespace

Kubelets::Kubelets(Context& context, ImagePulls& pulls, Deletion& deletion)
    : context_(context), pulls_(pulls), deletion_(deletion) {
  pulls_.set_listener([this](PodId pod, PullNews news, const std::string& message, Seq cause) {
    pull_news(pod, news, message, cause);
  });
}

void Kubelets::set_claims(Claims& claims) {
  claims_ = &claims;
  claims.set_listener([this](PodId pod, Seq cause) { mounted(pod, cause); });
}

// --- books -----------------------------------------------------------------------------------------------------

Kubelets::Work* Kubelets::find(PodId id) {
  const auto it = works_.find(id);
  return it == works_.end() ? nullptr : &it->second;
}

bool Kubelets::silent(const Work& work) const { return nodes_.find(work.node)->second.silent; }

Kubelets::Work& Kubelets::take(PodId id, const std::string& node) {
  Work& work = works_[id];
  work.node = node;
  nodes_[node].pods.insert(id);
  return work;
}

void Kubelets::count(const Work& work, const Resources& requests, std::int64_t sign) {
  OnNode& on = nodes_[work.node];
  on.pods_admitted += sign;
  on.admitted.cpu_milli = on.admitted.cpu_milli.value_or(0) + sign * requests.cpu_milli.value_or(0);
  on.admitted.memory_bytes = on.admitted.memory_bytes.value_or(0) + sign * requests.memory_bytes.value_or(0);
  for (const auto& [name, amount] : requests.other) on.admitted.other[name] += sign * amount;
}

void Kubelets::release(Work& work, const Resources& requests) {
  if (!work.admitted) return;
  work.admitted = false;
  count(work, requests, -1);
}

void Kubelets::forget(PodId id) {
  const auto it = works_.find(id);
  nodes_[it->second.node].pods.erase(id);
  works_.erase(it);
}

// The timer's draw is the pod's, numbered by what the timer is for.
void Kubelets::arm(Kind kind, const LatencyModel& model, std::string_view stream, PodId id, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  const std::string name = record == nullptr ? "" : pod_key(*record->pod);
  // A restarted process draws anew.
  const std::uint64_t ordinal = kind + 256 * works_.at(id).starts;
  const DurationUs delay = context_.sample(model, stream, name, ordinal);
  context_.timer(context_.now() + delay, cause, {Part::kubelet, kind, works_.at(id).round, id});
}

// --- facts -----------------------------------------------------------------------------------------------------

void Kubelets::on_fact(const Fact& fact, Seq seq) {
  const ClusterState::Change& change = context_.state().last_change();
  const Latencies& latency = context_.config().latency;
  if (const auto* created = std::get_if<fact::PodCreated>(&fact)) {
    pod_created(change.id, *created->pod, seq);
  } else if (const auto* bound = std::get_if<fact::PodBound>(&fact)) {
    const Work& work = take(change.id, bound->node);
    if (!silent(work)) arm(kSeen, latency.kubelet, "cluster.kubelet", change.id, seq);
  } else if (std::holds_alternative<fact::PodTerminating>(fact)) {
    if (find(change.id) != nullptr) arm(kKill, latency.kubelet, "cluster.kubelet", change.id, seq);
  } else if (std::holds_alternative<fact::PodFinished>(fact)) {
    if (Work* work = find(change.id)) release(*work, change.requests);
  } else if (std::holds_alternative<fact::PodResized>(fact)) {
    const Work* work = find(change.id);
    if (work == nullptr || !work->admitted) return;
    count(*work, pod_requests(*change.before->tmpl), -1);
    count(*work, change.requests, +1);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    object_gone(change.id, seq);
  } else if (const auto* silent = std::get_if<fact::NodeSilent>(&fact)) {
    node_silent(*silent, seq);
  } else if (const auto* returned = std::get_if<fact::NodeReturned>(&fact)) {
    node_returned(returned->node, seq);
  } else if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    node_returned(added->node.name, seq);  // a deleted Node may have come back
  }
}

// Pods that exist at the start: bound ones are taken over, running ones run.
void Kubelets::pod_created(PodId id, const Pod& pod, Seq seq) {
  if (pod.node.empty() || is_terminal(pod)) return;
  Work& work = take(id, pod.node);
  if (pod.phase == PodPhase::running) {
    work.stage = Stage::running;
    work.started = work.shown_running = work.admitted = true;
    count(work, context_.state().last_change().requests, +1);
  } else if (!silent(work)) {
    arm(kSeen, context_.config().latency.kubelet, "cluster.kubelet", id, seq);
  }
}

void Kubelets::object_gone(PodId id, Seq seq) {
  Work* work = find(id);
  if (work == nullptr) return;
  release(*work, context_.state().last_change().requests);
  const bool leaves_something = work->stage == Stage::pulling || (work->stage == Stage::running && !work->told_to_stop);
  if (!leaves_something) {
    stop_fetching(id, seq);
    forget(id);
    return;
  }
  work->gone = true;
  if (!silent(*work)) arm(kOrphan, context_.config().latency.kubelet, "cluster.kubelet", id, seq);
}

void Kubelets::node_silent(const fact::NodeSilent& fact, Seq seq) {
  OnNode& on = nodes_[fact.node];
  on.silent = true;
  const std::set<PodId> pods = on.pods;
  for (const PodId id : pods) {
    Work& work = works_.at(id);
    ++work.round;
    if (fact.containers_run) continue;
    work.inits_done = 0;
    if (work.stage == Stage::running) {
      if (!work.told_to_stop || context_.config().real_processes) {
        context_.send(context_.now(), seq, from::ProcessStopped{id, context_.now()});
      }
      work.stage = Stage::dead;
      work.lost = true;
      work.exit_code = kSigKill;
    } else if (work.stage != Stage::dead && work.stage != Stage::crashed) {
      if (claims_ != nullptr) claims_->forget_mount(id);
      work.stage = Stage::bound;
      work.images_ready = 0;
    }
  }
}

void Kubelets::node_returned(const std::string& node, Seq seq) {
  OnNode& on = nodes_[node];
  on.shutting_down = false;
  if (!on.silent) return;
  on.silent = false;
  for (const PodId id : on.pods) arm(kResume, context_.config().latency.kubelet, "cluster.kubelet", id, seq);
}

// --- timers ----------------------------------------------------------------------------------------------------

void Kubelets::on_timer(const ClusterTimer& timer, Seq cause) {
  const PodId id = timer.arg;
  const Kind kind = static_cast<Kind>(timer.kind);
  Work* work = find(id);
  if (work == nullptr) return;
  if (kind == kDead) {  // processes end on silent nodes too
    if (work->stage != Stage::running || context_.now() < work->dead_at) return;
    work->stage = Stage::dead;
    if (!silent(*work)) arm(kReport, context_.config().latency.status, "cluster.status", id, cause);
    return;
  }
  if (kind == kHookOver) {  // so do their hooks
    if (work->hook_until <= context_.now()) hook_over(id, *work, cause);
    return;
  }
  if (silent(*work) || timer.index != work->round) return;
  if (work->gone || context_.state().find_pod(id) == nullptr) {
    clear_away(id, *work, cause);
    return;
  }
  switch (kind) {
    case kSeen: seen(id, *work, cause); break;
    case kStarted: started(id, *work, cause); break;
    case kRunning: show_running(id, *work, cause); break;
    case kReport: report_end(id, *work, cause); break;
    case kKill: kill(id, *work, cause); break;
    case kResume: resume(id, *work, cause); break;
    case kShowWaiting:
      if (work->stage == Stage::pulling) show_waiting(id, work->waiting_reason, work->waiting_message, cause);
      break;
    case kCrash: crash(id, *work, cause); break;
    case kRestart:
      if (work->stage == Stage::crashed) create(id, *work, cause);
      break;
    case kDead:
    case kHookOver:
    case kOrphan: break;
  }
}

// --- starting --------------------------------------------------------------------------------------------------

void Kubelets::seen(PodId id, Work& work, Seq cause) {
  if (work.stage != Stage::bound || context_.state().find_pod(id)->pod->deletion_us) return;
  if (context_.state().find_node(work.node) == nullptr || !admit(id, work, cause)) return;
  work.stage = Stage::pulling;
  show_waiting(id, "ContainerCreating", "", cause);
  const PodPtr pod = context_.state().find_pod(id)->pod;
  if (claims_ != nullptr && Claims::any(*pod->tmpl)) {
    work.stage = Stage::mounting;
    if (!claims_->mount(id, *pod, cause)) return;
    work.stage = Stage::pulling;
  }
  pull_images(id, work, cause);
}

void Kubelets::mounted(PodId id, Seq cause) {
  Work* work = find(id);
  if (work == nullptr || work->stage != Stage::mounting || work->gone) return;
  work->stage = Stage::pulling;
  if (!silent(*work)) pull_images(id, *work, cause);
}

bool Kubelets::admit(PodId id, Work& work, Seq cause) {
  if (work.admitted) return true;
  const PodRecord& record = *context_.state().find_pod(id);
  const Node& node = context_.state().find_node(work.node)->node;
  const PodTemplate& tmpl = *record.pod->tmpl;
  if (!node_matches(tmpl.node_selector, tmpl.placement.required_nodes, node.name, node.labels)) {
    return reject(id, "NodeAffinity",
                  "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node "
                  "affinity/selector",
                  cause);
  }
  std::string closed;
  if (const std::string why = why_closed(work, tmpl, closed); !why.empty()) return reject(id, closed, why, cause);
  const OnNode& on = nodes_[work.node];
  const auto lack = first_lack(record.requests, on.admitted, on.pods_admitted, node);
  if (!lack) {
    work.admitted = true;
    count(work, record.requests, +1);
    return true;
  }
  const std::string message =
      fmt::format("Pod was rejected: Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}",
                  lack->resource, lack->requested, lack->used, lack->capacity);
  return reject(id, "OutOf" + lack->resource, message, cause);
}

// K59: the pod fails before anything of it has started.
bool Kubelets::reject(PodId id, const std::string& reason, const std::string& message, Seq cause) {
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  forget(id);
  context_.emit("kubelet", cause,
                fact::PodFinished{name, context_.next_rv(), PodPhase::failed, 0, "", reason, message});
  return false;
}

void Kubelets::pull_images(PodId id, Work& work, Seq cause) {
  const TemplatePtr tmpl = context_.state().find_pod(id)->pod->tmpl;
  const std::size_t count = tmpl->init_containers.size() + tmpl->containers.size();
  while (work.images_ready < count) {
    const Container& container = container_at(*tmpl, work.images_ready);
    if (!pulls_.need(id, work.node, container.image, container.image_pull_policy, cause)) return;
    ++work.images_ready;
  }
  create(id, work, cause);
}

void Kubelets::pull_news(PodId id, PullNews news, const std::string& message, Seq cause) {
  Work* work = find(id);
  if (work == nullptr || work->stage != Stage::pulling || work->gone) return;
  if (news == PullNews::ready) {
    ++work->images_ready;
    // A pull that ends in the instant of the node's silence: the rest waits for its return.
    if (!silent(*work)) pull_images(id, *work, cause);
    return;
  }
  work->waiting_reason = news == PullNews::failed        ? "ErrImagePull"
                         : news == PullNews::backing_off ? "ImagePullBackOff"
                                                         : "ErrImageNeverPull";
  work->waiting_message = message;
  if (!silent(*work)) arm(kShowWaiting, context_.config().latency.status, "cluster.status", id, cause);
}

void Kubelets::show_waiting(PodId id, const std::string& reason, const std::string& message, Seq cause) {
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const bool shown = !pod.containers.empty() && pod.containers.front().state == ContainerStateKind::waiting &&
                     pod.containers.front().reason == reason && pod.containers.front().message == message;
  if (shown) return;
  context_.emit("kubelet", cause, fact::PodWaiting{pod_key(pod), context_.next_rv(), reason, message});
}

void Kubelets::create(PodId id, Work& work, Seq cause) {
  work.stage = Stage::creating;
  const Latencies& latency = context_.config().latency;
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  const FaultSpec* slow =
      faults_ == nullptr ? nullptr : faults_->find_target("disk.slow", work.node, name, name, work.starts);
  if (slow == nullptr) return arm(kStarted, latency.start, "cluster.start", id, cause);
  const Seq fired = context_.fault(cause, "disk.slow", name);
  LatencyModel longer = LatencyModel::constant(
      slow->delay_us + context_.sample(latency.start, "cluster.start", name, kStarted + 256 * work.starts));
  arm(kStarted, longer, "cluster.start", id, fired);
}

// A fault ends the process so long after its start.
void Kubelets::arm_crash(PodId id, Work& work, Seq cause) {
  if (faults_ == nullptr) return;
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  const FaultSpec* crash = faults_->find_target("pod.crash", work.node, name, name, work.starts);
  if (crash == nullptr) return;
  work.crash_code = crash->code;
  context_.timer(context_.now() + crash->delay_us, cause, {Part::kubelet, kCrash, work.round, id});
}

void Kubelets::crash(PodId id, const Work& work, Seq cause) {
  if (work.stage != Stage::running) return;
  const Seq fired = context_.fault(cause, "pod.crash", pod_key(*context_.state().find_pod(id)->pod));
  context_.send(context_.now(), fired, from::ProcessStopped{id, context_.now()});
  process_exited(id, work.crash_code, fired);
}

void Kubelets::started(PodId id, Work& work, Seq cause) {
  if (work.stage != Stage::creating || initializes(id, work, cause)) return;
  work.stage = Stage::running;
  work.started = true;
  work.started_us = context_.now();
  context_.send(context_.now(), cause, from::ProcessStarted{id, context_.state().find_pod(id)->pod});
  arm(kRunning, context_.config().latency.status, "cluster.status", id, cause);
  arm_crash(id, work, cause);
}

// Also after a silence: what the node controller had marked as not Ready is Ready again (K75).
void Kubelets::show_running(PodId id, Work& work, Seq cause) {
  if (work.stage != Stage::running) return;
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const std::string name = pod_key(pod);
  if (!work.shown_running) {
    work.shown_running = true;
    const std::string ip = pod_address(id, context_.config().real_processes);
    context_.emit("kubelet", cause, fact::PodRunning{name, context_.next_rv(), ip});
    return;
  }
  const Condition* ready = pod.condition("Ready");
  if (ready == nullptr || ready->status == Truth::yes) return;
  context_.emit("kubelet", cause,
                fact::PodConditionSet{name, context_.next_rv(), {"Ready", Truth::yes, "", "", context_.now()}});
}

// --- silence and removal -------------------------------------------------------------------------------------------

// The kubelet talks again: it does what it has missed and reports what it has not told (K75).
void Kubelets::resume(PodId id, Work& work, Seq cause) {
  const Pod& pod = *context_.state().find_pod(id)->pod;
  if (pod.deletion_us && work.stage != Stage::dead) {
    if (work.told_to_stop || work.hook_until != 0) return;  // kDead or kHookOver is still to come
    kill(id, work, cause);
    return;
  }
  const bool restarts = work.lost && !pod.deletion_us && pod.tmpl->restart_policy != "Never";
  switch (work.stage) {
    case Stage::bound: seen(id, work, cause); break;
    case Stage::mounting: break;  // mounted() goes on
    case Stage::pulling: pull_images(id, work, cause); break;
    case Stage::crashed:
    case Stage::initializing:
    case Stage::creating: create(id, work, cause); break;
    case Stage::running: show_running(id, work, cause); break;
    case Stage::dead:
      if (restarts) {
        restart_lost(id, work, cause);
      } else {
        report_end(id, work, cause);
      }
      break;
  }
}

// The object is gone; the kubelet stops what is left of it.
void Kubelets::clear_away(PodId id, Work& work, Seq cause) {
  if (work.stage == Stage::running && (!work.told_to_stop || context_.config().real_processes)) {
    context_.send(context_.now(), cause, from::ProcessStopped{id, context_.now()});
  }
  const std::string node = work.node;
  forget(id);
  stop_fetching(id, cause);
  pulls_.cancel(id, node, cause);
}

}  // namespace podramp::fakeapi
