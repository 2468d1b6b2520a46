// The allocator against a plain transcription of 02 1.3 that copies whole snapshots and knows no shortcuts: over random
// histories both must send the same calls and keep the same books, whatever a level adds (02 0.2). And the invariants
// that hold at every create. Every mix of level, fix and claim: allocator_books_test.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/port/random.h"
#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_property_test {
namespace {

using Snapshot = std::map<ExecutorId, PodState>;
using Calls = std::vector<std::string>;

std::string text_of(const ApiRequest& request) {
  if (request.verb == Verb::create) {
    return fmt::format("create {} of profile {}", executor_id(*request.body).value(), *profile_id(*request.body));
  }
  return "delete " + to_string(request.label_selector) + " " + to_string(request.field_selector);
}

// A Scala 2.13 mutable.HashMap's keys, built by inserting one after the other (02 1.7).
std::vector<ExecutorId> scala_order(const std::vector<ExecutorId>& ids) {
  std::vector<std::map<std::uint32_t, ExecutorId>> table(16);
  std::size_t size = 0;
  for (const ExecutorId id : ids) {
    if (size + 1 >= table.size() * 3 / 4) {
      std::vector<std::map<std::uint32_t, ExecutorId>> larger(table.size() * 2);
      for (const auto& bucket : table) {
        for (const auto& [hash, key] : bucket) larger[hash & (larger.size() - 1)][hash] = key;
      }
      table = std::move(larger);
    }
    const auto key = static_cast<std::uint32_t>(id);
    const std::uint32_t hash = key ^ (key >> 16U);
    table[hash & (table.size() - 1)][hash] = id;
    ++size;
  }
  std::vector<ExecutorId> order;
  for (const auto& bucket : table) {
    for (const auto& [hash, key] : bucket) order.push_back(key);
  }
  return order;
}

// 02 1.3 as one synchronous function. Its calls are answered by `answer(n-th call)`; each takes `call_takes`.
struct Reference {
  AllocatorSettings settings;
  std::function<bool(int)> answer;
  DurationUs call_takes = 0;
  TimeUs now = 0;
  Calls calls;
  std::map<ProfileId, std::int64_t> targets;
  ExecutorId last_id = 0;
  std::map<ExecutorId, std::pair<ProfileId, TimeUs>> newly;
  std::map<ExecutorId, ProfileId> known_newly;
  Snapshot last;
  std::set<ExecutorId> deleted;
  std::int64_t outstanding = 0;

  bool call(std::string text) {
    calls.push_back(std::move(text));
    now += call_takes;
    return answer(static_cast<int>(calls.size()));
  }
  bool delete_call(const std::vector<ExecutorId>& ids, const std::string& fields) {
    return call(fmt::format("delete spark-app-selector=app-1,spark-role=executor,spark-exec-id in ({}) {}",
                            fmt::join(ids, ","), fields));
  }

  struct Wanting {
    ProfileId profile;
    std::int64_t have, target, not_running;
  };

  void round(const std::vector<Snapshot>& batch, const std::set<ExecutorId>& registered) {
    for (const Snapshot& snapshot : batch) {
      for (const auto& [id, pod] : snapshot) {
        newly.erase(id);
        known_newly.erase(id);
      }
    }
    for (const auto& [id, entry] : newly) {
      if (registered.contains(id)) known_newly[id] = entry.first;
    }
    for (const auto& [id, profile] : known_newly) newly.erase(id);
    if (settings.drops_ghosts) {
      std::erase_if(known_newly, [&](const auto& entry) { return !registered.contains(entry.first); });
    }
    const TimeUs started = now;
    std::vector<ExecutorId> timed_out;
    for (const auto& [id, entry] : newly) {
      if (started - entry.second > settings.creation_timeout_us) timed_out.push_back(id);
    }
    for (const ExecutorId id : timed_out) newly.erase(id);
    if (!timed_out.empty()) delete_call(timed_out, "");
    std::set<ExecutorId> del = deleted;
    if (!batch.empty()) {
      last = batch.back();
      std::erase_if(del, [&](ExecutorId id) { return !last.contains(id); });
    }
    std::map<ProfileId, Snapshot> pods;
    for (const auto& [id, pod] : last) {
      if (!del.contains(id)) pods[targets.size() <= 1 ? 0 : profile_id(*pod.pod).value()].emplace(id, pod);
    }
    std::int64_t total_pending = 0;
    std::int64_t total_not_running = 0;
    std::vector<Wanting> wanting;
    for (const auto& [profile, target] : targets) {
      trim(profile, target, pods[profile], registered, started, del, total_pending, total_not_running, wanting);
    }
    if (!create(wanting, settings.max_pending_pods - total_not_running)) return;
    deleted = del;
    outstanding = total_pending + static_cast<std::int64_t>(newly.size());
  }

  void trim(ProfileId profile, std::int64_t target, const Snapshot& pods, const std::set<ExecutorId>& registered,
            TimeUs started, std::set<ExecutorId>& del, std::int64_t& total_pending, std::int64_t& total_not_running,
            std::vector<Wanting>& wanting) {
    std::int64_t running = 0;
    std::int64_t pending_known = 0;
    std::vector<ExecutorId> pending;
    for (const auto& [id, pod] : pods) {
      if (pod.state == ExecutorState::running) ++running;
      if (pod.state != ExecutorState::pending) continue;
      if (registered.contains(id)) {
        ++pending_known;
      } else {
        pending.push_back(id);
      }
    }
    std::map<ExecutorId, TimeUs> mine;
    for (const auto& [id, entry] : newly) {
      if (entry.first == profile) mine.emplace(id, entry.second);
    }
    const auto known = std::count_if(known_newly.begin(), known_newly.end(),
                                     [&](const auto& entry) { return entry.second == profile; });
    auto pending_count = static_cast<std::int64_t>(pending.size());
    std::int64_t not_running = pending_count + pending_known + static_cast<std::int64_t>(mine.size()) + known;
    const std::int64_t have = running + not_running;
    if (have > target) {
      const auto excess = static_cast<std::size_t>(have - target);
      std::vector<ExecutorId> from_new;
      for (const auto& [id, created] : mine) {
        if (from_new.size() < excess && started - created > settings.idle_timeout_us) from_new.push_back(id);
      }
      std::vector<ExecutorId> idle;
      for (const ExecutorId id : pending) {
        if (started - pods.at(id).pod->created_us > settings.idle_timeout_us) idle.push_back(id);
      }
      std::vector<ExecutorId> from_pending = scala_order(idle);
      from_pending.resize(std::min(from_pending.size(), excess - from_new.size()));
      std::vector<ExecutorId> all = from_new;
      all.insert(all.end(), from_pending.begin(), from_pending.end());
      std::sort(all.begin(), all.end());
      del.insert(all.begin(), all.end());
      if (!all.empty() && delete_call(all, "status.phase=Pending")) {
        for (const ExecutorId id : from_new) newly.erase(id);
        pending_count -= static_cast<std::int64_t>(from_pending.size());
        not_running -= static_cast<std::int64_t>(all.size());
      }
    }
    total_pending += pending_count;
    total_not_running += not_running;
    if (mine.empty() && have < target) wanting.push_back({profile, have, target, not_running});
  }

  // False: a create failed.
  bool create(const std::vector<Wanting>& wanting, std::int64_t slots) {
    if (slots <= 0 || wanting.empty()) return true;
    const auto n = static_cast<std::int64_t>(wanting.size());
    for (std::int64_t i = 0; i < n; ++i) {
      const Wanting& one = wanting[static_cast<std::size_t>(i)];
      const std::int64_t share = slots / n + (i < slots % n ? 1 : 0);
      const std::int64_t room = settings.max_pending_pods_per_rp - one.not_running;
      const std::int64_t count = std::min({one.target - one.have, settings.batch_size, share, room});
      for (std::int64_t tried = 0; tried < count; ++tried) {
        ++last_id;
        if (last_id >= settings.ids_max) return false;
        if (call(fmt::format("create {} of profile {}", last_id, one.profile))) {
          newly[last_id] = {one.profile, now};
        } else if (!settings.goes_on_after_refusal) {
          return false;
        }
      }
    }
    return true;
  }
};

// One random history, played to both.
class History {
 public:
  explicit History(std::uint64_t seed)
      : draw_(seed, "test.allocator", "history"), seed_(seed), world_(settings(draw_)) {
    reference_.settings = settings_;
    reference_.answer = [this](int n) { return call_succeeds(n); };
    world_.answer = [this](const ApiRequest& request) { return answer(request); };
  }

  void step() {
    switch (draw_.uniform(0, 9)) {
      case 0: return set_targets();
      case 1: return list_some();
      case 2: return change_registrations();
      case 3: world_.now += draw_.chance(1, 12) ? 601 * kSecondUs : draw_.uniform(0, 7'000'000); return;
      case 4:
      case 5:
      case 6: return show_one();
      default: return round();
    }
  }

  std::int64_t creates = 0;
  std::int64_t deletes = 0;
  std::int64_t failures = 0;

 private:
  AllocatorSettings settings(Draw& draw) {
    settings_ = acceptance_settings();
    settings_.batch_size = draw.uniform(1, 6);
    settings_.max_pending_pods = draw.chance(1, 2) ? draw.uniform(1, 9) : INT32_MAX;
    profiles_ = draw.uniform(1, 3);
    settings_.max_pending_pods_per_rp = draw.chance(1, 4) ? draw.uniform(1, 6) : INT32_MAX;
    settings_.ids_max = draw.chance(1, 10) ? draw.uniform(1, 40) : INT32_MAX;
    settings_.goes_on_after_refusal = draw.chance(1, 3);
    settings_.drops_ghosts = draw.chance(1, 3);
    return settings_;
  }

  bool call_succeeds(int n) const {
    return !Draw(seed_, "test.allocator", "call", static_cast<std::uint64_t>(n)).chance(1, 12);
  }

  ApiReply answer(const ApiRequest& request) {
    calls_.push_back(text_of(request));
    const bool good = call_succeeds(static_cast<int>(calls_.size()));
    failures += good ? 0 : 1;
    if (request.verb == Verb::create) {
      ++creates;
      check_create(*profile_id(*request.body));
      // Neither may matter to the round in flight.
      world_.table.add(world_.allocator.creating(), world_.now, "host");
      if (good) early_.insert(world_.allocator.creating());
    } else {
      ++deletes;
    }
    return good ? reply_ok() : reply_error(500, "InternalError");
  }

  // At each create: what the profile has and what was sent is below its target, and the caps hold.
  void check_create(ProfileId creating) const {
    std::int64_t sent = 0;
    for (const ProfileReport& profile : world_.allocator.profiles()) {
      sent += profile.created;
      if (profile.profile != creating) continue;
      EXPECT_LT(profile.have + profile.created, profile.target);
      EXPECT_LT(profile.created, settings_.batch_size);
      EXPECT_LT(profile.created, profile.asked);
      EXPECT_EQ(profile.new_unknown, 0) << "T1";
      EXPECT_EQ(profile.have, profile.running + profile.pending_known + profile.pending_unknown + profile.new_known);
    }
    EXPECT_LT(sent, world_.allocator.slots());
  }

  void set_targets() {
    std::map<ProfileId, std::int64_t> targets;
    for (ProfileId profile = 0; profile < profiles_; ++profile) {
      if (draw_.chance(1, 2)) targets[profile] = draw_.uniform(-1, 14);
    }
    const bool notify = world_.allocator.set_targets(targets);
    for (const auto& [profile, target] : targets) reference_.targets[profile] = target;
    EXPECT_EQ(notify, reference_.outstanding == 0);
    if (notify) round();
  }

  // Ids up to two past the last one: pods with our labels that we have not made are possible.
  ExecutorId any_id() { return draw_.uniform(1, world_.allocator.last_id() + 2); }

  PodState pod(ExecutorId id) {
    static constexpr PodPhase kPhases[] = {PodPhase::pending, PodPhase::pending, PodPhase::running,  PodPhase::running,
                                           PodPhase::failed,  PodPhase::unknown, PodPhase::succeeded};
    const PodPhase phase = kPhases[draw_.uniform(0, 6)];
    const std::string label = std::to_string(static_cast<ProfileId>(id % profiles_));
    Pod shown = *shown_pod(id, phase, world_.created_us(id), label);
    if (draw_.chance(1, 10)) shown.deletion_us = world_.now;
    const PodPtr made = stored(std::move(shown));
    return {classify(*made, {}), made};
  }

  void show_one() {
    const ExecutorId id = any_id();
    store_[id] = pod(id);
    world_.push({id, store_[id], nullptr, 0});
    batch_.push_back(store_);
  }

  void list_some() {
    Snapshot all;
    for (const auto& [id, state] : store_) {
      if (draw_.chance(4, 5)) all.emplace(id, state);
    }
    store_ = all;
    world_.push({std::nullopt, {}, std::make_shared<const Snapshot>(all), world_.now});
    batch_.push_back(store_);
  }

  void change_registrations() {
    const ExecutorId id = any_id();
    if (!world_.table.remove(id)) world_.table.add(id, world_.now, "host");
  }

  void round() {
    std::set<ExecutorId> registered;
    for (const auto& [id, entry] : world_.table.all()) registered.insert(id);
    const DurationUs call_takes = draw_.uniform(0, 200'000);
    reference_.now = world_.now;
    reference_.call_takes = world_.call_takes = call_takes;
    reference_.round(std::exchange(batch_, {}), registered);
    world_.round();
    for (const ExecutorId id : early_) {
      if (draw_.chance(2, 3)) world_.table.remove(id);
    }
    early_.clear();
    compare();
  }

  void compare() const {
    EXPECT_EQ(calls_, reference_.calls);
    EXPECT_EQ(world_.now, reference_.now);
    EXPECT_EQ(world_.allocator.last_id(), reference_.last_id);
    EXPECT_EQ(world_.allocator.outstanding(), reference_.outstanding);
    EXPECT_EQ(world_.allocator.deleted_ids(), reference_.deleted);
    EXPECT_EQ(world_.allocator.known_newly_created(), reference_.known_newly);
    std::map<ExecutorId, std::pair<ProfileId, TimeUs>> newly;
    for (const auto& [id, entry] : world_.allocator.newly_created()) newly[id] = {entry.profile, entry.created_us};
    EXPECT_EQ(newly, reference_.newly);
  }

  Draw draw_;
  std::uint64_t seed_;
  AllocatorSettings settings_;
  std::int64_t profiles_ = 1;
  AllocatorWorld world_;
  Reference reference_;
  Calls calls_;
  Snapshot store_;
  std::vector<Snapshot> batch_;
  std::set<ExecutorId> early_;
};

TEST(AllocatorProperty, SendsTheSameCallsAndKeepsTheSameBooksAsAPlainTranscriptionOfTheRound) {
  std::int64_t creates = 0;
  std::int64_t deletes = 0;
  std::int64_t failures = 0;
  for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History history(seed);
    for (int step = 0; step < 200 && !HasFailure(); ++step) history.step();
    creates += history.creates;
    deletes += history.deletes;
    failures += history.failures;
  }
  // The histories are worth something only if they reach all kinds of calls.
  EXPECT_GT(creates, 3'000);
  EXPECT_GT(deletes, 500);
  EXPECT_GT(failures, 300);
}

TEST(AllocatorProperty, HashOrderIsThatOfATableBuiltKeyByKey) {
  Draw draw(1, "test.allocator", "hash");
  for (int trial = 0; trial < 2'000; ++trial) {
    std::set<ExecutorId> distinct;
    const std::int64_t top = draw.chance(1, 2) ? 200 : 2'000'000'000;
    const std::int64_t size = draw.uniform(0, 130);
    for (std::int64_t i = 0; i < size; ++i) distinct.insert(draw.uniform(1, top));
    const std::vector<ExecutorId> ids(distinct.begin(), distinct.end());
    std::vector<ExecutorId> expected = scala_order(ids);
    expected.resize(static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(ids.size()))));
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(first_in_hash_order(ids, static_cast<std::int64_t>(expected.size())), expected);
  }
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_property_test
