// The fork's allocator over random histories (01 1.5, 1.6), as it is, with any mix of fixes and with all of them:
// targets, registrations, disconnects, kills, pod events, failing and late answers, things that happen in one instant.
// Single cases: fork_driver_test.cpp, fork_quirks_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backend/snapshots.h"
#include "backend/test_fork.h"
#include "backend/test_rapidcheck.h"

namespace podramp::backend::fork_property_test {
namespace {

// What, two numbers that mean what the step makes of them, and a bit for each call: it fails, it is answered later.
using Step = std::tuple<int, int, int, int, int>;

struct Setup {
  Fixes fixes;
  int batch_size = 1;
  int instances = 0;
};

std::optional<ApiReply> failure(int kind) {
  static constexpr std::array kCodes{403, 404, 409, 422, 429, 500, 503};
  static constexpr std::array kTransports{Transport::refused, Transport::reset, Transport::timed_out,
                                          Transport::maybe_committed};
  const auto i = static_cast<std::size_t>(kind) % (kCodes.size() + kTransports.size());
  if (i < kCodes.size()) return reply_error(kCodes.at(i), "Failed");
  ApiReply reply;
  reply.transport = kTransports.at(i - kCodes.size());
  return reply;
}

StringMap settings_of(const Setup& setup) {
  StringMap settings = instances(setup.instances);
  settings["spark.kubernetes.allocation.batch.size"] = std::to_string(setup.batch_size);
  return settings;
}

ExecutorId id_of(const std::string& pod) { return std::stoll(pod.substr(pod.rfind('-') + 1)); }

// The number on this line of describe().
std::int64_t fact(const ForkDriver& driver, const std::string& name) {
  const std::string text = driver.describe();
  return std::stoll(text.substr(text.find("\n" + name + ": ") + name.size() + 3));
}

class Play {
 public:
  explicit Play(const Setup& setup) : setup_(setup), rig_(settings_of(setup), setup.fixes) {
    rig_.hold = [this](const ApiRequest& request) { return called(request); };
    rig_.fault = [this](const ApiRequest& request) { return answer(request); };
    rig_.start();
    check();
  }

  void step(const Step& step) {
    const auto& [what, a, b, failing, late] = step;
    if (exited_) return;
    failing_ = failing;
    late_ = late;
    kind_ = a + b;
    calls_ = 0;
    target_before_ = fact(rig_.driver, "target");
    registered_before_ = rig_.driver.books().registered;
    act(what, a, b);
    check();
  }

  // Nothing fails any more, whoever gets a pod registers, and deleted pods are told of.
  void settle() {
    failing_ = late_ = 0;
    while (!exited_ && !rig_.held.empty()) {
      release();
      check();
    }
    if (stopped_) {
      RC_ASSERT(exited_);
      return;
    }
    const std::int64_t goal = std::max<std::int64_t>(12, unregistered_deletes_ / 2 + 1);
    rig_.target(goal);
    for (int i = 0; i < 150 && !dead_ && !reached(goal); ++i) {
      target_before_ = goal;
      registered_before_ = rig_.driver.books().registered;
      rig_.pass();
      check();
      for (const ExecutorId id : std::set<ExecutorId>(requested_)) {
        if (rig_.pods.contains(name(id)) && !registered_once_.contains(id)) rig_.register_executor(id, "h");
      }
      check();
    }
    if (!fixed(Fix::q01)) return;
    RC_ASSERT(rig_.allocator_lives());
    if (setup_.fixes.size() == fixes_at(Compat::fork_2_2).size()) RC_ASSERT(reached(goal));
  }

  std::int64_t creates() const { return creates_; }
  bool died() const { return dead_; }
  bool stopped() const { return stopped_; }

 private:
  bool reached(std::int64_t goal) const {
    return static_cast<std::int64_t>(requested_.size()) >= goal && std::ranges::includes(registered_once_, requested_);
  }
  bool fixed(Fix fix) const { return setup_.fixes.contains(fix); }
  static std::string name(ExecutorId id) { return "app-exec-" + std::to_string(id); }
  // One of the youngest; it may have no pod, nor ever had one.
  ExecutorId any_id(int a) const { return std::max<ExecutorId>(1, last_id_ - a % 8); }

  void act(int what, int a, int b) {
    const ExecutorId id = any_id(a);
    switch (what) {
      case 0: return void(rig_.target(b % 15));
      case 1: return void(rig_.step(in::ExecutorsRequested{b % 4}));
      case 2:
      case 3:
      case 4: return act_register(id, a);
      case 5: left_ = true; return void(rig_.disconnect(id));
      case 6:
        left_ = true;
        for (const ExecutorId one : {id, any_id(b)}) killed_.insert(one);
        return void(rig_.kill({id, any_id(b)}, b % 2 == 0));
      case 7:
      case 8: return act_event(id, b);
      case 9: return rig_.held.empty() ? void() : release();
      case 10: rig_.now += b < 10 ? 700 * kS : 400 * kMillisecondUs * b; return;
      case 11: return a < 8 ? act_stop() : void();
      default: return void(rig_.pass());
    }
  }

  void act_register(ExecutorId id, int a) {
    // The one that waits longest, so that batches follow each other.
    for (const ExecutorId one : requested_) {
      if (registered_once_.contains(one)) continue;
      if (a % 4 != 0) id = one;
      break;
    }
    if (rig_.pods.contains(name(id))) rig_.register_executor(id, "10.0.0." + std::to_string(id % 200));
  }

  void act_event(ExecutorId id, int b) {
    const auto pod = rig_.pods.find(name(id));
    if (b % 4 == 0) {
      if (pod != rig_.pods.end()) return void(rig_.event(WatchEventType::modified, fork_pod(id, PodPhase::running)));
      return;
    }
    left_ = true;
    const PodPhase phase = b % 4 == 1 ? PodPhase::running : PodPhase::failed;
    const WatchEventType type = b % 4 == 1   ? WatchEventType::deleted
                                : b % 4 == 2 ? WatchEventType::error
                                             : WatchEventType::modified;
    if (type == WatchEventType::deleted && pod != rig_.pods.end()) rig_.pods.erase(pod);
    rig_.event(type, fork_pod(id, phase));
  }

  void act_stop() {
    if (stopped_) return;
    stopped_ = true;
    rig_.step(in::Stopped{});
  }

  void release() {
    registered_before_ = rig_.driver.books().registered;
    rig_.release();
  }

  // --- what the driver asks for, as it does. True: the answer comes later.
  bool called(const ApiRequest& request) {
    RC_ASSERT(!exited_);
    read_effects();
    const bool pods = request.verb == Verb::create || request.verb == Verb::remove;
    RC_ASSERT(!stopped_ || pods || request.verb == Verb::get);
    if (request.verb == Verb::create) check_create(*request.body);
    if (request.verb == Verb::remove) check_delete(id_of(request.name));
    if (request.verb == Verb::get && request.name != "driver-pod") {
      RC_ASSERT(fixed(Fix::q01));
      RC_ASSERT(!dead_);
    }
    const int call = calls_++ % 12;
    return pods && (late_ >> call & 1) != 0;
  }

  void check_create(const Pod& pod) {
    const ExecutorId id = executor_id(pod).value();
    RC_ASSERT(id > last_id_);  // never used twice
    last_id_ = id;
    ++creates_;
    RC_ASSERT(!dead_);
    const Books books = rig_.driver.books();
    RC_ASSERT(books.round_in_flight);
    if (!batch_) begin_batch(books);
    RC_ASSERT(batch_created_ < batch_limit_);
    // With Q01 fixed a create that is refused because of the name does not count.
    ++batch_tried_;
    RC_ASSERT(fixed(Fix::q01) || batch_tried_ <= batch_limit_);
  }

  void begin_batch(const Books& books) {
    RC_ASSERT(!stopped_);  // only a batch that is under way goes on
    batch_ = true;
    batch_created_ = batch_tried_ = 0;
    const auto requested = static_cast<std::int64_t>(requested_.size());
    const std::int64_t target = std::max(target_before_, fact(rig_.driver, "target"));
    batch_limit_ = std::min<std::int64_t>(setup_.batch_size, target - requested);
    RC_ASSERT(batch_limit_ > 0);
    const ProfileReport& report = books.profiles.at(0);
    RC_ASSERT(report.asked <= batch_limit_);
    RC_ASSERT(report.have == requested);
    if (!fixed(Fix::q05)) RC_ASSERT(std::max(registered_before_, books.registered) >= requested);
    if (left_ && !fixed(Fix::q05)) return;  // Q05: those on the way out stand in for others
    for (const ExecutorId id : requested_) RC_ASSERT(registered_once_.contains(id));
  }

  void check_delete(ExecutorId id) {
    // After an exception has left the allocator, only kills and a stop delete.
    RC_ASSERT(!dead_ || stopped_ || killed_.contains(id) || fixed(Fix::q06));
    if (!registered_once_.contains(id)) ++unregistered_deletes_;
    if (!fixed(Fix::q46) && !stopped_) requested_.erase(id);
  }

  std::optional<ApiReply> answer(const ApiRequest& request) {
    // Names that exist come to an end: with Q01 fixed the next id is tried at once.
    const bool fails = calls_ < 24 && (failing_ >> (calls_ % 12) & 1) != 0;
    std::optional<ApiReply> reply;
    if (fails && (request.verb == Verb::create || request.verb == Verb::remove)) reply = failure(kind_);
    if (request.verb == Verb::create) {
      if (!reply) {
        requested_.insert(executor_id(*request.body).value());
        ++batch_created_;
      } else if (!fixed(Fix::q01)) {
        dead_ = true;
      }
    }
    if (request.verb == Verb::remove && fixed(Fix::q46) && !stopped_) {
      if (!reply || reply->ok() || reply->code == 404) requested_.erase(id_of(request.name));
    }
    registered_before_ = rig_.driver.books().registered;
    return reply;
  }

  void read_effects() {
    for (; effects_read_ < rig_.effects.size(); ++effects_read_) {
      const Effect& effect = rig_.effects[effects_read_];
      RC_ASSERT(!exited_);  // nothing comes after it
      if (const auto* accepted = std::get_if<out::RegistrationAccepted>(&effect)) {
        registered_once_.insert(accepted->executor);
      } else if (const auto* done = std::get_if<out::RoundDone>(&effect)) {
        const ProfileReport& report = done->profiles.at(0);
        RC_ASSERT(report.created <= report.asked);
        RC_ASSERT(report.asked <= setup_.batch_size);
        // An exception that leaves the pass is its last.
        dead_ = dead_ || (!done->aborted.empty() && !fixed(Fix::q01));
      } else if (std::holds_alternative<out::Exited>(effect)) {
        exited_ = true;
      }
    }
  }

  void check() {
    read_effects();
    if (!rig_.driver.books().round_in_flight) batch_ = false;
    if (exited_) return;
    if (dead_) RC_ASSERT(!rig_.allocator_lives());
    if (!stopped_) RC_ASSERT(fact(rig_.driver, "requested pods") == static_cast<std::int64_t>(requested_.size()));
    RC_ASSERT(rig_.driver.books().next_executor_id == last_id_ + 1);
    const bool passes_on = rig_.allocator_lives() || rig_.driver.books().round_in_flight;
    RC_ASSERT(passes_on || dead_ || stopped_);
  }

  Setup setup_;
  std::set<ExecutorId> requested_;        // created and not let go, as 01 1.1 has it
  std::set<ExecutorId> registered_once_;  // accepted
  std::set<ExecutorId> killed_;           // named in a kill
  ExecutorId last_id_ = 0;
  std::int64_t creates_ = 0;
  std::int64_t unregistered_deletes_ = 0;
  bool left_ = false;  // an executor is, or may be, on the way out
  bool dead_ = false;  // Q01
  bool stopped_ = false;
  bool exited_ = false;
  std::size_t effects_read_ = 0;

  // The batch under way.
  bool batch_ = false;
  std::int64_t batch_limit_ = 0;
  std::int64_t batch_created_ = 0;
  std::int64_t batch_tried_ = 0;

  // The step in progress.
  int failing_ = 0;
  int late_ = 0;
  int kind_ = 0;
  int calls_ = 0;
  std::int64_t target_before_ = 0;
  std::int64_t registered_before_ = 0;

  ForkRig rig_;  // last: it calls back into the others
};

void check_fork(std::uint64_t seed, const rc::Gen<std::uint64_t>& fixes, int deaths_min) {
  std::int64_t creates = 0;
  int died = 0;
  int stopped = 0;
  const std::vector<Fix> all = fixes_at(Compat::fork_2_2);
  const auto bits = rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)}, {1, rc::gen::inRange(0, 1 << 12)}});
  const auto histories = rc::gen::scale(
      2.0, rc::gen::container<std::vector<Step>>(rc::gen::tuple(rc::gen::inRange(0, 18), rc::gen::inRange(0, 100),
                                                                rc::gen::inRange(0, 100), bits, bits)));
  check_property(seed, 500, [&] {
    Setup setup;
    const std::uint64_t chosen = *rc::Gen<std::uint64_t>(fixes).as("fixes, a bit each");
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((chosen >> i & 1) != 0) setup.fixes.insert(all[i]);
    }
    setup.batch_size = *rc::gen::inRange(1, 7).as("batch size");
    setup.instances = *rc::gen::inRange(1, 9).as("spark.executor.instances");
    const auto history = *histories.as("history");
    Play play(setup);
    for (const Step& step : history) play.step(step);
    died += play.died() ? 1 : 0;
    stopped += play.stopped() ? 1 : 0;
    play.settle();
    creates += play.creates();
  });
  EXPECT_GT(creates, 2'500) << "the histories are worth something only if they create";
  EXPECT_GT(stopped, 20);
  EXPECT_GE(died, deaths_min);
}

constexpr std::uint64_t kAll = (std::uint64_t{1} << 33) - 1;

TEST(ForkProperties, TheForkAsItIs) { check_fork(20261131, rc::gen::just(std::uint64_t{0}), 100); }
TEST(ForkProperties, WithAnyMixOfFixes) { check_fork(20261132, rc::gen::inRange<std::uint64_t>(0, kAll), 20); }
TEST(ForkProperties, CorrectedItKeepsAllocating) { check_fork(20261133, rc::gen::just(kAll), 0); }

}  // namespace
}  // namespace podramp::backend::fork_property_test
