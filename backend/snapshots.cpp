#include "backend/snapshots.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kProfileIdLabel = "spark-exec-resourceprofile-id";
constexpr std::string_view kPlaceholderId = "EXECID";  // StatefulSet and Deployment templates (02 4.4)

template <class Number>
std::optional<Number> whole_number(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  Number value = 0;
  const char* const last = text->data() + text->size();
  const auto [end, code] = std::from_chars(text->data(), last, value);
  if (code != std::errc{} || end != last) return std::nullopt;
  return value;
}

bool failed(const ContainerStatus& status) {
  return status.state == ContainerStateKind::terminated && status.exit_code != 0;
}

ExecutorState classify_running(const Pod& pod, const ClassifyOptions& options) {
  if (options.check_all_containers && pod.tmpl->restart_policy == "Never" &&
      std::any_of(pod.containers.begin(), pod.containers.end(), failed)) {
    return ExecutorState::failed;
  }
  const auto spark = std::find_if(pod.containers.begin(), pod.containers.end(), [&](const ContainerStatus& status) {
    return status.name == options.spark_container;
  });
  if (spark == pod.containers.end() || spark->state != ContainerStateKind::terminated) return ExecutorState::running;
  return spark->exit_code == 0 ? ExecutorState::succeeded : ExecutorState::failed;
}

bool is_finished(ExecutorState state) {
  return state == ExecutorState::succeeded || state == ExecutorState::failed || state == ExecutorState::deleted;
}

}  // namespace

std::optional<ExecutorId> executor_id(const Pod& pod) {
  const std::string* text = pod.label(kExecutorIdLabel);
  if (text == nullptr || *text == kPlaceholderId) return std::nullopt;
  return whole_number<ExecutorId>(text);
}

std::optional<ProfileId> profile_id(const Pod& pod) { return whole_number<ProfileId>(pod.label(kProfileIdLabel)); }

ExecutorState classify(const Pod& pod, const ClassifyOptions& options) {
  if (pod.deletion_us && pod.phase != PodPhase::running) return ExecutorState::deleted;
  switch (pod.phase) {
    case PodPhase::pending: return ExecutorState::pending;
    case PodPhase::running: return classify_running(pod, options);
    case PodPhase::succeeded: return ExecutorState::succeeded;
    case PodPhase::failed: return ExecutorState::failed;
    case PodPhase::unknown: break;
  }
  return ExecutorState::unknown;
}

void SnapshotView::apply(const SnapshotChange& change) {
  if (change.all == nullptr) {
    if (change.executor) insert(*change.executor, change.pod);
    return;
  }
  full_snapshot_us_ = change.full_snapshot_us;
  for (auto it = pods_.begin(); it != pods_.end();) {
    const auto next = std::next(it);
    if (!change.all->contains(it->first)) erase(it);
    it = next;
  }
  for (const auto& [id, pod] : *change.all) insert(id, pod);
}

const PodState* SnapshotView::find(ExecutorId id) const {
  const auto it = pods_.find(id);
  return it == pods_.end() ? nullptr : &it->second;
}

void SnapshotView::insert(ExecutorId id, const PodState& pod) {
  if (const auto it = pods_.find(id); it != pods_.end()) {
    if (it->second.state == pod.state && it->second.pod == pod.pod) return;
    erase(it);
  }
  pods_.emplace(id, pod);
  const auto profile = profile_id(*pod.pod);
  if (!profile) ++without_profile_;
  if (pod.state == ExecutorState::pending) pending_.insert(id);
  if (is_finished(pod.state)) finished_.insert(id);
  if (pod.state == ExecutorState::running) {
    ++running_;
    if (profile) ++running_by_profile_[*profile];
  }
}

void SnapshotView::erase(std::map<ExecutorId, PodState>::iterator it) {
  const auto& [id, pod] = *it;
  const auto profile = profile_id(*pod.pod);
  if (!profile) --without_profile_;
  if (pod.state == ExecutorState::running) {
    --running_;
    if (profile) {
      const auto count = running_by_profile_.find(*profile);
      if (--count->second == 0) running_by_profile_.erase(count);
    }
  }
  pending_.erase(id);
  finished_.erase(id);
  pods_.erase(it);
}

bool Subscriber::request(TimeUs now, RoundTrigger trigger, Outbox& out) {
  if (trigger == RoundTrigger::timer) armed_ = false;
  if (stopped_) return false;
  ++requests_;
  if (busy_) {
    if (trigger == RoundTrigger::timer) arm(now, out);
    return false;
  }
  busy_ = true;
  trigger_ = trigger;
  return true;
}

bool Subscriber::finished(TimeUs now, Outbox& out) {
  CHECK(busy_);
  busy_ = false;
  --requests_;
  if (stopped_) return false;
  if (trigger_ == RoundTrigger::timer) arm(now, out);
  if (requests_ == 0) return false;
  busy_ = true;
  trigger_ = RoundTrigger::notified;  // the timer's own run, if any, has ended: a repeated one does not re-arm it
  return true;
}

void Subscriber::stop(Outbox& out) {
  stopped_ = true;
  if (armed_) out.add(out::TimerCancelled{timer_, 0});
  armed_ = false;
}

void Subscriber::arm(TimeUs now, Outbox& out) {
  armed_ = true;
  out.add(out::TimerSet{timer_, 0, now + period_us_});
}

}  // namespace podramp::backend
