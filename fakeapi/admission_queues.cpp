#include "fakeapi/admission_queues.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

std::int64_t total_count(const Pod& pod) {
  const std::string key(kQueueGroupCount);
  for (const StringMap* map : {&pod.own_annotations, &pod.tmpl->annotations}) {
    const auto it = map->find(key);
    if (it == map->end()) continue;
    std::int64_t count = 0;
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), count);
    return count;
  }
  return 0;
}

bool is_gated(const Pod& pod) { return std::ranges::find(pod.gates, kQueueGate) != pod.gates.end(); }

}  // namespace

std::vector<std::string> first_gates(const Pod& pod, const ClusterConfig& config) {
  std::vector<std::string> gates = pod.tmpl->placement.gates;
  if (!config.queues.empty() && pod.label(kQueueLabel) != nullptr) gates.emplace_back(kQueueGate);
  return gates;
}

void AdmissionQueues::on_fact(const Fact& fact, Seq seq) {
  if (context_.config().queues.empty()) return;
  const ClusterState::Change& change = context_.state().last_change();
  if (const auto* created = std::get_if<fact::PodCreated>(&fact)) {
    pod_created(change.id, *created->pod, seq);
  } else if (std::holds_alternative<fact::PodFinished>(fact)) {
    pod_left(change.id, *change.after, seq);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    pod_left(change.id, *change.before, seq);
  }
}

AdmissionQueues::Queue* AdmissionQueues::find(const std::string& name) {
  if (const auto it = queues_.find(name); it != queues_.end()) return &it->second;
  const auto& specs = context_.config().queues;
  const auto spec = std::ranges::find(specs, name, &AdmissionQueueSpec::name);
  if (spec == specs.end()) return nullptr;
  Queue& queue = queues_[name];
  queue.spec = &*spec;
  return &queue;
}

// Pods that are on a node already were admitted by somebody: they are counted.
void AdmissionQueues::pod_created(PodId id, const Pod& pod, Seq seq) {
  const std::string* name = pod.label(kQueueLabel);
  Queue* queue = name == nullptr || is_terminal(pod) ? nullptr : find(*name);
  if (queue == nullptr) return;
  Member& member = members_[id];
  member = {*name, context_.state().last_change().requests, !is_gated(pod)};
  if (member.admitted) return count(queue->used, member.requests, +1);
  queue->waiting.emplace(Order(-pod.tmpl->priority.value_or(0), id), id);
  arm(seq);
}

void AdmissionQueues::pod_left(PodId id, const Pod& pod, Seq seq) {
  const auto it = members_.find(id);
  if (it == members_.end()) return;
  Queue& queue = *find(it->second.queue);
  if (it->second.admitted) {
    count(queue.used, it->second.requests, -1);
  } else {
    queue.waiting.erase(Order(-pod.tmpl->priority.value_or(0), id));
  }
  members_.erase(it);
  if (!queue.waiting.empty()) arm(seq);
}

void AdmissionQueues::count(Use& use, const Resources& requests, std::int64_t sign) {
  use.pods += sign;
  use.amounts.cpu_milli = use.amounts.cpu_milli.value_or(0) + sign * requests.cpu_milli.value_or(0);
  use.amounts.memory_bytes = use.amounts.memory_bytes.value_or(0) + sign * requests.memory_bytes.value_or(0);
  for (const auto& [name, amount] : requests.other) use.amounts.other[name] += sign * amount;
}

// The controller hears of a change as every watcher does.
void AdmissionQueues::arm(Seq cause) {
  if (armed_) return;
  armed_ = true;
  const DurationUs lag = context_.sample(context_.config().latency.watch, "cluster.queues", "", rounds_++);
  context_.timer(context_.now() + lag, cause, {Part::admission_queues, 0, 0, 0});
}

void AdmissionQueues::on_timer(const ClusterTimer&, Seq cause) {
  armed_ = false;
  for (auto& [name, queue] : queues_) admit_from(queue, cause);
}

// The pod and, when it is of a group, all of its group that are there; empty while some are missing.
std::vector<PodId> AdmissionQueues::unit_of(const Queue& queue, PodId id) const {
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const std::string* group = pod.label(kQueueGroupLabel);
  if (group == nullptr) return {id};
  std::vector<PodId> unit;
  for (const auto& [order, other] : queue.waiting) {
    const Pod& member = *context_.state().find_pod(other)->pod;
    const std::string* its = member.label(kQueueGroupLabel);
    if (its != nullptr && *its == *group && member.ns == pod.ns) unit.push_back(other);
  }
  if (static_cast<std::int64_t>(unit.size()) < total_count(pod)) unit.clear();
  return unit;
}

bool AdmissionQueues::has_room(const Queue& queue, const std::vector<PodId>& unit) const {
  Use use = queue.used;
  for (const PodId id : unit) count(use, members_.at(id).requests, +1);
  const Resources& quota = queue.spec->quota;
  const auto within = [](const std::optional<std::int64_t>& limit, std::int64_t amount) {
    return !limit || amount <= *limit;
  };
  return within(queue.spec->pods, use.pods) && within(quota.cpu_milli, use.amounts.cpu_milli.value_or(0)) &&
         within(quota.memory_bytes, use.amounts.memory_bytes.value_or(0)) &&
         std::ranges::all_of(quota.other, [&](const auto& limit) {
           const auto it = use.amounts.other.find(limit.first);
           return it == use.amounts.other.end() || it->second <= limit.second;
         });
}

// BestEffortFIFO: who does not fit is passed over, so that smaller ones behind may go.
void AdmissionQueues::admit_from(Queue& queue, Seq cause) {
  std::vector<PodId> in_order;
  for (const auto& [order, id] : queue.waiting) in_order.push_back(id);
  for (const PodId id : in_order) {
    if (members_.at(id).admitted) continue;  // with its group
    const std::vector<PodId> unit = unit_of(queue, id);
    if (unit.empty() || !has_room(queue, unit)) continue;
    for (const PodId one : unit) {
      Member& member = members_.at(one);
      member.admitted = true;
      count(queue.used, member.requests, +1);
      const Pod& pod = *context_.state().find_pod(one)->pod;
      queue.waiting.erase(Order(-pod.tmpl->priority.value_or(0), one));
      std::vector<std::string> left = pod.gates;
      std::erase(left, kQueueGate);
      context_.emit("queue", cause, fact::PodUngated{pod_key(pod), context_.next_rv(), std::move(left)});
    }
  }
}

void AdmissionQueues::waiting(std::vector<std::string>& lines) const {
  for (const auto& [name, queue] : queues_) {
    if (queue.waiting.empty()) continue;
    const auto amounts = [](const Resources& r, const std::optional<std::int64_t>& pods) {
      std::vector<std::string> parts;
      if (r.cpu_milli) parts.push_back("cpu=" + format_cpu_milli(*r.cpu_milli));
      if (r.memory_bytes) parts.push_back("memory=" + format_bytes(*r.memory_bytes));
      for (const auto& [resource, amount] : r.other) parts.push_back(fmt::format("{}={}", resource, amount));
      if (pods) parts.push_back(fmt::format("pods={}", *pods));
      return fmt::format("{}", fmt::join(parts, ","));
    };
    lines.push_back(fmt::format("queue {} has not admitted {} pods; used: {}, it has: {}", name, queue.waiting.size(),
                                amounts(queue.used.amounts, queue.used.pods),
                                amounts(queue.spec->quota, queue.spec->pods)));
  }
}

}  // namespace podramp::fakeapi
