#include "backend/snapshot_allocator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

constexpr const char* kExecutorRole = "executor";

}  // namespace

ApiRequest delete_executors(const std::string& ns, const std::string& app_id) {
  ApiRequest request;
  request.verb = Verb::remove_collection;
  request.ns = ns;
  request.label_selector.all = {{kAppLabel, SelectorOp::equals, {app_id}},
                                {kRoleLabel, SelectorOp::equals, {kExecutorRole}}};
  return request;
}

ApiRequest delete_executors(const std::string& ns, const std::string& app_id, const std::vector<ExecutorId>& ids) {
  ApiRequest request = delete_executors(ns, app_id);
  Requirement named{kExecutorIdLabel, SelectorOp::in, {}};
  for (const ExecutorId id : ids) named.values.push_back(std::to_string(id));
  request.label_selector.all.push_back(std::move(named));
  return request;
}

std::string driver_pod_missing(const std::string& pod_name, const std::string& ns) {
  return fmt::format(
      "driver pod {} does not exist in namespace {}: the driver looks up the pod it runs in, so that its executors can "
      "name it as their owner; set spark.kubernetes.driver.pod.name to the driver's own pod, or unset it",
      pod_name, ns);
}

SnapshotAllocator::SnapshotAllocator(AllocatorSettings settings, BuildPod build, const ExecutorTable& table,
                                     ApiCalls& calls)
    : settings_(std::move(settings)), build_(std::move(build)), table_(table), calls_(calls) {}

void SnapshotAllocator::set_limits(const AllocatorSettings& settings) {
  settings_.batch_size = settings.batch_size;
  settings_.max_pending_pods = settings.max_pending_pods;
  settings_.max_pending_pods_per_rp = settings.max_pending_pods_per_rp;
  settings_.creation_timeout_us = settings.creation_timeout_us;
  settings_.idle_timeout_us = settings.idle_timeout_us;
  settings_.ids_max = settings.ids_max;
  settings_.claims.age_min_us = settings.claims.age_min_us;
}

bool SnapshotAllocator::set_targets(const std::map<ProfileId, std::int64_t>& targets) {
  for (const auto& [profile, target] : targets) targets_[profile] = target;
  return outstanding_ == 0;
}

std::vector<ProfileReport> SnapshotAllocator::profiles() const {
  return is_creating() ? report_of(*round_, outstanding_).profiles : last_.profiles;
}

Progress SnapshotAllocator::begin_round(TimeUs now, RoundTrigger trigger, const SnapshotBatch& batch, Outbox& out) {
  CHECK(!round_);
  if (exited_) return Progress::done;
  now_us_ = now;
  round_.emplace();
  round_->number = ++rounds_;
  round_->trigger = trigger;
  round_->started_us = now;
  round_->snapshots = static_cast<std::int64_t>(batch.size());
  round_->no_snapshots = batch.empty();
  if (lists_claims() && settings_.claims.some_made) collect_claims(batch);
  acknowledge(batch);
  promote();
  round_->deleted = deleted_ids_;
  if (!batch.empty()) std::erase_if(round_->deleted, [&](ExecutorId id) { return snapshot_.find(id) == nullptr; });
  // Who is registered is asked once, now, although pass 1 may come much later (02 9 rule 4).
  for (const ExecutorId id : snapshot_.pending()) {
    if (table_.contains(id)) round_->registered_pending.insert(id);
  }
  return proceed(out);
}

Progress SnapshotAllocator::resume(TimeUs now, const Completed& completed, Outbox& out) {
  CHECK(round_);
  CHECK(completed.owner == CallOwner::allocator);
  now_us_ = now;
  switch (round_->stage) {
    case RoundStage::time_outs:
      if (!completed.reply.ok()) {
        out.add(out::Noted{"warn", "deleting executors that timed out failed: " + describe_failure(completed.reply)});
      }
      round_->stage = RoundStage::grouping;
      break;
    case RoundStage::trimming: excess_answered(completed.reply, out); break;
    case RoundStage::listing_claims: claims_listed(completed.reply, out); break;
    case RoundStage::creating: create_answered(completed, out); break;
    default: PODRAMP_CHECK(false, "a reply in a stage that makes no calls");
  }
  return proceed(out);
}

Progress SnapshotAllocator::proceed(Outbox& out) {
  while (round_->stage != RoundStage::finished) {
    switch (round_->stage) {
      case RoundStage::time_outs:
        if (time_out(out)) return Progress::waiting;
        round_->stage = RoundStage::grouping;
        break;
      case RoundStage::grouping: group(out); break;
      case RoundStage::trimming:
        if (trim(out)) return Progress::waiting;
        break;
      case RoundStage::gate: open_gate(); break;
      case RoundStage::listing_claims:
      case RoundStage::creating:
        if (create_next(out)) return Progress::waiting;
        break;
      case RoundStage::finished: break;
    }
  }
  finish(out);
  return Progress::done;
}

// 02 1.3 steps 1 and 5. The last snapshot is replaced here already: no step between the two reads it.
void SnapshotAllocator::acknowledge(const SnapshotBatch& batch) {
  if (batch.empty()) return;
  const auto forget_if = [&](auto&& seen) {
    std::erase_if(newly_created_, [&](const auto& entry) { return seen(entry.first); });
    std::erase_if(known_newly_created_, [&](const auto& entry) { return seen(entry.first); });
  };
  // Unless it is a full listing, the first snapshot of the batch still shows all that the last one showed.
  if (batch.front().all == nullptr) forget_if([&](ExecutorId id) { return snapshot_.find(id) != nullptr; });
  for (const SnapshotChange& change : batch) {
    if (change.all != nullptr) {
      forget_if([&](ExecutorId id) { return change.all->contains(id); });
    } else if (change.executor) {
      newly_created_.erase(*change.executor);
      known_newly_created_.erase(*change.executor);
    }
    snapshot_.apply(change);
  }
}

// 02 1.3 step 2: of the batch only, so that an empty one leaves every claim unused (T9).
void SnapshotAllocator::collect_claims(const SnapshotBatch& batch) {
  const auto add = [&](const PodState& pod) {
    for (std::string& name : pod.pod->claim_names()) round_->claims_in_use.insert(std::move(name));
  };
  if (batch.empty()) return;
  if (batch.front().all == nullptr) {  // it still shows what the last one showed
    for (const auto& [id, pod] : snapshot_.pods()) add(pod);
  }
  for (const SnapshotChange& change : batch) {
    if (change.all != nullptr) {
      for (const auto& [id, pod] : *change.all) add(pod);
    } else if (change.executor) {
      add(change.pod);
    }
  }
}

// 02 1.3 step 3.
void SnapshotAllocator::promote() {
  std::erase_if(newly_created_, [&](const auto& entry) {
    if (!table_.contains(entry.first)) return false;
    known_newly_created_.emplace(entry.first, entry.second.profile);
    return true;
  });
  if (!settings_.drops_ghosts) return;
  std::erase_if(known_newly_created_, [&](const auto& entry) { return !table_.contains(entry.first); });
}

// 02 1.3 step 4.
bool SnapshotAllocator::time_out(Outbox& out) {
  std::vector<ExecutorId>& timed_out = round_->timed_out;
  for (const auto& [id, created] : newly_created_) {
    if (round_->started_us - created.created_us > settings_.creation_timeout_us) timed_out.push_back(id);
  }
  if (timed_out.empty()) return false;
  for (const ExecutorId id : timed_out) newly_created_.erase(id);
  out.add(out::Noted{"warn", fmt::format("executors {} were in no snapshot {} after their creation: given up",
                                         fmt::join(timed_out, ", "), format_time(settings_.creation_timeout_us))});
  if (!settings_.delete_on_termination) return false;
  call(delete_executors(settings_.ns, settings_.app_id, timed_out), out);
  return true;
}

// 02 1.3 steps 7 and 8. With at most one target, labels are not looked at and every pod is in profile 0 (T8).
void SnapshotAllocator::group(Outbox& out) {
  Round& round = *round_;
  const bool by_label = targets_.size() > 1;
  if (by_label && snapshot_.without_profile() > 0) {
    if (const Pod* pod = first_without_profile()) {
      round.exit_code = 1;  // Java's NumberFormatException is an IllegalArgumentException
      return abandon(fmt::format("pod {} has no numeric label spark-exec-resourceprofile-id", pod->name), Limit::none,
                     out);
    }
  }
  const auto profile_of = [&](const PodState& pod) { return by_label ? profile_id(*pod.pod) : kDefaultProfile; };
  if (by_label) {
    round.running = snapshot_.running_by_profile();
  } else {
    round.running[kDefaultProfile] = snapshot_.running();
  }
  for (const ExecutorId id : round.deleted) {
    const PodState* pod = snapshot_.find(id);
    if (pod == nullptr || pod->state != ExecutorState::running) continue;
    if (const auto profile = profile_of(*pod)) --round.running[*profile];
  }
  for (const ExecutorId id : snapshot_.pending()) {
    if (round.deleted.contains(id)) continue;
    if (const auto profile = profile_of(*snapshot_.find(id))) round.pending[*profile].push_back(id);
  }
  for (const auto& [profile, target] : targets_) {
    ProfileRound& added = round.profiles.emplace_back();
    added.report.profile = profile;
    added.report.target = target;
  }
  round.stage = RoundStage::trimming;
}

const Pod* SnapshotAllocator::first_without_profile() const {
  for (const auto& [id, pod] : snapshot_.pods()) {
    if (!profile_id(*pod.pod) && !round_->deleted.contains(id)) return pod.pod.get();
  }
  return nullptr;
}

// 02 1.3 step 9, for the next profile.
bool SnapshotAllocator::trim(Outbox& out) {
  Round& round = *round_;
  if (round.at == round.profiles.size()) {
    round.at = 0;
    round.stage = RoundStage::gate;
    return false;
  }
  ProfileRound& profile = round.profiles[round.at];
  count(profile);
  if (settings_.counts_failed) count_failed(profile);
  choose_excess(profile);
  std::vector<ExecutorId> excess = profile.excess_new;
  excess.insert(excess.end(), profile.excess_pending.begin(), profile.excess_pending.end());
  if (excess.empty()) {
    settle();
    return false;
  }
  std::sort(excess.begin(), excess.end());
  round.deleted.insert(excess.begin(), excess.end());
  out.add(out::Noted{"info", fmt::format("profile {}: deleting excess requests for executors {}",
                                         profile.report.profile, fmt::join(excess, ", "))});
  ApiRequest request = delete_executors(settings_.ns, settings_.app_id, excess);
  request.field_selector.all = {{"status.phase", "Pending", true}};
  call(std::move(request), out);
  return true;
}

void SnapshotAllocator::count(ProfileRound& profile) const {
  const Round& round = *round_;
  ProfileReport& report = profile.report;
  if (const auto running = round.running.find(report.profile); running != round.running.end()) {
    report.running = running->second;
  }
  if (const auto pending = round.pending.find(report.profile); pending != round.pending.end()) {
    for (const ExecutorId id : pending->second) {
      ++(round.registered_pending.contains(id) ? report.pending_known : report.pending_unknown);
    }
  }
  for (const auto& [id, created] : newly_created_) report.new_unknown += created.profile == report.profile ? 1 : 0;
  for (const auto& [id, of] : known_newly_created_) report.new_known += of == report.profile ? 1 : 0;
  report.have = report.running + profile.not_running();
  profile.gated = report.new_unknown > 0;
  profile.wants = !profile.gated && report.have < report.target;
}

// 3.5: each executor once, when the last snapshot shows its pod Failed; what was deleted in between is missed.
void SnapshotAllocator::count_failed(const ProfileRound& profile) {
  const bool by_label = targets_.size() > 1;
  for (const ExecutorId id : snapshot_.finished()) {
    const PodState& pod = *snapshot_.find(id);
    if (pod.state != ExecutorState::failed || round_->deleted.contains(id)) continue;
    if (by_label ? profile_id(*pod.pod) != profile.report.profile : profile.report.profile != kDefaultProfile) continue;
    if (failed_.insert(id).second) settings_.counts_failed->add(now_us_);
  }
}

// `a` and `b` of step 9. Both ages are strict (T2).
void SnapshotAllocator::choose_excess(ProfileRound& profile) const {
  const Round& round = *round_;
  const std::int64_t excess = profile.report.have - profile.report.target;
  if (excess <= 0) return;
  const auto idle_since = [&](TimeUs created) { return round.started_us - created > settings_.idle_timeout_us; };
  for (const auto& [id, created] : newly_created_) {
    if (std::cmp_equal(profile.excess_new.size(), excess)) break;
    if (created.profile == profile.report.profile && idle_since(created.created_us)) profile.excess_new.push_back(id);
  }
  const auto pending = round.pending.find(profile.report.profile);
  if (pending == round.pending.end()) return;
  std::vector<ExecutorId> idle;
  for (const ExecutorId id : pending->second) {
    if (!round.registered_pending.contains(id) && idle_since(snapshot_.find(id)->pod->created_us)) idle.push_back(id);
  }
  profile.excess_pending = first_in_hash_order(idle, excess - static_cast<std::int64_t>(profile.excess_new.size()));
}

// The delete of one profile's excess was answered. Spark swallows its failure: the ids stay in `del`, but the books
// still count the pods.
void SnapshotAllocator::excess_answered(const ApiReply& reply, Outbox& out) {
  ProfileRound& profile = round_->profiles[round_->at];
  if (reply.ok()) {
    const auto from_new = static_cast<std::int64_t>(profile.excess_new.size());
    const auto from_pending = static_cast<std::int64_t>(profile.excess_pending.size());
    for (const ExecutorId id : profile.excess_new) newly_created_.erase(id);
    profile.report.new_unknown -= from_new;
    profile.report.pending_unknown -= from_pending;
    profile.report.have -= from_new + from_pending;
    profile.report.excess_deleted = from_new + from_pending;
  } else {
    out.add(out::Noted{"warn", "deleting excess executors failed: " + describe_failure(reply)});
  }
  settle();
}

// The end of step 9 for one profile.
void SnapshotAllocator::settle() {
  const ProfileRound& profile = round_->profiles[round_->at];
  round_->total_pending += profile.report.pending_unknown;
  round_->total_not_running += profile.not_running();
  ++round_->at;
}

// 02 1.3 steps 10 and 11.
void SnapshotAllocator::open_gate() {
  Round& round = *round_;
  round.slots = settings_.max_pending_pods - round.total_not_running;
  const auto wanting =
      std::count_if(round.profiles.begin(), round.profiles.end(), [](const auto& p) { return p.wants; });
  const auto close = [&](Limit limit) {
    for (ProfileRound& profile : round.profiles) profile.allowed = {0, limit};
    commit();
  };
  if (wanting == 0 || round.slots <= 0) return close(Limit::pending_cap);
  if (round.no_snapshots && settings_.claims.gate() && settings_.claims.claims_max <= claims_made_) {
    return close(Limit::claims);
  }
  if (settings_.backs_off && now_us_ < not_before_us_) return close(held_by_);
  allow(wanting);
  round.stage = RoundStage::creating;
}

// 02 1.3 step 13.
void SnapshotAllocator::commit() {
  deleted_ids_ = round_->deleted;
  outstanding_ = round_->total_pending + static_cast<std::int64_t>(newly_created_.size());
  round_->stage = RoundStage::finished;
}

// 02 1.5: what the round has done stays done, and what only a commit writes stays as it was.
void SnapshotAllocator::abandon(std::string why, Limit limit, Outbox& out) {
  // What fails before any call would fill the log with a line a round; a failed call is told each time.
  if (round_->made_calls || why != last_.aborted) {
    out.add(out::Noted{round_->exit_code != 0 ? "error" : "warn", "allocation round abandoned: " + why});
  }
  round_->aborted = std::move(why);
  round_->aborted_by = limit;
  round_->stage = RoundStage::finished;
}

void SnapshotAllocator::finish(Outbox& out) {
  out::RoundDone report = report_of(*round_, outstanding_);
  const bool acted = round_->made_calls || report.timed_out > 0;
  const bool told = any_limited(report) || any_limited(last_) || report.outstanding != last_.outstanding;
  if (acted || (told && !says_the_same(report, last_))) out.add(report);
  std::optional<FailureTracker>& failures = settings_.counts_failed;
  if (round_->exit_code != 0) {
    exited_ = true;
    out.add(out::Exited{round_->exit_code, report.aborted});
  } else if (failures && report.aborted.empty() && failures->too_many(now_us_)) {
    exited_ = true;
    const std::string why = too_many_failures(*failures, now_us_);
    out.add(out::Noted{"error", why});
    out.add(out::Exited{kTooManyFailuresExitCode, why});
  }
  last_ = std::move(report);
  round_.reset();
}

std::uint64_t SnapshotAllocator::call(ApiRequest request, Outbox& out) {
  round_->made_calls = true;
  return calls_.start(CallOwner::allocator, std::move(request), out).number;
}

ExecutorId SnapshotAllocator::creating() const {
  ExecutorId lowest = 0;
  if (!round_) return lowest;
  for (const auto& [request, creation] : round_->creations) {
    if (lowest == 0 || creation.executor < lowest) lowest = creation.executor;
  }
  return lowest;
}

}  // namespace podramp::backend
