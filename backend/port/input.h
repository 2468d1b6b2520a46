// Everything the backend perceives: the world, the scheduler's users and the application's program speak to it in
// these. Next: effect.h (what it asks for), step.h (both together).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/ids.h"
#include "backend/port/job.h"
#include "backend/port/time.h"

namespace podramp {

template <>
struct EnumText<TimerKind> {
  static constexpr std::array<std::string_view, 18> names{
      "allocator_tick",  "lifecycle_tick", "poll",         "call_retry",   "driver_ready", "watch_reconnect",
      "ready_wait",      "stop_grace",     "dynamic_tick", "kill_grace",   "force_kill",   "revive",
      "heartbeat_check", "roll",           "resize",       "claim_resize", "fork_pass",    "back_off"};
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
  std::map<std::string, std::int64_t> hints{};  // tasks by preferred host; only fork-2.2 heeds them (01 1.7, 2.4)
  static void fields(auto& visit, auto& self) {
    visit("targets", self.targets);
    visit("hints", self.hints);
  }
};

// SparkContext.requestExecutors: so many more of the default profile (01 1.4, Q19).
struct ExecutorsRequested {
  static constexpr std::string_view kType = "in.executors_requested";
  std::int64_t more = 0;
  static void fields(auto& visit, auto& self) { visit("more", self.more); }
};

// SparkContext.killExecutors and its like (02 4.2): unknown, pending and (unless forced) busy ones are skipped.
struct KillRequested {
  static constexpr std::string_view kType = "in.kill_requested";
  std::vector<ExecutorId> executors;
  bool replace = false;  // the target stays, so they are replaced
  bool force = false;
  static void fields(auto& visit, auto& self) {
    visit("executors", self.executors);
    visit("replace", self.replace);
    visit("force", self.force);
  }
};

// Somebody (a plugin, a node's shutdown) wants executors decommissioned. by_executor: they said so themselves.
struct DecommissionRequested {
  static constexpr std::string_view kType = "in.decommission_requested";
  std::vector<ExecutorId> executors;
  bool adjust_target = false;
  bool by_executor = false;
  static void fields(auto& visit, auto& self) {
    visit("executors", self.executors);
    visit("adjust_target", self.adjust_target);
    visit("by_executor", self.by_executor);
  }
};

// A pod that a StatefulSet or Deployment made asks who it is (GenerateExecID, 02 4.2).
struct ExecutorIdAsked {
  static constexpr std::string_view kType = "in.executor_id_asked";
  std::string pod;
  static void fields(auto& visit, auto& self) { visit("pod", self.pod); }
};

// A starting executor asks for its configuration; in fork-2.2 the answer may fail (01 1.11).
struct ConfigAsked {
  static constexpr std::string_view kType = "in.config_asked";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// An executor that has not disconnected sends no heartbeats any more; the last one came at last_us (01 1.8).
struct HeartbeatsStopped {
  static constexpr std::string_view kType = "in.heartbeats_stopped";
  ExecutorId executor = 0;
  TimeUs last_us = 0;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("last_us", self.last_us);
  }
};

// Its heartbeats are back: the node can be reached again before the silence was noticed.
struct HeartbeatsResumed {
  static constexpr std::string_view kType = "in.heartbeats_resumed";
  ExecutorId executor = 0;
  static void fields(auto& visit, auto& self) { visit("executor", self.executor); }
};

// Settings change while the application runs (backend/changed_conf.h); the others keep their values.
struct ConfChanged {
  static constexpr std::string_view kType = "in.conf_changed";
  StringMap conf;
  static void fields(auto& visit, auto& self) { visit("conf", self.conf); }
};

// The application's program submits a job.
struct JobSubmitted {
  static constexpr std::string_view kType = "in.job_submitted";
  JobPlan job;
  static void fields(auto& visit, auto& self) { visit("job", self.job); }
};

// A task attempt that out::TaskLaunched started has ended.
struct TaskEnded {
  static constexpr std::string_view kType = "in.task_ended";
  TaskId task = 0;
  TaskResult result;
  static void fields(auto& visit, auto& self) {
    visit("task", self.task);
    visit("result", self.result);
  }
};

// A block of a cached RDD is now kept so on an executor; no bytes at all: dropped (02 4.3, monitor).
struct BlockUpdated {
  static constexpr std::string_view kType = "in.block_updated";
  ExecutorId executor = 0;
  std::int32_t rdd = 0;
  std::int32_t split = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t disk_bytes = 0;
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("rdd", self.rdd);
    visit("split", self.split);
    visit("memory_bytes", self.memory_bytes);
    visit("disk_bytes", self.disk_bytes);
  }
};

// An executor process asks to register over RPC.
struct Registered {
  static constexpr std::string_view kType = "in.registered";
  ExecutorId executor = 0;
  std::string host;
  std::optional<std::int64_t> profile{};  // absent: the default one
  std::optional<std::int64_t> cores{};    // absent: as the conf says
  static void fields(auto& visit, auto& self) {
    visit("executor", self.executor);
    visit("host", self.host);
    visit("profile", self.profile);
    visit("cores", self.cores);
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
                           in::Watched, in::WatchClosed, in::Stopped, in::ExecutorsRequested, in::KillRequested,
                           in::DecommissionRequested, in::ExecutorIdAsked, in::ConfigAsked, in::HeartbeatsStopped,
                           in::JobSubmitted, in::TaskEnded, in::BlockUpdated, in::HeartbeatsResumed,
                           in::ConfChanged>;

}  // namespace podramp
