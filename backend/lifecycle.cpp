#include "backend/lifecycle.h"

#include <fmt/format.h>

namespace podramp::backend {
namespace {

constexpr const char* kInactiveLabel = "spark-exec-inactive";

bool is_inactive(const Pod& pod) {
  const std::string* label = pod.label(kInactiveLabel);
  return label != nullptr && *label == "true";
}

std::string describe(const ContainerStatus& status) {
  switch (status.state) {
    case ContainerStateKind::waiting: return fmt::format("{} waiting ({})", status.name, status.reason);
    case ContainerStateKind::running: return fmt::format("{} running", status.name);
    case ContainerStateKind::terminated: break;
  }
  return fmt::format("{} terminated with exit code {} ({})", status.name, status.exit_code, status.reason);
}

std::string why_it_ended(ExecutorId id, const Pod& pod, int code) {
  std::string text = fmt::format("executor {} exited with code {} ({})", id, code, exit_code_text(code));
  if (!pod.reason.empty()) text += fmt::format("; API reason: {}", pod.reason);
  if (!pod.message.empty()) text += fmt::format("; API message: {}", pod.message);
  const char* separator = "; containers: ";
  for (const ContainerStatus& status : pod.containers) {
    text += separator + describe(status);
    separator = ", ";
  }
  return text;
}

}  // namespace

std::string_view exit_code_text(int code) {
  switch (code) {
    case 0: return "success";
    case 1: return "generic error, see the executor's log";
    case 10:
    case 50: return "uncaught exception";
    case 42: return "somebody's joke";
    case 52: return "JVM OOM";
    case 53: return "the disk store could not create its directory";
    case 126: return "not executable: permissions or architecture";
    case 137: return "SIGKILL, possibly a container OOM";
    case 139: return "SIGSEGV";
    case 255: return "exit -1";
    default: return "unexpected";
  }
}

Lifecycle::Lifecycle(LifecycleSettings settings, FailureTracker failures, ExecutorTable& table, ApiCalls& calls)
    : settings_(std::move(settings)), failures_(std::move(failures)), table_(table), calls_(calls) {}

Progress Lifecycle::begin(TimeUs now, SnapshotBatch batch, Outbox& out) {
  CHECK(stage_ == Stage::idle && visits_.empty());
  batch_ = std::move(batch);
  next_snapshot_ = 0;
  handled_.clear();
  return advance(now, out);
}

Progress Lifecycle::resume(TimeUs now, const Completed& completed, Outbox& out) {
  const ApiReply& reply = completed.reply;
  const bool absent = reply.transport == Transport::ok && reply.code == 404;
  if (!reply.ok() && !absent) {
    out.add(out::Noted{"error", fmt::format("removing pod {}: {}", at_pod_, describe_failure(reply))});
  }
  const Stage answered = std::exchange(stage_, Stage::idle);
  switch (answered) {
    case Stage::looking:
      if (!reply.ok()) break;
      stage_ = settings_.looks == Looks::once ? Stage::deleting : Stage::looking_again;
      call(stage_ == Stage::deleting ? Verb::remove : Verb::get, out);
      return Progress::waiting;
    case Stage::looking_again:
      if (!reply.ok() || reply.object == nullptr || reply.object->deletion_us) break;
      stage_ = Stage::deleting;
      call(Verb::remove, out);
      return Progress::waiting;
    case Stage::labelling:
      if (reply.ok()) inactivated_.insert(at_);
      break;
    case Stage::deleting: break;
    case Stage::idle: PODRAMP_CHECK(false, "a reply although no pod is being removed");
  }
  return advance(now, out);
}

Progress Lifecycle::advance(TimeUs now, Outbox& out) {
  while (true) {
    while (!visits_.empty()) {
      const ExecutorId id = visits_.back();
      visits_.pop_back();
      if (visit(now, id, out)) return Progress::waiting;
    }
    if (next_snapshot_ == batch_.size()) break;
    open_snapshot(now);
  }
  finish(now, out);
  return Progress::done;
}

// Every snapshot is looked through in full, as Spark does; but where a pod that has not changed since the snapshot
// before in this batch cannot lead to anything, only the changed one is.
void Lifecycle::open_snapshot(TimeUs now) {
  const bool first = next_snapshot_ == 0;
  const SnapshotChange& change = batch_[next_snapshot_++];
  view_.apply(change);
  expire_cache(now);
  const bool only_changed =
      settings_.once_per_batch && settings_.removed_cache_us > 0 && !first && !forgot_ && change.all == nullptr;

  if (only_changed) {
    if (change.executor) visits_.push_back(*change.executor);
  } else {
    forgot_ = false;
    visits_.assign(view_.finished().rbegin(), view_.finished().rend());
    // A labelled pod is forgotten whatever its state is.
    if (change.executor && !view_.finished().contains(*change.executor)) visits_.push_back(*change.executor);
  }
  for (auto id = visits_.rbegin(); id != visits_.rend(); ++id) count_failure(now, *id, *view_.find(*id));
}

void Lifecycle::add_failed_creates(TimeUs now, std::int64_t creates) {
  for (std::int64_t i = 0; i < creates; ++i) failures_.add(now);
}

void Lifecycle::count_failure(TimeUs now, ExecutorId id, const PodState& pod) {
  if (!settings_.counts_failed) return;
  if (pod.state == ExecutorState::failed && failed_.insert(id).second) failures_.add(now);
}

bool Lifecycle::visit(TimeUs now, ExecutorId id, Outbox& out) {
  const PodState& seen = *view_.find(id);
  if (is_inactive(*seen.pod)) {
    inactivated_.erase(id);
    return false;
  }
  if (seen.state == ExecutorState::deleted) {
    handled_.insert(id);
    remove_from_spark(now, id, seen, out);
    inactivated_.erase(id);
    return false;
  }
  if (seen.state != ExecutorState::failed && seen.state != ExecutorState::succeeded) return false;
  const bool first = handled_.insert(id).second;
  remove_from_spark(now, id, seen, out);
  return (first || !settings_.once_per_batch) && remove_from_kubernetes(id, *seen.pod, out);
}

void Lifecycle::remove_from_spark(TimeUs now, ExecutorId id, const PodState& seen, Outbox& out) {
  expire_cache(now);
  if (removed_.contains(id)) return;
  if (settings_.removed_cache_us > 0) {
    removed_.insert(id);
    removed_order_.emplace_back(now, id);
  }
  const int code = exit_code(*seen.pod);
  const bool deleted = seen.state == ExecutorState::deleted;
  const std::string reason = deleted ? fmt::format("the pod of executor {} was deleted by a user or the framework", id)
                                     : why_it_ended(id, *seen.pod, code);
  oom_ = oom_ || reason.find("OOM") != std::string::npos;
  table_.drop(now, {id, code, !deleted, reason}, out);
}

bool Lifecycle::remove_from_kubernetes(ExecutorId id, const Pod& pod, Outbox& out) {
  const bool deletes = settings_.delete_on_termination;
  const bool going = settings_.looks == Looks::twice && pod.deletion_us;
  if (deletes ? going : inactivated_.contains(id)) return false;
  at_ = id;
  at_pod_ = pod.name;
  const bool looks = settings_.looks != Looks::never;
  stage_ = !deletes ? Stage::labelling : looks ? Stage::looking : Stage::deleting;
  call(!deletes ? Verb::patch : looks ? Verb::get : Verb::remove, out);
  return true;
}

void Lifecycle::call(Verb verb, Outbox& out) {
  ApiRequest request;
  request.verb = verb;
  request.ns = settings_.ns;
  request.name = at_pod_;
  if (verb == Verb::patch) request.set_labels = {{kInactiveLabel, "true"}};
  calls_.start(CallOwner::lifecycle, std::move(request), out);
}

void Lifecycle::finish(TimeUs now, Outbox& out) {
  if (!batch_.empty()) {
    std::erase_if(inactivated_, [&](ExecutorId id) { return view_.find(id) == nullptr; });
    if (view_.full_snapshot_us() != last_full_us_) {
      last_full_us_ = view_.full_snapshot_us();
      expire_cache(now);
      find_missing(now, out);
    }
  }
  batch_.clear();
  if (!settings_.counts_failed || !failures_.too_many(now)) return;
  fatal_ = too_many_failures(failures_, now);
  out.add(out::Noted{"error", *fatal_});
}

void Lifecycle::find_missing(TimeUs now, Outbox& out) {
  const std::int64_t full_ms = last_full_us_ / kMillisecondUs;
  const std::int64_t delta_ms = settings_.missing_pod_delta_us / kMillisecondUs;
  std::vector<std::pair<ExecutorId, std::int64_t>> missing;
  for (const auto& [id, executor] : table_.all()) {
    const std::int64_t registered_ms = executor.registered_us / kMillisecondUs;
    if (full_ms - registered_ms <= delta_ms) continue;
    if (view_.find(id) != nullptr || handled_.contains(id) || removed_.contains(id)) continue;
    missing.emplace_back(id, registered_ms);
  }
  for (const auto& [id, registered_ms] : missing) {
    out.add(out::ExecutorStopped{id});  // its process may be alive: RemoveExecutor tells it to end (02 4.2)
    table_.drop(
        now,
        {id, kUnknownExitCode, false,
         fmt::format("executor {} registered at {} ms, but the full listing at {} ms does not show its pod: more than "
                     "the {} ms of spark.kubernetes.executor.missingPodDetectDelta have passed",
                     id, registered_ms, full_ms, delta_ms)},
        out);
  }
}

void Lifecycle::expire_cache(TimeUs now) {
  while (!removed_order_.empty() && now - removed_order_.front().first >= settings_.removed_cache_us) {
    removed_.erase(removed_order_.front().second);
    removed_order_.pop_front();
    forgot_ = true;
  }
}

int Lifecycle::exit_code(const Pod& pod) const {
  for (const ContainerStatus& status : pod.containers) {
    if (status.state != ContainerStateKind::terminated) continue;
    if (!settings_.exit_code_by_name || status.name == settings_.spark_container) return status.exit_code;
  }
  return kUnknownExitCode;
}

}  // namespace podramp::backend
