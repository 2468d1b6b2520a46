// AllocatorWorld plays the snapshot store and the API server around a real SnapshotAllocator and real ApiCalls, so
// that tests read as scripts: show pods, set targets, run rounds, ask what was created and deleted. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/claim_builder.h"
#include "backend/snapshot_allocator.h"
#include "backend/test_pods.h"

namespace podramp::backend {

inline constexpr ProfileId kOther = 1;  // a resource profile besides the default one

// A pod as the API server shows it; profile_label "" leaves that label out.
inline PodPtr shown_pod(ExecutorId id, PodPhase phase, TimeUs created_us, const std::string& profile_label) {
  Pod pod = executor_pod(id, phase);
  pod.created_us = created_us;
  PodTemplate tmpl = *pod.tmpl;
  tmpl.labels.erase("spark-exec-resourceprofile-id");
  if (!profile_label.empty()) tmpl.labels["spark-exec-resourceprofile-id"] = profile_label;
  pod.tmpl = share(std::move(tmpl));
  return stored(std::move(pod));
}

// One answered delete-collection.
struct Deleted {
  std::vector<ExecutorId> ids;
  bool pending_only = false;
  friend bool operator==(const Deleted&, const Deleted&) = default;
};

// Batch 5, idle 10 s: the numbers of 02 7.1.
inline AllocatorSettings acceptance_settings() {
  AllocatorSettings settings;
  settings.app_id = "app-1";
  settings.ns = "default";
  settings.batch_size = 5;
  settings.idle_timeout_us = 10 * kSecondUs;
  return settings;
}

class AllocatorWorld {
 public:
  using Answer = std::function<ApiReply(const ApiRequest&)>;

  explicit AllocatorWorld(AllocatorSettings settings = acceptance_settings())
      : calls(RetryPolicy{.retries_max = 0}),
        allocator(
            std::move(settings), [this](ExecutorId id, ProfileId profile) { return build(id, profile); }, table,
            calls) {}
  AllocatorWorld(const AllocatorWorld&) = delete;
  AllocatorWorld& operator=(const AllocatorWorld&) = delete;

  // --- the scheduler
  // Sets targets; when nothing is outstanding the store notifies: a round runs at once.
  bool target(const std::map<ProfileId, std::int64_t>& targets) {
    const bool notify = allocator.set_targets(targets);
    if (notify) round(RoundTrigger::notified);
    return notify;
  }
  void registered(const std::set<ExecutorId>& ids) {
    for (const ExecutorId id : ids) table.add(id, now, "host");
  }

  // --- the cluster, as the watch and the poll show it to the store
  void show(ExecutorId id, PodPhase phase) { show(id, phase, created_us(id), profile_label(id)); }
  void show(ExecutorId id, PodPhase phase, TimeUs created, const std::string& profile_label) {
    const PodPtr pod = with_claims(id, shown_pod(id, phase, created, profile_label));
    push({id, {classify(*pod, {}), pod}, nullptr, 0});
  }
  void show_deleted(ExecutorId id) {
    Pod pod = *shown_pod(id, PodPhase::pending, created_us(id), profile_label(id));
    pod.deletion_us = now;
    push({id, {ExecutorState::deleted, stored(std::move(pod))}, nullptr, 0});
  }
  // A full listing of these pods and nothing else.
  void list(const std::map<ExecutorId, PodPhase>& pods) {
    auto all = std::make_shared<std::map<ExecutorId, PodState>>();
    for (const auto& [id, phase] : pods) {
      const PodPtr pod = with_claims(id, shown_pod(id, phase, created_us(id), profile_label(id)));
      all->emplace(id, PodState{classify(*pod, {}), pod});
    }
    push({std::nullopt, {}, std::move(all), now});
  }
  void push(SnapshotChange change) { batch_.push_back(std::move(change)); }

  // --- rounds
  // A whole round at `now` with all snapshots queued so far; every call takes `call_takes` and gets its answer.
  void round(RoundTrigger trigger = RoundTrigger::timer) {
    Progress progress = begin(trigger);
    while (progress == Progress::waiting) progress = answer_call();
  }
  // Only up to the round's first call.
  Progress begin(RoundTrigger trigger = RoundTrigger::timer) {
    Outbox out;
    const SnapshotBatch batch = std::exchange(batch_, {});
    const Progress progress = allocator.begin_round(now, trigger, batch, out);
    perform(out);
    return progress;
  }
  // Answers a call that is under way: the only one, unless creates go side by side.
  Progress answer_call(std::size_t which = 0) {
    CHECK(under_way.size() == 1 || side_by_side);
    const out::Called called = under_way.at(which);
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
    ApiReply reply = answer ? answer(called.request) : reply_ok();
    if (reply.ok() && called.request.verb == Verb::list) {
      for (const auto& [name, claim] : stored_claims) reply.manifests.push_back(claim);
    }
    now += call_takes;
    if (reply.ok()) remember(called.request);
    Outbox out;
    const auto completed = calls.on_reply(now, {called.call, reply}, out);
    CHECK(completed.has_value());
    const Progress progress = allocator.resume(now, *completed, out);
    perform(out);
    return progress;
  }

  // --- what happened since last asked
  std::vector<ExecutorId> created() { return std::exchange(created_, {}); }
  std::vector<Deleted> deleted() { return std::exchange(deleted_, {}); }
  std::vector<out::RoundDone> reports() { return std::exchange(reports_, {}); }
  std::vector<std::string> created_claims() { return std::exchange(created_claims_, {}); }
  std::vector<std::string> deleted_pods() { return std::exchange(deleted_pods_, {}); }
  std::int64_t claim_lists() { return std::exchange(claim_lists_, 0); }
  std::vector<std::string> notes() { return std::exchange(notes_, {}); }
  std::vector<out::Exited> exits() { return std::exchange(exits_, {}); }

  TimeUs created_us(ExecutorId id) const {
    const auto it = made_.find(id);
    return it == made_.end() ? 0 : it->second.second;
  }
  // A claim of the application, created that long ago.
  void store_claim(const std::string& name, std::int64_t bytes, DurationUs age, const std::string& storage_class) {
    Manifest claim;
    claim.kind = Kind::persistent_volume_claim;
    claim.name = name;
    claim.created_us = whole_second(now - age);
    claim.claim.emplace();
    claim.claim->storage_class = storage_class;
    claim.claim->request_bytes = bytes;
    stored_claims[name] = std::make_shared<const Manifest>(claim);
  }
  // The claims that this executor's pod uses, as it was created.
  std::vector<std::string> claims_of(ExecutorId id) const { return pods_.at(id)->claim_names(); }
  bool was_created(ExecutorId id) const { return pods_.contains(id); }

  TimeUs now = 1'000 * kSecondUs;
  DurationUs call_takes = 0;
  Answer answer;                             // none: every call succeeds
  std::function<bool(ExecutorId)> bad_conf;  // building this executor's pod fails
  ErrorKind bad_kind = ErrorKind::bad_argument;
  bool side_by_side = false;           // several calls may be under way
  std::optional<ClaimBuilder> claims;  // executors have claims of their own
  std::map<std::string, ManifestPtr> stored_claims;
  ExecutorTable table;
  ApiCalls calls;
  SnapshotAllocator allocator;
  std::vector<out::Called> under_way;

 private:
  Result<PodWithClaims> build(ExecutorId id, ProfileId profile) const {
    if (bad_conf && bad_conf(id)) return tl::unexpected(Error{"spark.executor.cores must be > 0 (got 0)", bad_kind});
    Pod pod = executor_pod(id, PodPhase::pending, profile);
    if (!claims) return PodWithClaims{stored(std::move(pod)), {}};
    auto made = claims->build(id);
    if (!made) return tl::unexpected(made.error());
    pod.own_volumes = made->volumes;
    PodTemplate tmpl = *pod.tmpl;
    for (const Volume& volume : made->volumes) tmpl.volumes.push_back({volume.name, volume.type, "OnDemand", {}});
    pod.tmpl = share(std::move(tmpl));
    return PodWithClaims{stored(std::move(pod)), made->claims};
  }
  std::string profile_label(ExecutorId id) const {
    const auto it = made_.find(id);
    return it == made_.end() ? "0" : it->second.first;
  }
  void perform(Outbox& out) {
    for (Effect& effect : out.take()) {
      if (auto* called = std::get_if<out::Called>(&effect)) under_way.push_back(*called);
      if (auto* report = std::get_if<out::RoundDone>(&effect)) reports_.push_back(*report);
      if (auto* note = std::get_if<out::Noted>(&effect)) notes_.push_back(note->level + ": " + note->text);
      if (auto* exited = std::get_if<out::Exited>(&effect)) exits_.push_back(*exited);
    }
  }
  // What the executor was created with, claims included.
  PodPtr with_claims(ExecutorId id, PodPtr shown) const {
    const auto made = pods_.find(id);
    if (made == pods_.end() || made->second->own_volumes.empty()) return shown;
    Pod pod = *shown;
    pod.own_volumes = made->second->own_volumes;
    PodTemplate tmpl = *pod.tmpl;
    tmpl.volumes = made->second->tmpl->volumes;
    pod.tmpl = share(std::move(tmpl));
    return stored(std::move(pod));
  }
  void remember(const ApiRequest& request) {
    EXPECT_EQ(request.ns, "default");
    if (request.verb == Verb::list) {
      EXPECT_EQ(request.kind, Kind::persistent_volume_claim);
      EXPECT_EQ(to_string(request.label_selector), "spark-app-selector=app-1");
      ++claim_lists_;
      return;
    }
    if (request.verb == Verb::remove) {
      deleted_pods_.push_back(request.name);
      return;
    }
    if (request.verb == Verb::create && request.kind == Kind::persistent_volume_claim) {
      created_claims_.push_back(request.manifest->name);
      Manifest claim = *request.manifest;
      claim.created_us = whole_second(now);
      stored_claims[claim.name] = std::make_shared<const Manifest>(claim);
      return;
    }
    if (request.verb == Verb::create) {
      const ExecutorId id = executor_id(*request.body).value();
      created_.push_back(id);
      pods_[id] = request.body;
      made_[id] = {*request.body->label("spark-exec-resourceprofile-id"), whole_second(now)};
      return;
    }
    EXPECT_EQ(request.verb, Verb::remove_collection);
    Deleted deleted;
    for (const Requirement& requirement : request.label_selector.all) {
      if (requirement.key != "spark-exec-id") continue;
      for (const std::string& id : requirement.values) deleted.ids.push_back(std::stoll(id));
    }
    deleted.pending_only = to_string(request.field_selector) == "status.phase=Pending";
    deleted_.push_back(std::move(deleted));
  }

  SnapshotBatch batch_;
  std::map<ExecutorId, std::pair<std::string, TimeUs>> made_;
  std::map<ExecutorId, PodPtr> pods_;
  std::vector<ExecutorId> created_;
  std::vector<std::string> created_claims_;
  std::vector<std::string> deleted_pods_;
  std::int64_t claim_lists_ = 0;
  std::vector<Deleted> deleted_;
  std::vector<out::RoundDone> reports_;
  std::vector<std::string> notes_;
  std::vector<out::Exited> exits_;
};

}  // namespace podramp::backend
