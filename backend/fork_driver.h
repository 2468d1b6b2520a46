// START HERE for compat level fork-2.2: the scheduler backend of the 2017 fork (01 1). Its threads are queues here: the
// allocator's pass (fork_pass.cpp), the RPC endpoint and the pod watcher (fork_mail.cpp, fork_events.cpp), the request
// pool (fork_kill.cpp); what one of them does under the lock is LockWork. Stop: fork_stop.cpp. Quirks (01 11) are on
// unless `fixes` names them. The application's program: fork_jobs.h.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "backend/api_calls.h"
#include "backend/driver.h"
#include "backend/fork_affinity.h"
#include "backend/fork_conf.h"
#include "backend/fork_executors.h"
#include "backend/fork_jobs.h"
#include "backend/fork_loss.h"
#include "backend/fork_pod.h"
#include "backend/fork_shuffle.h"
#include "backend/fork_watch.h"

namespace podramp::backend {

inline constexpr DurationUs kReconcileUs = 30 * kSecondUs;  // fix Q07: pods are listed now and then

// What is done while holding the one lock, HTTP requests included (01 1.1). It waits for the lock in order of arrival;
// with fix Q12 it does not wait.
struct BatchWork {};  // allocator: the gate, then the batch's creates (1.5 B)
struct PurgeWork {    // allocator: lets a pod go and deletes it (1.5)
  ExecutorId executor = 0;
};
struct KillWork {  // request pool (1.10)
  std::vector<ExecutorId> executors;
};
struct LookupWork {  // RPC endpoint: a disconnected executor's pod (1.8)
  ExecutorId executor = 0;
};
struct ConfigWork {  // RPC endpoint, with a shuffle manager (1.11)
  ExecutorId executor = 0;
};
struct PodEndWork {  // watcher: whether we had let the pod go already (1.9)
  WatchEvent event;
  bool failed = false;  // fix Q04: it has ended, and is still there
};
struct CleanUpWork {};  // stop (1.12)
using LockWork = std::variant<BatchWork, PurgeWork, KillWork, LookupWork, ConfigWork, PodEndWork, CleanUpWork>;

class ForkDriver final : public Driver {
 public:
  explicit ForkDriver(Application application);

  void step(TimeUs now, const Input& input, Outbox& out) override;
  Books books() const override;
  std::string describe() const override;

  // Instead of the application's. Racks count only where the conf's Hadoop settings name a topology plug-in (01 2.2).
  void set_nodes(NodeDirectory nodes);

 private:
  enum class Phase : std::uint8_t { fresh, constructing, starting, running, stopping, exited };
  enum class Ask : std::uint8_t {
    driver_pod,
    watch,
    shuffle_list,
    shuffle_watch,
    create,
    adopt,
    purge,
    kill,
    config,
    clean_up,
    relist,
  };
  struct Waiting {  // for the answer to a call
    Ask ask = Ask::driver_pod;
    ExecutorId executor = 0;
    PodPtr pod;
    std::vector<ExecutorId> rest;  // of a kill
    TimeUs sent_us = 0;
  };
  struct Requested {  // their runningExecutorsToPods: created and not let go; its phase is never looked at
    PodPtr pod;
    TimeUs created_us = 0;
    bool registered = false;  // has registered once
  };
  struct Looks {
    int count = 0;
    TimeUs first_us = 0;
  };
  struct Pass {
    TimeUs started_us = 0;
    std::vector<ExecutorId> expired;  // fix Q02
    std::vector<ExecutorId> to_look;  // both: next one last
    bool purging = false;
    bool creating = false;  // a create is under way
    std::map<std::string, std::int64_t> hints;
    std::int64_t to_create = 0;
    ProfileReport report;
  };
  struct RemoveExecutor {
    ExecutorId executor = 0;
    LossReason reason;
  };
  using RpcMessage = std::variant<in::Registered, in::Disconnected, in::ConfigAsked, RemoveExecutor>;

  bool fixed(Fix fix) const { return app_.fixes.contains(fix); }
  void note(std::string level, std::string text) { out_->add(out::Noted{std::move(level), std::move(text)}); }
  std::int64_t requested_count() const { return static_cast<std::int64_t>(requested_.size()); }
  void ask(ApiRequest request, Waiting waiting);
  ApiRequest about(Verb verb, const std::string& pod) const;

  // fork_driver.cpp: construction, start, dispatch.
  void start();
  void driver_pod_answered(const ApiReply& reply);
  void watch_opened(const Completed& completed);
  void start_shuffle();
  void shuffle_listed(const ApiReply& reply);
  void shuffle_watch_opened(const Completed& completed);
  void started();
  ForkJobs::Actions job_actions();
  void apply_first_target();
  void timer_due(const in::TimerDue& timer);
  void answered(const in::Replied& replied);
  void give(const Waiting& waiting, const Completed& completed);
  void check_ready();
  void request_total(const in::TargetSet& set);
  void set_target(std::int64_t target);
  void tell_total(std::string why);
  void conf_changed(const StringMap& changes);

  // fork_mail.cpp: the lock, the RPC endpoint.
  void enter(LockWork work);
  void leave();
  void begin(const LockWork& work);
  void settle();
  void handle(const RpcMessage& message);
  void handle(const in::Registered& executor);
  void handle(const in::Disconnected& executor);
  void handle(const in::ConfigAsked& asked);
  void handle(const RemoveExecutor& removal);
  void begin(const LookupWork& work);
  void begin(const ConfigWork& work);
  void config_answered(const Waiting& waiting, const ApiReply& reply);

  // fork_events.cpp: the pod watcher.
  void watched(const in::Watched& watched);
  void watch_closed(const in::WatchClosed& closed);
  void handle_pod(const WatchEvent& event);
  void begin(const PodEndWork& work);
  void relist();
  void relisted(const Waiting& waiting, const ApiReply& reply);

  // fork_pass.cpp: the allocator.
  void begin_pass();
  std::vector<ExecutorId> expired() const;
  void look_on();
  bool look(ExecutorId id);
  bool given_up(ExecutorId id, const Pod& pod);
  void begin(const PurgeWork& work);
  void purged(const Waiting& waiting, const ApiReply& reply);
  void begin(const BatchWork& work);
  Limit gate() const;
  void add_requested(ExecutorId id, const PodPtr& pod);
  void create_next();
  void created(const Waiting& waiting, const ApiReply& reply);
  void adopted(const Waiting& waiting, const ApiReply& reply);
  void batch_failed(const std::string& why, const ApiReply* reply);
  void end_pass(const std::string& aborted);

  // fork_kill.cpp: the request pool and the heartbeats.
  std::vector<ExecutorId> kill_requested(const in::KillRequested& kill);  // those that are killed
  void begin(const KillWork& work);
  void kill_next(std::vector<ExecutorId> rest);
  void kill(std::vector<ExecutorId> executors);
  void killed(const Waiting& waiting, const ApiReply& reply);
  void cancel_excess();
  void heartbeats_stopped(const in::HeartbeatsStopped& silent);
  void check_heartbeats();

  // fork_stop.cpp.
  void stop(int code, const std::string& why);
  void begin(const CleanUpWork& work);
  void delete_next();
  void deleted(const Waiting& waiting, const ApiReply& reply);
  void exit();

  Application app_;
  ForkConf conf_;
  std::string conf_error_;
  ApiCalls calls_;
  std::map<CallId, Waiting> waiting_;
  ForkWatch watch_;
  std::optional<ForkWatch> shuffle_watch_;
  ShuffleCache shuffle_;
  std::optional<ForkPodFactory> factory_;
  PodPtr driver_pod_;
  NodeDirectory nodes_;
  ReverseDns dns_;
  RackTable racks_;

  // State of the backend, by the names of 01 1.1.
  ExecutorId last_executor_id_ = 0;
  std::map<ExecutorId, Requested> requested_;
  std::map<std::string, ExecutorId> pod_to_exec_;
  PodsByIp pods_by_ip_;
  std::map<std::string, LossReason> exit_reasons_;  // by pod name
  std::map<ExecutorId, PodPtr> pending_removal_;
  std::map<ExecutorId, Looks> looks_;
  std::int64_t target_ = 0;
  std::map<std::string, std::int64_t> hints_;
  ForkExecutors executors_;
  std::optional<ForkJobs> jobs_;  // always, once constructed

  // The threads.
  bool locked_ = false;
  bool handing_on_ = false;
  std::deque<LockWork> lock_queue_;
  std::deque<RpcMessage> rpc_;
  bool rpc_busy_ = false;
  std::deque<WatchEvent> pod_events_;
  bool watcher_busy_ = false;
  std::optional<Pass> pass_;
  bool looking_ = false;
  std::optional<ProfileReport> last_report_;
  std::uint64_t passes_ = 0;
  bool pass_armed_ = false;
  bool allocator_dead_ = false;         // Q01
  std::vector<std::string> to_delete_;  // stop: next one last
  bool clean_up_waits_ = false;         // stop, with fix Q12: for the create that is under way

  // Of fixes.
  std::set<ExecutorId> killing_;        // asked for, the delete is not accepted yet
  std::set<ExecutorId> retry_deletes_;  // Q46
  std::set<ExecutorId> cancelled_;      // Q06
  std::int64_t failed_pods_ = 0;        // Q02: that were let go without ever having registered
  TimeUs no_create_before_us_ = 0;      // Q01
  int refusals_ = 0;                    // Q01: in a row

  std::map<ExecutorId, TimeUs> silent_;  // heartbeats have ended; the last one
  bool heartbeat_check_armed_ = false;
  Phase phase_ = Phase::fresh;
  TimeUs started_us_ = 0;
  bool watch_opened_ = false;  // once
  bool start_done_ = false;
  bool first_target_set_ = false;
  std::int64_t initial_ = 0;
  std::optional<in::TargetSet> early_target_;
  bool ready_to_schedule_ = false;
  bool waited_long_enough_ = false;
  out::Exited exit_;

  TimeUs now_ = 0;  // of the step
  Outbox* out_ = nullptr;
};

std::unique_ptr<Driver> make_fork_driver(Application application);

}  // namespace podramp::backend
