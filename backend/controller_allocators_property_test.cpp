// The StatefulSet and Deployment allocators over random histories (02 4.4): targets of known and unknown profiles,
// answers of every kind, retries, stops. Against a cluster that keeps replicas by name. Single cases:
// controller_allocators_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backend/controller_allocators.h"
#include "backend/test_living.h"
#include "backend/test_rapidcheck.h"

namespace podramp::backend::controller_allocators_property_test {
namespace {

using Step = std::tuple<int, int, int, int>;  // what, and three numbers that mean what the step makes of them

constexpr std::array<ProfileId, 4> kProfiles{kDefaultProfile, 3, 5, 9};
constexpr ProfileId kUnknown = 9;  // the application has no such profile

Application set_application(PodsAllocator allocator) {
  Application application = driven_application(0);
  application.conf.compat = Compat::spark_4_2;
  application.conf.pods_allocator = allocator;
  for (const ProfileId id : {3, 5}) {
    ResourceProfile profile;
    profile.id = id;
    application.profiles.push_back(profile);
  }
  return application;
}

PodPtr driver_pod() {
  Pod pod = executor_pod(0, PodPhase::running);
  pod.name = "driver-0";
  pod.uid = "uid-driver";
  return stored(std::move(pod));
}

// kind 0 is success.
ApiReply answer_of(int kind) {
  static constexpr std::array kCodes{403, 404, 409, 422, 429, 500, 503};
  static constexpr std::array kTransports{Transport::refused, Transport::reset, Transport::timed_out,
                                          Transport::maybe_committed};
  if (kind == 0) return reply_ok();
  const auto i = static_cast<std::size_t>(kind - 1);
  if (i < kCodes.size()) return reply_error(kCodes.at(i), "Failed");
  ApiReply reply;
  reply.transport = kTransports.at((i - kCodes.size()) % kTransports.size());
  return reply;
}

class Play {
 public:
  Play(PodsAllocator allocator, bool has_driver)
      : app_(set_application(allocator)),
        has_driver_(has_driver),
        calls_(RetryPolicy{.retries_max = 2}),
        allocator_(app_, calls_) {
    Outbox out;
    allocator_.start(0, has_driver ? driver_pod() : nullptr, out);
    RC_ASSERT(out.effects().empty());
  }

  void step(const Step& step) {
    const auto& [what, a, b, kind] = step;
    switch (what) {
      case 0:
      case 1:
      case 2: set_targets(a, b); break;
      case 9:
        if (a < 15) stop(b % 2 == 0);
        break;
      default: under_way_ ? reply(kind, b % 2 == 0) : retry(); break;
    }
    check();
  }

  // Errors have stopped. Each known profile gets its target in a request of its own.
  void settle(int a) {
    quieten();
    if (stopped_ || allocator_.fatal()) return;
    std::map<ProfileId, std::int64_t> last;
    for (const ProfileId profile : kProfiles) {
      if (profile == kUnknown) continue;
      last[profile] = a++ % 20;
      request({{profile, last[profile]}});
      quieten();
    }
    if (allocator_.fatal()) return;  // the very first request has failed only now
    RC_ASSERT(has_driver_ || calls_made_ == 0);
    if (!has_driver_) return;
    for (const auto& [profile, target] : last) {
      const std::string name = executor_set_name(app_, profile);
      // A set whose create was committed unseen is created again, and refused, for ever.
      if (unseen_.contains(name)) {
        RC_ASSERT(!acknowledged_.contains(name));
        continue;
      }
      RC_ASSERT(acknowledged_.at(name) == target);
      RC_ASSERT(cluster_.at(name) == target);
      ++settled_;
    }
    check();
  }

  int settled() const { return settled_; }
  int calls_made() const { return calls_made_; }

 private:
  struct Order {
    int request = 0;
    ProfileId profile = 0;
    std::int64_t replicas = 0;
  };

  void set_targets(int a, int b) {
    std::map<ProfileId, std::int64_t> targets;
    for (std::size_t i = 0; i < kProfiles.size(); ++i) {
      // Rarely one that does not exist.
      const bool named = kProfiles.at(i) == kUnknown ? a % 11 == 0 : (a >> i & 1) != 0;
      if (named) targets[kProfiles.at(i)] = (b + static_cast<int>(i) * 7) % 20;
    }
    request(targets);
  }

  void request(const std::map<ProfileId, std::int64_t>& targets) {
    if (!stopped_) {
      ++requests_;
      for (const auto& [profile, target] : targets) {
        orders_.push_back({requests_, profile, target});
        asked_[profile] = target;
      }
    }
    Outbox out;
    RC_ASSERT(!allocator_.set_targets(0, targets, out));
    perform(out);
  }

  // The call under way is answered. lost: what a broken connection carried was done all the same.
  void reply(int kind, bool lost) {
    const out::Called called = *std::exchange(under_way_, std::nullopt);
    ApiReply reply = answer_of(kind);
    if (reply.ok() || (reply.transport != Transport::ok && reply.transport != Transport::refused && lost)) {
      const ApiReply done = commit(called.request);
      if (reply.ok()) reply = done;
    }
    Outbox out;
    const auto completed = calls_.on_reply(0, {called.call, reply}, out);
    if (completed) {
      finished(called.request, reply.ok());
      allocator_.resume(0, *completed, out);
    }
    perform(out);
  }

  ApiReply commit(const ApiRequest& request) {
    if (request.verb == Verb::create) {
      const auto [set, fresh] = cluster_.emplace(request.manifest->name, request.manifest->set->replicas);
      if (!fresh) return reply_error(409, "AlreadyExists");
    } else {
      cluster_.at(request.name) = request.replicas.value();
    }
    return reply_ok();
  }

  void finished(const ApiRequest& request, bool ok) {
    const Order order = orders_.front();
    const std::string name = executor_set_name(app_, order.profile);
    if (ok) {
      acknowledged_[name] = order.replicas;
      orders_.pop_front();
    } else {
      if (request.verb == Verb::create && cluster_.contains(name)) unseen_.insert(name);
      drop(order.request);
    }
  }

  void drop(int request) {
    std::erase_if(orders_, [request](const Order& order) { return order.request == request; });
    failed_first_ = failed_first_ || request == 1;
  }

  void retry() {
    if (!retry_) return;
    Outbox out;
    calls_.on_retry_due(*std::exchange(retry_, std::nullopt), out);
    perform(out);
  }

  void stop(bool cut_off) {
    stopped_ = true;
    Outbox out;
    allocator_.stop(out);
    RC_ASSERT(out.effects().empty());
    if (!cut_off) return;
    calls_.abandon(CallOwner::allocator, out);
    allocator_.drop_run();
    under_way_.reset();
    retry_.reset();
    orders_.clear();
  }

  void perform(Outbox& out) {
    for (const Effect& effect : out.take()) {
      if (const auto* timer = std::get_if<out::TimerSet>(&effect)) {
        RC_ASSERT(timer->timer == TimerKind::call_retry);
        RC_ASSERT(!retry_ && !under_way_);
        retry_ = timer->arg;
      } else if (const auto* called = std::get_if<out::Called>(&effect)) {
        RC_ASSERT(!retry_ && !under_way_);  // never more than one
        if (called->attempt == 1) check_call(called->request);
        under_way_ = *called;
        ++calls_made_;
      } else {
        RC_ASSERT(std::get<out::Noted>(effect).level == "error");
      }
    }
  }

  // The next order that can be served, and nothing else.
  void check_call(const ApiRequest& request) {
    RC_ASSERT(!stopped_);
    skip_refused();
    RC_ASSERT(!failed_first_);
    RC_ASSERT(!orders_.empty());
    const Order& order = orders_.front();
    const std::string name = executor_set_name(app_, order.profile);
    const bool deployment = app_.conf.pods_allocator == PodsAllocator::deployment;
    RC_ASSERT(request.kind == (deployment ? Kind::deployment : Kind::stateful_set));
    RC_ASSERT(request.ns == "default");
    if (acknowledged_.contains(name)) {
      RC_ASSERT(request.verb == Verb::patch);
      RC_ASSERT(request.name == name);
      RC_ASSERT(request.replicas == order.replicas);
      return;
    }
    RC_ASSERT(request.verb == Verb::create);
    RC_ASSERT(request.manifest->name == name);
    RC_ASSERT(request.manifest->set->replicas == order.replicas);
    RC_ASSERT(request.manifest->owners.size() == 1U);
  }

  // Orders that make no call: of a profile that does not exist, and every first one without a driver pod.
  void skip_refused() {
    while (!orders_.empty() && !failed_first_ && (orders_.front().profile == kUnknown || !has_driver_)) {
      drop(orders_.front().request);
    }
  }

  void check() {
    const bool waits = under_way_ || retry_;
    RC_ASSERT(allocator_.busy() == waits);
    RC_ASSERT(calls_.pending(CallOwner::allocator) == waits);
    if (!waits && !stopped_) {
      skip_refused();
      RC_ASSERT(orders_.empty() || failed_first_);  // nothing is forgotten
    }
    RC_ASSERT(allocator_.fatal().has_value() == failed_first_);
    Books books;
    allocator_.fill(books);
    std::map<ProfileId, std::int64_t> targets;
    for (const ProfileReport& report : books.profiles) targets[report.profile] = report.target;
    RC_ASSERT(targets == asked_);
    std::set<std::string> deleted;
    for (const ApiRequest& request : allocator_.clean_up()) {
      RC_ASSERT(request.verb == Verb::remove);
      deleted.insert(request.name);
    }
    std::set<std::string> made;
    for (const auto& [name, replicas] : acknowledged_) made.insert(name);
    RC_ASSERT(deleted == made);
  }

  void quieten() {
    while (under_way_ || retry_) under_way_ ? reply(0, false) : retry();
    check();
  }

  Application app_;
  bool has_driver_;
  ApiCalls calls_;
  ControllerAllocator allocator_;
  std::map<std::string, std::int64_t> cluster_;       // replicas by name
  std::map<std::string, std::int64_t> acknowledged_;  // likewise, as the driver has been told
  std::set<std::string> unseen_;                      // created, and the driver was told it had failed
  std::map<ProfileId, std::int64_t> asked_;
  std::deque<Order> orders_;  // the first one's call may be under way
  int requests_ = 0;
  bool failed_first_ = false;
  bool stopped_ = false;
  std::optional<out::Called> under_way_;
  std::optional<std::uint64_t> retry_;
  int settled_ = 0;
  int calls_made_ = 0;
};

void check_kind(PodsAllocator allocator, std::uint64_t seed) {
  int settled = 0;
  int calls = 0;
  const auto kind = rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)}, {1, rc::gen::inRange(1, 12)}});
  const auto histories = rc::gen::container<std::vector<Step>>(
      rc::gen::tuple(rc::gen::inRange(0, 10), rc::gen::inRange(0, 100), rc::gen::inRange(0, 100), kind));
  check_property(seed, 500, [&] {
    const bool has_driver = *rc::gen::inRange(0, 8).as("without a driver pod when 0") != 0;
    const auto history = *histories.as("history");
    const int last = *rc::gen::inRange(0, 20).as("last target");
    Play play(allocator, has_driver);
    for (const Step& step : history) play.step(step);
    play.settle(last);
    settled += play.settled();
    calls += play.calls_made();
  });
  EXPECT_GT(settled, 300) << "the histories are worth something only if many of them end well";
  EXPECT_GT(calls, 3'000);
}

TEST(ControllerAllocatorProperties, StatefulSetsFollowTheLastTargetOneCallAtATime) {
  check_kind(PodsAllocator::stateful_set, 20261127);
}
TEST(ControllerAllocatorProperties, DeploymentsFollowTheLastTargetOneCallAtATime) {
  check_kind(PodsAllocator::deployment, 20261128);
}

}  // namespace
}  // namespace podramp::backend::controller_allocators_property_test
