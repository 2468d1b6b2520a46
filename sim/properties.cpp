#include "sim/properties.h"

#include <fmt/format.h>

#include <variant>

#include "backend/port/json_writer.h"
#include "backend/snapshots.h"
#include "fakeapi/quota_usage.h"

namespace podramp::sim {

namespace {

constexpr std::size_t kViolationsMax = 1'000;  // of a served cluster, which goes on after the first

}  // namespace

void Properties::fail(std::string_view property, std::string detail, Seq seq, TimeUs t) {
  if (skipped_.contains(property) || violations_.size() >= kViolationsMax) return;
  violations_.push_back({std::string(property), std::move(detail), seq, t});
}

void Properties::append(const EventRef& event, PodMemory& /*memory*/) {
  std::visit([&](const auto* data) { on(event, *data); }, event.data);
}

void Properties::check_create(std::string_view application, ProfileId profile, const backend::Backend::Books& books,
                              std::int64_t max_pending_pods, Seq seq, TimeUs t) {
  std::int64_t not_running = 0;
  for (const ProfileReport& p : books.profiles) {
    not_running += p.pending_known + p.pending_unknown + p.new_unknown + p.new_known + p.created;
    if (p.profile == profile && p.have + p.created >= p.target) {
      fail(kCreateWithinTarget,
           fmt::format("{} creates an executor of profile {} while it has {} and has created {} of a target of {}",
                       application, profile, p.have, p.created, p.target),
           seq, t);
    }
  }
  if (not_running >= max_pending_pods) {
    fail(kCreateWithinCaps,
         fmt::format("{} creates an executor while {} are not running; maxPendingPods is {}", application, not_running,
                     max_pending_pods),
         seq, t);
  }
}

void Properties::on(const EventRef& event, const out::Called& called) {
  const ApiRequest& request = called.request;
  if (request.verb != Verb::create || called.attempt > 1 || request.body == nullptr) return;
  const auto id = backend::executor_id(*request.body);
  if (!id) return;
  ExecutorId& last = last_id_[std::string(event.by)];
  if (*id <= last) {
    fail(kIdsNeverReused, fmt::format("{} creates executor {} after executor {}", event.by, *id, last), event.seq,
         event.t);
  }
  last = std::max(last, *id);
}

void Properties::on(const EventRef& /*event*/, const fact::NodeAdded& added) {
  NodeBooks& node = nodes_[added.node.name];
  node.allocatable = added.node.allocatable;
  node.pods_max = added.node.pods_max;
}

void Properties::on(const EventRef& event, const fact::PodCreated& created) {
  const Resources requests = pod_requests(*created.pod->tmpl);
  PodBooks& pod = pods_[pod_key(*created.pod)];
  pods_changed_us_ = event.t;
  if (pod.stored) fail(kPodLife, fmt::format("pod {} is created twice", pod_key(*created.pod)), event.seq, event.t);
  pod = PodBooks();
  pod.cpu_milli = requests.cpu_milli.value_or(0);
  pod.memory_bytes = requests.memory_bytes.value_or(0);
  pod.other = requests.other;
  pod.stored = true;
  pod.finished = created.pod->phase == PodPhase::succeeded || created.pod->phase == PodPhase::failed;
  if (created.pod->node.empty()) return;
  bind(event, pod, created.pod->node);
  if (created.pod->phase == PodPhase::running) admit(event, pod);
}

// The pod's books; it must be stored and not finished for this to happen to it.
Properties::PodBooks& Properties::living(const EventRef& event, const std::string& pod, std::string_view what) {
  PodBooks& books = pods_[pod];
  if (!books.stored) fail(kPodLife, fmt::format("pod {} {}, but is not stored", pod, what), event.seq, event.t);
  if (books.finished) fail(kPodLife, fmt::format("pod {} {} after it has finished", pod, what), event.seq, event.t);
  return books;
}

void Properties::on(const EventRef& event, const fact::PodBound& bound) {
  PodBooks& pod = living(event, bound.pod, "is bound");
  if (pod.bound) fail(kPodLife, fmt::format("pod {} is bound twice", bound.pod), event.seq, event.t);
  bind(event, pod, bound.node);
}

void Properties::on(const EventRef& event, const fact::PodWaiting& waiting) {
  admit(event, living(event, waiting.pod, "waits"));
}

void Properties::on(const EventRef& event, const fact::PodRunning& running) {
  PodBooks& pod = living(event, running.pod, "runs");
  if (!pod.bound) fail(kPodLife, fmt::format("pod {} runs without a node", running.pod), event.seq, event.t);
  admit(event, pod);
}

void Properties::on(const EventRef& event, const fact::PodTerminating& terminating) {
  pods_changed_us_ = event.t;
  if (pods_[terminating.pod].stored) return;
  fail(kPodLife, fmt::format("pod {} is deleted, but is not stored", terminating.pod), event.seq, event.t);
}

void Properties::bind(const EventRef& event, PodBooks& pod, const std::string& node) {
  pod.bound = true;
  pod.node = node;
  if (binders_ == Binders::one && !pod.finished) take_room(event, pod);
}

// Its kubelet has looked at it and shows its containers.
void Properties::admit(const EventRef& event, PodBooks& pod) {
  if (pod.bound && !pod.counted && !pod.finished) take_room(event, pod);
}

void Properties::take_room(const EventRef& event, PodBooks& pod) {
  const std::string& node_name = pod.node;
  NodeBooks& node = nodes_[node_name];
  pod.counted = true;
  node.cpu_milli += pod.cpu_milli;
  node.memory_bytes += pod.memory_bytes;
  node.pods += 1;
  const bool fits = node.cpu_milli <= node.allocatable.cpu_milli.value_or(INT64_MAX) &&
                    node.memory_bytes <= node.allocatable.memory_bytes.value_or(INT64_MAX) &&
                    node.pods <= node.pods_max;
  for (const auto& [resource, amount] : pod.other) {
    const std::int64_t asked = node.other[resource] += amount;
    const auto offered = node.allocatable.other.find(resource);
    const std::int64_t limit = offered == node.allocatable.other.end() ? 0 : offered->second;
    if (amount == 0 || asked <= limit) continue;
    fail(kNodeNeverOvercommitted,
         fmt::format("pods on node {} now ask for {} of {}; it offers {}", node_name, asked, resource, limit),
         event.seq, event.t);
  }
  if (fits) return;
  fail(kNodeNeverOvercommitted,
       fmt::format("node {} now has {} pods asking for {} cpu and {} of memory; it offers {} pods, {} and {}",
                   node_name, node.pods, format_cpu_milli(node.cpu_milli), format_bytes(node.memory_bytes),
                   node.pods_max, format_cpu_milli(node.allocatable.cpu_milli.value_or(0)),
                   format_bytes(node.allocatable.memory_bytes.value_or(0))),
       event.seq, event.t);
}

void Properties::leave(PodBooks& pod) {
  if (!pod.counted) return;
  pod.counted = false;
  NodeBooks& node = nodes_[pod.node];
  node.cpu_milli -= pod.cpu_milli;
  node.memory_bytes -= pod.memory_bytes;
  node.pods -= 1;
  for (const auto& [resource, amount] : pod.other) node.other[resource] -= amount;
}

void Properties::on(const EventRef& event, const fact::PodFinished& finished) {
  pods_changed_us_ = event.t;
  PodBooks& pod = living(event, finished.pod, "finishes");
  pod.finished = true;
  leave(pod);
}

void Properties::on(const EventRef& event, const fact::PodGone& gone) {
  pods_changed_us_ = event.t;
  if (!pods_[gone.pod].stored)
    fail(kPodLife, fmt::format("pod {} goes, but is not stored", gone.pod), event.seq, event.t);
  leave(pods_[gone.pod]);
  pods_.erase(gone.pod);
}

void Properties::on(const EventRef& /*event*/, const fact::QuotaSet& set) { quota_hard_[set.quota] = set.hard; }

void Properties::on(const EventRef& event, const fact::QuotaCharged& charged) {
  const fact::Usage& hard = quota_hard_[charged.quota];
  fact::Usage& before = quota_used_[charged.quota];
  for (const auto& [resource, used] : charged.used) {
    const auto limit = hard.find(resource);
    if (limit == hard.end() || used <= limit->second || used <= before[resource]) continue;
    fail(kQuotaNeverExceeded,
         fmt::format("{} was admitted although quota {} then has {} of {} in use; its limit is {}", charged.pod,
                     charged.quota, used, resource, limit->second),
         event.seq, event.t);
  }
  before = charged.used;
}

void Properties::on(const EventRef& /*event*/, const fact::QuotaRecounted& recounted) {
  quota_used_[recounted.quota] = recounted.used;
}

void Properties::check_quotas(const fakeapi::ClusterState& state, DurationUs resync_us, TimeUs now,
                              const std::set<std::string, std::less<>>& scoped) {
  const bool settled = now - pods_changed_us_ > resync_us + kMinuteUs;
  for (const auto& [key, quota] : state.quotas()) {
    if (scoped.contains(key)) continue;
    fact::Usage live;
    const std::string prefix = quota.ns + "/";
    const auto& pods = state.pods_by_name();
    for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
      const Pod& pod = *state.find_pod(it->second)->pod;
      ++live["count/pods"];
      const bool past = pod.deletion_us && now > *pod.deletion_us + pod.deletion_grace_s.value_or(0) * kSecondUs;
      if (fakeapi::is_terminal(pod) || past) continue;
      for (const auto& [resource, amount] : fakeapi::quota_usage(*pod.tmpl)) {
        if (resource != "count/pods") live[resource] += amount;
      }
    }
    for (const auto& [resource, used] : quota.used) {
      const std::int64_t counted = live[resource];
      if (used >= counted && (!settled || used == counted)) continue;
      fail(kQuotaCountsLivePods,
           fmt::format("quota {} says {} of {} is used; the pods that live use {}", key, used, resource, counted), 0,
           now);
    }
  }
}

}  // namespace podramp::sim
