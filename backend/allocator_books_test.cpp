// The allocator's books over random histories at every level, with every mix of fixes: targets, snapshots,
// registrations, failing calls and things that happen in one instant. What must hold whatever happens; a failure
// shrinks to a short history. The 4.0 allocator against a transcription of 02 1.3:
// snapshot_allocator_property_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "backend/test_allocator_world.h"
#include "backend/test_rapidcheck.h"
#include "backend/wiring.h"

namespace podramp::backend::allocator_books_test {
namespace {

using Step = std::tuple<int, int, int, int>;  // what, and three numbers that mean what the step makes of them

constexpr std::array kLevels{Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1, Compat::spark_4_2,
                             Compat::spark_4_4};
constexpr int kProfiles = 3;

struct Setup {
  Compat level = Compat::spark_4_0;
  int fixes = 0;  // a bit each
  int batch_size = 1;
  int cap = 0;          // maxPendingPods, 0: none
  int profile_cap = 0;  // maxPendingPodsPerRp, likewise
  int claims = 0;       // 0 none, 1 owned and reused, 2 waited for
};

Conf claim_conf() {
  Conf conf;
  conf.ns = "default";
  conf.volumes.resize(1);
  conf.volumes[0].volume = {"data", "persistentVolumeClaim", "OnDemand", {{"storageClass", "x"}, {"sizeLimit", "1Gi"}}};
  return conf;
}

AllocatorSettings settings_of(const Setup& setup) {
  Application application;
  application.app_id = "app-1";
  Conf& conf = application.conf;
  conf.compat = setup.level;
  conf.ns = "default";
  conf.batch_size = setup.batch_size;
  conf.batch_delay_us = kSecondUs;
  conf.max_pending_pods = setup.cap == 0 ? INT32_MAX : setup.cap;
  conf.max_pending_pods_per_profile = setup.profile_cap == 0 ? INT32_MAX : setup.profile_cap;
  conf.executor_ids_max = setup.level >= Compat::spark_4_1 ? 60 : INT32_MAX;
  conf.creation_timeout_us = 600 * kSecondUs;
  conf.executor_idle_timeout_us = 10 * kSecondUs;
  conf.max_executor_failures = 1'000'000;
  conf.claims_max = 4;
  conf.wait_to_reuse_claims = setup.claims == 2;
  for (int fix = 0; fix < 4; ++fix) {
    if ((setup.fixes >> fix & 1) != 0) application.fixes.insert(static_cast<Fix>(fix));
  }
  AllocatorSettings settings = allocator_settings(application);
  settings.claims.some_made = setup.claims != 0;
  return settings;
}

ApiReply failure(int kind) {
  static constexpr std::array kCodes{403, 404, 409, 422, 429, 500, 503};
  static constexpr std::array kTransports{Transport::timed_out, Transport::maybe_committed, Transport::reset};
  if (kind < static_cast<int>(kCodes.size())) return reply_error(kCodes.at(static_cast<std::size_t>(kind)), "Failed");
  ApiReply reply;
  reply.transport = kTransports.at((static_cast<std::size_t>(kind) - kCodes.size()) % kTransports.size());
  return reply;
}

class Play {
 public:
  explicit Play(const Setup& setup) : setup_(setup), settings_(settings_of(setup)), world_(settings_) {
    world_.side_by_side = settings_.creates_parallel;
    world_.answer = [this](const ApiRequest& request) { return answer(request); };
    if (setup.claims == 0) return;
    world_.claims.emplace(claim_conf(), "app-1", "app");
    world_.allocator.set_driver(OwnerReference{"Pod", "driver", "uid-driver", true});
  }

  void step(const Step& step) {
    if (world_.allocator.exited()) return;
    const bool of_executor = std::get<0>(step) >= 3 && std::get<0>(step) <= 7;
    if (of_executor && world_.allocator.last_id() == 0) return;  // there is none yet
    const auto& [what, a, b, failing] = step;
    switch (what) {
      case 0:
      case 1: return set_target(a, b, failing);
      case 2: world_.now += a < 4 ? 601 * kSecondUs : 100 * kMillisecondUs * b; return;
      case 3: world_.registered({any_id(a)}); return;
      case 4: world_.table.remove(any_id(a)); return;
      case 5:
      case 6:
      case 7: return show(a, b);
      case 8: return list(b);
      default: return round(RoundTrigger::timer, failing, a, b);
    }
  }

  std::int64_t creates() const { return creates_; }

 private:
  // One of the youngest ids; their creates may have failed.
  ExecutorId any_id(int a) const { return std::max<ExecutorId>(1, world_.allocator.last_id() - a % 9); }

  void set_target(int a, int b, int failing) {
    const bool notify = world_.allocator.set_targets({{a % kProfiles, b % 15 - 1}});
    RC_ASSERT(notify == (world_.allocator.outstanding() == 0));
    if (notify) round(RoundTrigger::notified, failing, a, b);
  }

  void show(int a, int b) {
    static constexpr std::array kPhases{PodPhase::pending, PodPhase::running, PodPhase::failed, PodPhase::succeeded};
    const ExecutorId id = any_id(a);
    shown_[id] = kPhases.at(static_cast<std::size_t>(b) % kPhases.size());
    world_.show(id, shown_[id]);
    remember_claims(id);
    fresh_ = true;
  }

  void list(int b) {
    std::erase_if(shown_, [&](const auto& pod) { return (pod.first * 7 + b) % 5 == 0; });
    world_.list(shown_);
    shown_claims_.clear();
    for (const auto& [id, phase] : shown_) remember_claims(id);
    fresh_ = true;
  }

  // A pod may be shown whose create has failed for us; we know of no claims of it.
  void remember_claims(ExecutorId id) {
    shown_claims_[id] = world_.was_created(id) ? world_.claims_of(id) : std::vector<std::string>{};
  }

  // `failing`: a bit for each of the round's calls.
  void round(RoundTrigger trigger, int failing, int kind, int order) {
    failing_ = failing;
    kind_ = kind;
    calls_ = failed_pods_ = failed_claims_ = made_claims_ = 0;
    snapshots_ = std::exchange(fresh_, false);
    taken_.clear();
    const SnapshotAllocator& books = world_.allocator;
    const std::int64_t outstanding = books.outstanding();
    const std::set<ExecutorId> deleted = books.deleted_ids();
    const std::int64_t claims = books.claims_made();
    last_asked_ = books.last_id();
    Progress progress = world_.begin(trigger);
    while (progress == Progress::waiting) {
      RC_ASSERT(!world_.under_way.empty());
      progress = world_.answer_call((static_cast<std::size_t>(order) + calls_) % world_.under_way.size());
    }
    RC_ASSERT(world_.under_way.empty());
    RC_ASSERT(!books.round_in_flight());
    RC_ASSERT(books.claims_made() == claims + made_claims_);
    check_end(outstanding, deleted);
  }

  ApiReply answer(const ApiRequest& request) {
    const bool fails = (failing_ >> (calls_ % 12) & 1) != 0;
    ++calls_;
    if (request.verb == Verb::remove_collection) check_delete(request);
    if (request.verb == Verb::list) taken_.clear();  // the next profile may take what the one before has taken
    if (request.verb == Verb::create && request.body != nullptr) check_create(*request.body);
    if (fails) {
      failed_pods_ += request.body != nullptr ? 1 : 0;
      failed_claims_ += request.manifest != nullptr ? 1 : 0;
      return failure(kind_);
    }
    made_claims_ += request.manifest != nullptr ? 1 : 0;
    return reply_ok();
  }

  void check_create(const Pod& pod) {
    ++creates_;
    const ExecutorId id = executor_id(pod).value();
    RC_ASSERT(asked_.insert(id).second);
    RC_ASSERT(id > last_asked_ && id <= world_.allocator.last_id());
    RC_ASSERT(id < settings_.ids_max);
    std::int64_t active = 1;  // executors under creation
    for (const out::Called& called : world_.under_way) active += called.request.verb == Verb::create ? 1 : 0;
    std::int64_t sent = active;
    for (const ProfileReport& profile : world_.allocator.profiles()) {
      sent += profile.created;
      if (profile.profile != profile_id(pod)) continue;
      RC_ASSERT(profile.new_unknown == 0);  // T1
      RC_ASSERT(profile.have + profile.created + active <= profile.target);
      RC_ASSERT(profile.created + active <= settings_.batch_size);
      RC_ASSERT(profile.created + active <= profile.asked);
      RC_ASSERT(profile.pending_known + profile.pending_unknown + profile.new_known + profile.created + active <=
                settings_.max_pending_pods_per_rp);
    }
    RC_ASSERT(sent <= world_.allocator.slots());
    for (const std::string& claim : pod.claim_names()) check_claim(claim, id);
  }

  // A claim that is taken again is nobody else's, as far as this round's snapshots (T9) and this profile's list say.
  void check_claim(const std::string& claim, ExecutorId by) {
    RC_ASSERT(taken_.insert(claim).second);
    if (!snapshots_) return;
    for (const auto& [id, used] : shown_claims_) {
      if (id != by) RC_ASSERT(std::find(used.begin(), used.end(), claim) == used.end());
    }
  }

  // Excess is deleted only while it is Pending, and never what the scheduler knows or what runs.
  void check_delete(const ApiRequest& request) {
    const bool excess = to_string(request.field_selector) == "status.phase=Pending";
    for (const Requirement& requirement : request.label_selector.all) {
      if (requirement.key != "spark-exec-id") continue;
      RC_ASSERT(!requirement.values.empty());
      for (const std::string& text : requirement.values) {
        const ExecutorId id = std::stoll(text);
        if (!excess) continue;
        const auto pod = shown_.find(id);
        RC_ASSERT(pod == shown_.end() || pod->second == PodPhase::pending);
        RC_ASSERT(!world_.table.contains(id));
        excess_.insert(id);
      }
    }
  }

  void check_end(std::int64_t outstanding, const std::set<ExecutorId>& deleted) {
    SnapshotAllocator& books = world_.allocator;
    for (const auto& [id, entry] : books.newly_created()) {
      RC_ASSERT(asked_.contains(id));
      RC_ASSERT(!books.known_newly_created().contains(id));
      RC_ASSERT(entry.created_us <= world_.now);
    }
    if (settings_.drops_ghosts) {
      for (const auto& [id, profile] : books.known_newly_created()) RC_ASSERT(world_.table.contains(id));
    }
    for (const ExecutorId id : books.deleted_ids()) RC_ASSERT(excess_.contains(id));
    const bool counted = setup_.level >= Compat::spark_4_2;
    RC_ASSERT(books.take_failed_creates() == (counted ? failed_pods_ + failed_claims_ : 0));
    const auto reports = world_.reports();
    RC_ASSERT(reports.size() <= 1U);
    const bool aborted = !reports.empty() && !reports[0].aborted.empty();
    RC_ASSERT(failed_pods_ == 0 || aborted || counted);
    RC_ASSERT(failed_claims_ == 0 || aborted);
    if (aborted) {
      RC_ASSERT(books.outstanding() == outstanding);
      RC_ASSERT(books.deleted_ids() == deleted);
    } else if (!reports.empty()) {
      std::int64_t pending = 0;
      for (const ProfileReport& profile : reports[0].profiles) pending += profile.pending_unknown;
      RC_ASSERT(books.outstanding() == pending + static_cast<std::int64_t>(books.newly_created().size()));
      RC_ASSERT(reports[0].outstanding == books.outstanding());
    }
  }

  Setup setup_;
  AllocatorSettings settings_;
  AllocatorWorld world_;
  std::map<ExecutorId, PodPhase> shown_;  // the current snapshot
  std::map<ExecutorId, std::vector<std::string>> shown_claims_;
  bool fresh_ = true;            // there are snapshots that no round has seen
  std::set<ExecutorId> asked_;   // every create ever sent
  std::set<ExecutorId> excess_;  // every delete of excess ever sent
  std::int64_t creates_ = 0;

  // The round in progress.
  int failing_ = 0;
  int kind_ = 0;
  std::size_t calls_ = 0;
  std::int64_t failed_pods_ = 0;
  std::int64_t failed_claims_ = 0;
  std::int64_t made_claims_ = 0;
  bool snapshots_ = false;
  ExecutorId last_asked_ = 0;
  std::set<std::string> taken_;
};

rc::Gen<std::vector<Step>> histories() {
  const auto failing = rc::gen::weightedOneOf<int>({{2, rc::gen::just(0)}, {1, rc::gen::inRange(0, 1 << 12)}});
  return rc::gen::scale(
      3.0, rc::gen::container<std::vector<Step>>(
               rc::gen::tuple(rc::gen::inRange(0, 13), rc::gen::inRange(0, 100), rc::gen::inRange(0, 100), failing)));
}

void check_level(Compat level) {
  std::int64_t creates = 0;
  check_property(20261126 + static_cast<std::uint64_t>(level), 500, [&] {
    Setup setup;
    setup.level = level;
    setup.fixes = *rc::gen::inRange(0, 16).as("fixes");
    setup.batch_size = *rc::gen::inRange(1, 7).as("batch size");
    setup.cap = *rc::gen::inRange(0, 12).as("maxPendingPods");
    setup.profile_cap = level < Compat::spark_4_1 ? 0 : *rc::gen::inRange(0, 6).as("maxPendingPodsPerRp");
    setup.claims = *rc::gen::inRange(0, 3).as("claims");
    const auto history = *histories().as("history");
    Play play(setup);
    for (const Step& step : history) play.step(step);
    creates += play.creates();
  });
  EXPECT_GT(creates, 2'500) << "the histories are worth something only if they create";
}

TEST(AllocatorBooks, HoldAtSpark35) { check_level(kLevels[0]); }
TEST(AllocatorBooks, HoldAtSpark40) { check_level(kLevels[1]); }
TEST(AllocatorBooks, HoldAtSpark41) { check_level(kLevels[2]); }
TEST(AllocatorBooks, HoldAtSpark42) { check_level(kLevels[3]); }
TEST(AllocatorBooks, HoldAtSpark44) { check_level(kLevels[4]); }

}  // namespace
}  // namespace podramp::backend::allocator_books_test
