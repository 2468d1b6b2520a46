// Everything the backend perceives (Input) and everything it asks for (Effect). These two variants are the whole
// port: the simulation, the live loop and replay differ only in who feeds the one and performs the other.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/port/ids.h"
#include "backend/port/kube.h"
#include "backend/port/time.h"

namespace podramp {

template <>
struct EnumText<TimerKind> {
  static constexpr std::array<std::string_view, 8> names{"allocator_tick", "lifecycle_tick", "poll",
                                                         "call_retry",     "driver_ready",   "watch_reconnect",
                                                         "ready_wait",     "stop_grace"};
};

namespace in {

// The application's driver has come up. First input of every session.
struct Started {
  static constexpr std::string_view kType = "in.started";
  std::string app_id;
  static void fields(auto& visit, auto& self) { visit("app_id", self.app_id); }
};

// A timer set by out::TimerSet is due.
struct TimerDue {
  static constexpr std::string_view kType = "in.timer_due";
  TimerKind timer = TimerKind::allocator_tick;
  std::uint64_t arg = 0;
  static void fields(auto& visit, auto& self) {
    visit("timer", self.timer);
    visit("arg", self.arg);
  }
};

// The scheduler wants this many executors per profile in all; profiles that are not named keep theirs (02 1.2).
struct TargetSet {
  static constexpr std::string_view kType = "in.target_set";
  std::map<ProfileId, std::int64_t> targets;
  static void fields(auto& visit, auto& self) { visit("targets", self.targets); }
};

// An executor process asks to register over RPC.
struct Registered {
  static constexpr std::string_view kType = "in.registered";
  ExecutorId executor = 0;
  std::string host;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("host", self.host);
  }
};

// An executor's connection is gone.
struct Disconnected {
  static constexpr std::string_view kType = "in.disconnected";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// The answer to, or the failure of, one out::Called. Exactly one per call; for a watch it says whether it opened.
struct Replied {
  static constexpr std::string_view kType = "in.replied";
  CallId call;
  ApiReply reply;
  static void fields(auto& visit, auto& self) {
    visit("call", self.call);
    visit("reply", self.reply);
  }
};

// Events of an open watch, oldest first.
struct Watched {
  static constexpr std::string_view kType = "in.watched";
  CallId watch;
  std::vector<WatchEvent> events;
  static void fields(auto& visit, auto& self) {
    visit("watch", self.watch);
    visit("events", self.events);
  }
};

// A watch has ended. code 410 means its resource version is too old (K18), 0 a plain end of stream.
struct WatchClosed {
  static constexpr std::string_view kType = "in.watch_closed";
  CallId watch;
  int code = 0;
  std::string reason;
  static void fields(auto& visit, auto& self) {
    visit("watch", self.watch);
    visit("code", self.code);
    visit("reason", self.reason);
  }
};

// The application ends: clean up (02 4.2 stop order).
struct Stopped {
  static constexpr std::string_view kType = "in.stopped";
  static void fields(auto&, auto&) {}
};

}  // namespace in

using Input = std::variant<in::Started, in::TimerDue, in::TargetSet, in::Registered, in::Disconnected, in::Replied,
                           in::Watched, in::WatchClosed, in::Stopped>;

// What an allocation round could not go beyond; "none" when the profile had all it wanted.
enum class Limit : std::uint8_t {
  none,            // have >= target
  batch_size,      // allocation.batch.size
  pending_cap,     // allocation.maxPendingPods (all profiles together)
  profile_share,   // its part of the free pending slots
  unacknowledged,  // T1: a created pod is not in any snapshot yet
  refused,         // the API server refused a create (quota, validation)
  api_error,       // the API server failed or could not be reached
};
template <>
struct EnumText<Limit> {
  static constexpr std::array<std::string_view, 7> names{"none",           "batch_size", "pending_cap", "profile_share",
                                                         "unacknowledged", "refused",    "api_error"};
};

// One profile's books in one round, in the terms of 02 1.3.
struct ProfileReport {
  ProfileId profile = 0;
  std::int64_t target = 0;
  std::int64_t running = 0;
  std::int64_t pending_known = 0;
  std::int64_t pending_unknown = 0;
  std::int64_t new_unknown = 0;
  std::int64_t new_known = 0;
  std::int64_t have = 0;  // after excess removal
  std::int64_t excess_deleted = 0;
  std::int64_t asked = 0;    // n of 1.3 step 12; 0 when the profile did not take part
  std::int64_t created = 0;  // POSTs that succeeded
  Limit limited_by = Limit::none;
  static void fields(auto& visit, auto& self) {
    visit("profile", self.profile);
    visit("target", self.target);
    visit("running", self.running);
    visit("pending_known", self.pending_known);
    visit("pending_unknown", self.pending_unknown);
    visit("new_unknown", self.new_unknown);
    visit("new_known", self.new_known);
    visit("have", self.have);
    visit("excess_deleted", self.excess_deleted);
    visit("asked", self.asked);
    visit("created", self.created);
    visit("limited_by", self.limited_by);
  }
};

enum class RoundTrigger : std::uint8_t { timer, notified };
template <>
struct EnumText<RoundTrigger> {
  static constexpr std::array<std::string_view, 2> names{"timer", "notified"};
};

namespace out {

// Perform this API request and answer with in::Replied. attempt counts from 1 (client retries, K85).
struct Called {
  static constexpr std::string_view kType = "out.called";
  CallId call;
  int attempt = 1;
  ApiRequest request;
  static void fields(auto& visit, auto& self) {
    visit("call", self.call);
    visit("attempt", self.attempt);
    visit("request", self.request);
  }
};

// Close an open watch; nothing of it may be delivered afterwards.
struct WatchReleased {
  static constexpr std::string_view kType = "out.watch_released";
  CallId watch;
  static void fields(auto& visit, auto& self) { visit("watch", self.watch); }
};

// Arm a timer; replaces an armed one of the same (kind, arg).
struct TimerSet {
  static constexpr std::string_view kType = "out.timer_set";
  TimerKind timer = TimerKind::allocator_tick;
  std::uint64_t arg = 0;
  TimeUs at_us = 0;
  static void fields(auto& visit, auto& self) {
    visit("timer", self.timer);
    visit("arg", self.arg);
    visit("at_us", self.at_us);
  }
};

struct TimerCancelled {
  static constexpr std::string_view kType = "out.timer_cancelled";
  TimerKind timer = TimerKind::allocator_tick;
  std::uint64_t arg = 0;
  static void fields(auto& visit, auto& self) {
    visit("timer", self.timer);
    visit("arg", self.arg);
  }
};

// An executor asked to register and was accepted.
struct RegistrationAccepted {
  static constexpr std::string_view kType = "out.registration_accepted";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// ... or refused; its process then exits (02 4.2).
struct RegistrationRefused {
  static constexpr std::string_view kType = "out.registration_refused";
  ExecutorId executor = 0;
  std::string reason;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("reason", self.reason);
  }
};

// The scheduler backend forgets an executor (RemoveExecutor, 02 3).
struct ExecutorRemoved {
  static constexpr std::string_view kType = "out.executor_removed";
  ExecutorId executor = 0;
  int exit_code = 0;
  bool caused_by_app = false;
  std::string reason;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("exit_code", self.exit_code);
    visit("caused_by_app", self.caused_by_app);
    visit("reason", self.reason);
  }
};

// Enough executors are registered, or the wait for them is over: tasks may be scheduled (02 4.2).
struct ReadyToSchedule {
  static constexpr std::string_view kType = "out.ready_to_schedule";
  std::int64_t registered = 0;
  std::int64_t expected = 0;
  bool timed_out = false;
  static void fields(auto& visit, auto& self) {
    visit("registered", self.registered);
    visit("expected", self.expected);
    visit("timed_out", self.timed_out);
  }
};

// An allocation round has ended; it says what limited it. Rounds that found nothing to do and changed nothing in
// their books are not reported.
struct RoundDone {
  static constexpr std::string_view kType = "out.round_done";
  std::uint64_t round = 0;  // counts every round, reported or not
  RoundTrigger trigger = RoundTrigger::timer;
  TimeUs started_us = 0;
  std::int64_t snapshots = 0;    // in the batch
  std::int64_t timed_out = 0;    // creation time-outs (1.3 step 4)
  std::int64_t slots = 0;        // 1.3 step 10
  std::int64_t outstanding = 0;  // as committed; unchanged when aborted
  std::string aborted;           // "" or why: "403 Forbidden: ..."
  std::vector<ProfileReport> profiles;
  static void fields(auto& visit, auto& self) {
    visit("round", self.round);
    visit("trigger", self.trigger);
    visit("started_us", self.started_us);
    visit("snapshots", self.snapshots);
    visit("timed_out", self.timed_out);
    visit("slots", self.slots);
    visit("outstanding", self.outstanding);
    visit("aborted", self.aborted);
    visit("profiles", self.profiles);
  }
};

// Words for people, at Spark's own log levels ("info", "warn", "error").
struct Noted {
  static constexpr std::string_view kType = "out.noted";
  std::string level;
  std::string text;
  static void fields(auto& visit, auto& self) {
    visit("level", self.level);
    visit("text", self.text);
  }
};

// The driver process ends. 0 after a clean stop, 1 fatal misconfiguration, 11 too many failed executors.
struct Exited {
  static constexpr std::string_view kType = "out.exited";
  int code = 0;
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("code", self.code);
    visit("why", self.why);
  }
};

}  // namespace out

using Effect = std::variant<out::Called, out::WatchReleased, out::TimerSet, out::TimerCancelled,
                            out::RegistrationAccepted, out::RegistrationRefused, out::ExecutorRemoved,
                            out::ReadyToSchedule, out::RoundDone, out::Noted, out::Exited>;

// The ordered effects of one step.
class Outbox {
 public:
  template <class E>
  void add(E effect) {
    effects_.emplace_back(std::move(effect));
  }
  const std::vector<Effect>& effects() const { return effects_; }
  std::vector<Effect> take() { return std::exchange(effects_, {}); }

 private:
  std::vector<Effect> effects_;
};

}  // namespace podramp
