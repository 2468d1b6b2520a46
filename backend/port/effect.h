// Everything the backend asks for or decides. Each is in the log before anybody performs it.
// Next: input.h (what it perceives), step.h (both together).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/ids.h"
#include "backend/port/job.h"
#include "backend/port/time.h"

namespace podramp {

// What an allocation round could not go beyond; "none" when the profile had all it wanted.
enum class Limit : std::uint8_t {
  none,            // have >= target
  batch_size,      // allocation.batch.size
  pending_cap,     // allocation.maxPendingPods (all profiles together)
  profile_share,   // its part of the free pending slots
  unacknowledged,  // T1: a created pod is not in any snapshot yet
  refused,         // the API server refused a create (quota, validation), or the driver itself did
  api_error,       // the API server failed or could not be reached
  claims,          // waitToReusePersistentVolumeClaim: there is no claim to take, and no more may be made
};
template <>
struct EnumText<Limit> {
  static constexpr std::array<std::string_view, 8> names{"none",           "batch_size", "pending_cap", "profile_share",
                                                         "unacknowledged", "refused",    "api_error",   "claims"};
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

// The driver asks its allocator for this many executors in all (requestTotalExecutors); who decided it, and on what
// grounds, as dynamic allocation saw them (02 4.3).
struct TargetsRequested {
  static constexpr std::string_view kType = "out.targets_requested";
  std::map<ProfileId, std::int64_t> targets;
  std::map<ProfileId, std::int64_t> needed;  // maxNeeded; empty when not asked
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("targets", self.targets);
    visit("needed", self.needed);
    visit("why", self.why);
  }
};

// StopExecutor: the executor's process ends by itself, with code 0.
struct ExecutorStopped {
  static constexpr std::string_view kType = "out.executor_stopped";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// The executor is told to decommission itself: no new tasks, its blocks move, then its process ends (02 4.2).
struct DecommissionSent {
  static constexpr std::string_view kType = "out.decommission_sent";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// The answer to in::ExecutorIdAsked.
struct ExecutorIdGiven {
  static constexpr std::string_view kType = "out.executor_id_given";
  std::string pod;
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("executor", self.executor);
  }
};

// The answer to in::ConfigAsked; with an error the executor's process ends with 1, unregistered (01 1.11).
struct ConfigGiven {
  static constexpr std::string_view kType = "out.config_given";
  ExecutorId executor = 0;
  std::string shuffle_host;  // spark.shuffle.service.host, "" without
  std::string error;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("shuffle_host", self.shuffle_host);
    visit("error", self.error);
  }
};

// A task attempt goes to an executor; answered by in::TaskEnded.
struct TaskLaunched {
  static constexpr std::string_view kType = "out.task_launched";
  TaskId task = 0;
  StageId stage = 0;
  int stage_attempt = 0;
  int index = 0;    // which task of the stage
  int attempt = 0;  // of that task
  bool speculative = false;
  Locality locality = Locality::any;
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) {
    visit("task", self.task);
    visit("stage", self.stage);
    visit("stage_attempt", self.stage_attempt);
    visit("index", self.index);
    visit("attempt", self.attempt);
    visit("speculative", self.speculative);
    visit("locality", self.locality);
    visit("executor", self.executor);
  }
};

// Another attempt has finished first, or the stage is over: end this one.
struct TaskKilled {
  static constexpr std::string_view kType = "out.task_killed";
  TaskId task = 0;
  static void fields(auto& visit, auto& self) { visit("task", self.task); }
};

struct StageStarted {
  static constexpr std::string_view kType = "out.stage_started";
  StageId stage = 0;
  int attempt = 0;
  std::int64_t tasks = 0;  // that this attempt has to run
  static void fields(auto& visit, auto& self) {
    visit("stage", self.stage);
    visit("attempt", self.attempt);
    visit("tasks", self.tasks);
  }
};

struct StageEnded {
  static constexpr std::string_view kType = "out.stage_ended";
  StageId stage = 0;
  int attempt = 0;
  std::string error;  // "" when it succeeded
  static void fields(auto& visit, auto& self) {
    visit("stage", self.stage);
    visit("attempt", self.attempt);
    visit("error", self.error);
  }
};

struct JobEnded {
  static constexpr std::string_view kType = "out.job_ended";
  JobId job = 0;
  std::string error;  // "" when it succeeded
  static void fields(auto& visit, auto& self) {
    visit("job", self.job);
    visit("error", self.error);
  }
};

}  // namespace out

using Effect = std::variant<out::Called, out::WatchReleased, out::TimerSet, out::TimerCancelled,
                            out::RegistrationAccepted, out::RegistrationRefused, out::ExecutorRemoved,
                            out::ReadyToSchedule, out::RoundDone, out::Noted, out::Exited, out::TargetsRequested,
                            out::ExecutorStopped, out::DecommissionSent, out::ExecutorIdGiven, out::ConfigGiven,
                            out::TaskLaunched, out::TaskKilled, out::StageStarted, out::StageEnded, out::JobEnded>;

}  // namespace podramp
