// The allocator's last stage (02 1.3 steps 11 and 12, 1.4, 1.5): how many executors each profile gets, which claims are
// taken, the creates one after the other, and what a failure costs at each level.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/pod_labels.h"
#include "backend/snapshot_allocator.h"

namespace podramp::backend {
namespace {

constexpr DurationUs kFirstBackOffUs = kSecondUs;
constexpr DurationUs kBackOffMaxUs = 32 * kSecondUs;

Limit failure_limit(const ApiReply& reply) {
  const bool failed = reply.transport != Transport::ok || reply.code == 429 || reply.code >= 500;
  return failed ? Limit::api_error : Limit::refused;
}

}  // namespace

// 02 1.3 step 11, for the profiles that want pods.
void SnapshotAllocator::allow(std::int64_t wanting) {
  Round& round = *round_;
  std::vector<CreateBounds> bounds;
  std::vector<std::int64_t> needs;
  for (const ProfileRound& profile : round.profiles) {
    if (!profile.wants) continue;
    CreateBounds& one = bounds.emplace_back();
    one.missing = profile.report.target - profile.report.have;
    one.batch_size = settings_.batch_size;
    one.only_profile = wanting == 1;
    one.profile_room = settings_.max_pending_pods_per_rp - profile.not_running();
    needs.push_back(std::max<std::int64_t>(0, std::min({one.missing, one.batch_size, one.profile_room})));
  }
  const std::vector<std::int64_t> shares =
      settings_.shares_unused ? split_slots_by_need(needs, round.slots) : split_slots(needs.size(), round.slots);
  std::size_t next = 0;
  for (ProfileRound& profile : round.profiles) {
    if (!profile.wants) continue;
    bounds[next].share = shares[next];
    profile.allowed = allow_creates(bounds[next]);
    ++next;
  }
}

// 02 1.3 step 12: goes on with the profile at hand, then with the next. True: a call is under way.
bool SnapshotAllocator::create_next(Outbox& out) {
  Round& round = *round_;
  for (; round.at < round.profiles.size(); ++round.at) {
    ProfileRound& profile = round.profiles[round.at];
    if (!profile.wants) continue;
    profile.report.asked = profile.allowed.count;
    if (!std::exchange(round.claims_listed, true) && list_claims(out)) return true;
    while (may_start(profile, out)) start_create(profile, out);
    if (!round.creations.empty()) return true;
    if (!round.failure.empty()) {
      abandon(std::exchange(round.failure, {}), round.failed_by, out);
      return false;
    }
    if (round.stops_creating) {
      round.aborted_by = round.failed_by;  // of the profiles that come after it
      break;
    }
    round.claims_listed = false;
    round.reusable.clear();
  }
  commit();
  return false;
}

// 1.4 step 1; also for a profile that may create nothing.
bool SnapshotAllocator::list_claims(Outbox& out) {
  if (!lists_claims()) return false;
  ApiRequest request;
  request.verb = Verb::list;
  request.kind = Kind::persistent_volume_claim;
  request.ns = settings_.ns;
  request.label_selector.all = {{kAppLabel, SelectorOp::equals, {settings_.app_id}}};
  call(std::move(request), out);
  round_->stage = RoundStage::listing_claims;
  return true;
}

void SnapshotAllocator::claims_listed(const ApiReply& reply, Outbox& out) {
  Round& round = *round_;
  round.stage = RoundStage::creating;
  if (!reply.ok()) {
    out.add(out::Noted{"info", "claims cannot be listed, so none is reused: " + describe_failure(reply)});
    return;
  }
  round.reusable = reusable_claims(reply.manifests, round.claims_in_use, now_us_, settings_.claims.age_min_us);
}

bool SnapshotAllocator::may_start(ProfileRound& profile, Outbox& out) {
  Round& round = *round_;
  const bool room = round.creations.empty() || settings_.creates_parallel;
  if (!room || !round.failure.empty() || round.stops_creating) return false;
  if (profile.attempted >= profile.allowed.count || profile.failed_by == Limit::claims) return false;
  const ClaimRules& claims = settings_.claims;
  // Side by side, the claims of the pods before this one are as good as made.
  std::int64_t made = claims_made_;
  for (const auto& [request, creation] : round.creations) {
    made += static_cast<std::int64_t>(creation.claims.size() - creation.claim);
  }
  if (!claims.gate() || !round.reusable.empty() || made < claims.claims_max) return true;
  if (!round.creations.empty()) return false;
  out.add(out::Noted{"info", fmt::format("waiting for one of the {} claims to become free", claims_made_)});
  profile.failed_by = Limit::claims;
  return false;
}

// 1.4 steps 2.2 to 2.6. An id is used up before the pod is built.
void SnapshotAllocator::start_create(ProfileRound& profile, Outbox& out) {
  Round& round = *round_;
  ++profile.attempted;
  const ExecutorId id = ++last_id_;
  if (id >= settings_.ids_max) {
    return fail_round(fmt::format("the next executor exceeds the pod creation limit of {}, "
                                  "spark.kubernetes.allocation.maximum, which allows one executor less",
                                  settings_.ids_max),
                      Limit::refused);
  }
  Result<PodWithClaims> built = build_(id, profile.report.profile);
  if (!built) {
    const bool exits = built.error().kind == ErrorKind::bad_argument;
    if (exits) round.exit_code = 1;
    const std::string what = exits ? fmt::format("executor {}", id) : std::string("an executor");
    return fail_round(fmt::format("building {}: {}", what, built.error().message), Limit::refused);
  }
  PodWithClaims ready = replace_claims(*std::move(built), round.reusable, settings_.claims.larger_fits);
  Creation creation;
  creation.executor = id;
  creation.pod = ready.pod;
  creation.claims = std::move(ready.claims);
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = settings_.ns;
  request.body = std::move(ready.pod);
  round.creations.emplace(call(std::move(request), out), std::move(creation));
}

void SnapshotAllocator::create_answered(const Completed& completed, Outbox& out) {
  const auto entry = round_->creations.extract(completed.request);
  CHECK(!entry.empty());
  Creation creation = std::move(entry.mapped());
  const ApiReply& reply = completed.reply;
  switch (creation.step) {
    case CreateStep::pod:
      if (!reply.ok()) return create_failed(std::move(creation), reply, out);
      if (reply.object != nullptr) creation.pod = reply.object;
      return create_claim(std::move(creation), out);
    case CreateStep::claim:
      if (!reply.ok()) return create_failed(std::move(creation), reply, out);
      ++claims_made_;
      ++creation.claim;
      return create_claim(std::move(creation), out);
    case CreateStep::undo:  // whether the pod could be deleted or not
      return fail_round(std::move(creation.failure), creation.failed_by);
  }
}

// 1.4 step 2.7: the next of its claims, or the executor is complete.
void SnapshotAllocator::create_claim(Creation creation, Outbox& out) {
  if (creation.claim == creation.claims.size()) return created(creation);
  Manifest claim = creation.claims[creation.claim];
  const bool drivers = settings_.claims.own && driver_;
  claim.owners = {drivers ? *driver_ : OwnerReference{"Pod", creation.pod->name, creation.pod->uid, true}};
  claim.owners.front().controller = true;
  creation.step = CreateStep::claim;
  ApiRequest request;
  request.verb = Verb::create;
  request.kind = Kind::persistent_volume_claim;
  request.ns = settings_.ns;
  request.manifest = std::make_shared<const Manifest>(std::move(claim));
  round_->creations.emplace(call(std::move(request), out), std::move(creation));
}

void SnapshotAllocator::created(const Creation& creation) {
  ProfileRound& profile = round_->profiles[round_->at];
  newly_created_.emplace(creation.executor, NewlyCreated{profile.report.profile, now_us_});
  ++profile.report.created;
  back_off_us_ = 0;
}

// 02 1.5. Up to 4.1 the round is lost. From 4.2 the failure counts as an executor's, and only that of a claim, whose
// pod is deleted again at every level, costs the round.
void SnapshotAllocator::create_failed(Creation creation, const ApiReply& reply, Outbox& out) {
  ProfileRound& profile = round_->profiles[round_->at];
  const Limit limit = failure_limit(reply);
  const bool of_claim = creation.step == CreateStep::claim;
  std::string why = of_claim ? fmt::format("creating claim {} of executor {}", creation.claims[creation.claim].name,
                                           creation.executor)
                             : fmt::format("creating executor {}", creation.executor);
  why += ": " + describe_failure(reply);
  profile.failed_by = limit;
  if (settings_.backs_off) back_off(profile, limit, out);
  if (settings_.goes_on_after_refusal) {
    ++failed_creates_;
    ++failed_creates_total_;
    if (!of_claim) {
      out.add(out::Noted{"warn", fmt::format("{} ({} failed in all)", why, failed_creates_total_)});
      return;
    }
  }
  if (!of_claim) return fail_round(std::move(why), limit);
  creation.step = CreateStep::undo;
  creation.failure = std::move(why);
  creation.failed_by = limit;
  ApiRequest request;
  request.verb = Verb::remove;
  request.ns = settings_.ns;
  request.name = creation.pod->name;
  round_->creations.emplace(call(std::move(request), out), std::move(creation));
}

// The round is abandoned once no call is under way any more; nothing new is started. The first failure is the one told.
void SnapshotAllocator::fail_round(std::string why, Limit limit) {
  if (!round_->failure.empty()) return;
  round_->failure = std::move(why);
  round_->failed_by = limit;
}

// The fix back-off: 1, 2, 4 ... 32 s without creates, once a round; the rest of this round's creates is not tried.
void SnapshotAllocator::back_off(ProfileRound& profile, Limit limit, Outbox& out) {
  Round& round = *round_;
  if (round.stops_creating) return;
  round.stops_creating = true;
  if (round.failed_by == Limit::none) round.failed_by = limit;
  back_off_us_ = back_off_us_ == 0 ? kFirstBackOffUs : std::min(2 * back_off_us_, kBackOffMaxUs);
  not_before_us_ = now_us_ + back_off_us_;
  held_by_ = limit;
  out.add(out::Noted{"info", fmt::format("no creates for {} after a refusal, profile {}", format_time(back_off_us_),
                                         profile.report.profile)});
}

}  // namespace podramp::backend
