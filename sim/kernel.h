// START HERE for "what happens next": the simulation main loop (run). It owns the queue, moves messages between the
// sessions, the cluster, the engine and the executors, and decides when the run is over. It decides nothing about
// Spark or Kubernetes. Read next: backend/session.h, fakeapi/cluster.h, sim/engine.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "backend/session.h"
#include "fakeapi/cluster.h"
#include "sim/decommissioner.h"
#include "sim/engine.h"
#include "sim/executors.h"
#include "sim/item_queue.h"
#include "sim/process_host.h"
#include "sim/properties.h"
#include "sim/pulse.h"
#include "sim/scenario.h"
#include "sim/shuffle_services.h"
#include "sim/task_runner.h"

namespace podramp::sim {

// How a run ended.
enum class Ending : std::uint8_t { end, quiet, stuck, property_failed, livelock, interrupted };
}  // namespace podramp::sim

namespace podramp {
template <>
struct EnumText<sim::Ending> {
  static constexpr std::array<std::string_view, 6> names{"end",      "quiet",      "stuck", "property failed",
                                                         "livelock", "interrupted"};
};
}  // namespace podramp

namespace podramp::sim {

inline constexpr std::uint64_t kLivelockItems = 20'000'000;

struct KernelOptions {
  TimeUs end_us = kHourUs;
  bool until_quiet = false;    // else only end_us, a failed property or an interrupt ends the run
  bool ties_shuffled = false;  // another order of simultaneous inputs, drawn from the seed
  std::uint64_t seed = 1;
  std::uint64_t livelock_items = kLivelockItems;  // more than this at one instant: time does not move on
  bool goes_on = false;  // a property that is broken does not end the run: people may do as they please (serve.h)
  // Called about every 4096 items with the time; true ends the run ("interrupted").
  std::function<bool(TimeUs)> poll;
};

class Kernel final : public Body, private ExecutorWorld {
 public:
  struct Parts {
    Ledger& ledger;
    fakeapi::Cluster& cluster;
    Engine& engine;
    Properties& properties;
    const Pulse& pulse;
  };
  Kernel(KernelOptions options, Parts parts);

  // Adds an application; the order of calls is its index. conf: as its backend has it.
  void add(const ApplicationSpec& spec, std::unique_ptr<backend::Session> session, const std::string& app_id,
           const backend::Conf& conf);
  void add(const TimelineEntry& entry);
  // Before the applications: a DaemonSet of external shuffle services.
  void add(const ShuffleServiceSpec& service) { shuffle_.add(service); }
  // Test only: an event that nothing caused is put into the log at this time, as if a part had emitted it.
  void forge(TimeUs at, std::string by, EventData data);

  // around: what stands between the engine and this kernel, and gives it its turns (serve.h); null: nobody.
  Ending run(Body* around = nullptr);
  TimeUs now() const { return parts_.ledger.now(); }
  // Why it is stuck: who waits for what, a line each.
  std::vector<std::string> waiting() const;
  const backend::Session& session(std::size_t application) const { return *applications_.at(application).session; }
  // Bytes of shuffle files that an application which has ended has left, by node; absent when nobody keeps account:
  // it runs, or it has no workload or no shuffle service of the scenario.
  std::optional<std::map<std::string, std::int64_t>> shuffle_left(std::size_t application) const;
  // Executors that ended because no shuffle service took them, by what they were told.
  const std::map<std::string, std::int64_t>& shuffle_refusals() const { return shuffle_refusals_; }
  // The exit code of an application's driver, absent while it runs.
  std::optional<int> exit_code(std::size_t application) const { return applications_.at(application).exit_code; }

  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override;

  // Guests (kernel_guests.cpp): clients from outside, who send requests between two turns, at a time that is not over.
  // What the cluster tells them goes to the listener when it is due: Replied, Watched, WatchClosed.
  fakeapi::ClientId add_guest(const std::string& name, std::string_view user);
  void request(fakeapi::ClientId client, CallId call, ApiRequest request, TimeUs at);
  void release_watch(fakeapi::ClientId client, CallId watch, TimeUs at);
  // What a guest's write asks of the cluster beside the object itself: a quota that is set.
  void act(WorldAction action);
  // Main processes that are real (process_host.h); it must outlive the run. The cluster has to know of them.
  void set_process_host(ProcessHost& host) { process_host_ = &host; }
  // One of the host's processes has ended.
  void process_ended(fakeapi::PodId pod, int exit_code, TimeUs at);
  void set_listener(std::function<void(fakeapi::ClientId, const Input&)> listener) { listener_ = std::move(listener); }
  // ... and that a fault has ended its program (client.crash): it gets no answers any more.
  void set_crash_listener(std::function<void(fakeapi::ClientId)> listener) { crash_listener_ = std::move(listener); }

 private:
  struct Guest {
    std::string name;
    std::string user;
  };
  struct GuestRequest {
    fakeapi::ClientId client;
    CallId call;
    ApiRequest request;
  };
  struct ForGuest {
    fakeapi::ClientId client;
    Input input;
  };
  struct Application {
    std::string name;
    std::string ns;
    std::string driver_pod;  // its name, "" when the conf names none
    std::unique_ptr<backend::Session> session;
    std::int64_t max_pending_pods = 0;
    bool is_fork = false;  // fork-2.2: executors ask for their conf first and register by pod IP (01 1.11, 2.1)
    std::optional<int> exit_code;
    DurationUs heartbeat_us = 0;
    DurationUs rpc_timeout_us = 0;
    std::map<ProfileId, std::int64_t> cores;         // of one executor, as the conf says
    bool alone = false;                              // local master: no executors
    bool up = false;                                 // its driver runs
    DurationUs late_us = 0;                          // so much later than the scenario says
    std::optional<TimeUs> held_since_us;             // it should have started then, but its driver pod does not run yet
    std::vector<std::pair<DurationUs, Input>> held;  // what is planned for it, that much later than its start
    std::map<ProfileId, std::int64_t> targets;
    std::set<CallId> calls;                   // sent, not answered
    std::set<CallId> watches;                 // asked for or open
    std::map<TimerId, std::uint64_t> timers;  // armed -> generation
    std::set<ExecutorId> registered;
    bool has_workload = false;
    bool uses_shuffle_pods = false;  // its executors register with the scenario's shuffle services
    JobSequence jobs;
  };
  struct ForCluster {
    fakeapi::ToCluster message;
    Seq cause;
  };
  struct ForSession {
    std::uint32_t application;
    Input input;
    Seq cause;
    bool planned = false;     // from the scenario
    bool from_start = false;  // its time counts from the application's start
  };
  struct Timer {
    std::uint32_t application;
    TimerId id;
    std::uint64_t generation;
    Seq cause;
  };
  struct Deadline {  // the transport gives up on a call
    std::uint32_t application;
    CallId call;
    Seq cause;
  };
  struct Ask {  // a JVM is up
    fakeapi::PodId pod;
    Seq cause;
  };
  struct Exit {  // timeline: executors end by themselves
    ExecutorExit exit;
  };
  struct TaskWake {  // a task has arrived, worked, or its end is known
    std::uint64_t token;
  };
  struct LeavingWake {  // an executor that leaves looks around
    std::uint64_t token;
  };
  struct TaskFlow {  // a read of a task, or an upload of an executor that leaves, is over
    TransferId id;
    bool ok;
  };
  struct TaskWord {  // an executor speaks to its driver of a task
    std::uint32_t application;
    ExecutorId from;
    Input input;
    Seq cause;
  };
  struct ShuffleUp {  // a shuffle service's process listens
    fakeapi::PodId pod;
    Seq cause;
  };
  struct ForShuffle {  // an answer, an event or a timer of one
    fakeapi::ClientId client;
    Input input;
    Seq cause;
  };
  struct ShuffleRegistration {  // an executor asks its node's service for the n-th time
    fakeapi::PodId pod;
    int attempt;
    Seq cause;
  };
  struct Forged {
    std::string by;
    EventData data;
  };
  struct Later {  // a message of the cluster that is not due yet
    fakeapi::Outgoing message;
  };
  using Payload = std::variant<ForCluster, ForSession, Timer, Deadline, Ask, Exit, Forged, Later, TaskWake, LeavingWake,
                               TaskFlow, TaskWord, ShuffleUp, ForShuffle, ShuffleRegistration, GuestRequest, ForGuest>;

  void handle(ForCluster& item);
  void handle(ForSession& item);
  void handle(Timer& item);
  void handle(Deadline& item);
  void handle(Ask& item);
  void handle(Exit& item);
  void handle(Forged& item);
  void handle(Later& item) { perform(item.message); }
  void handle(TaskWake& item) { runner_.wake(now(), item.token); }
  void handle(LeavingWake& item) { decommissioner_.wake(now(), item.token); }
  void handle(TaskFlow& item);
  void handle(TaskWord& item);
  void handle(ShuffleUp& item);
  void handle(ForShuffle& item);
  void handle(ShuffleRegistration& item);
  void handle(GuestRequest& item);
  void handle(ForGuest& item);

  void feed(std::uint32_t application, const Input& input, Seq cause);
  void perform(std::uint32_t application, backend::Session::Logged& effect);
  void send(std::uint32_t application, const out::Called& called, Seq cause);
  // The application's program (kernel_tasks.cpp).
  void add_workload(std::uint32_t index, const ApplicationSpec& spec, const backend::Conf& conf);
  void submit_later(std::uint32_t application, const std::vector<std::pair<DurationUs, JobPlan>>& jobs, TimeUs from);
  void job_ended(std::uint32_t application, const out::JobEnded& job);
  void start_task(std::uint32_t application, const out::TaskLaunched& task, Seq cause);
  void start_transfer(const Transfer& transfer) override { parts_.engine.start(transfer); }
  void cancel_transfer(TransferId id) override { parts_.engine.cancel(id); }
  void wake_task(TimeUs at, std::uint64_t token) override { queue_.push(at, Lane::executors, TaskWake{token}); }
  void wake_leaving(TimeUs at, std::uint64_t token) override { queue_.push(at, Lane::executors, LeavingWake{token}); }
  void tell_driver(std::uint32_t application, ExecutorId from, Input input, Seq cause) override;
  std::int32_t node_index(const std::string& node) const override { return node_index_.at(node); }
  bool node_up(std::int32_t node) const override;
  std::vector<ExecutorId> registered(std::uint32_t application) const override;
  std::optional<std::int32_t> node_of(std::uint32_t application, ExecutorId executor) const override;
  bool end_executor(std::uint32_t application, ExecutorId executor, Seq cause) override;
  Serving serving(std::uint32_t application, ExecutorId executor) const override {
    return shuffle_.serving({application, executor});
  }
  // External shuffle services (kernel_shuffle.cpp).
  bool shuffle_started(fakeapi::PodId pod, const Pod& object, Seq cause);
  void shuffle_stopped(fakeapi::PodId pod, Seq cause);
  void shuffle_reached(const std::vector<std::string>& nodes);
  void shuffle_told(std::uint32_t application, const out::ConfigGiven& given);
  void shuffle_registration(std::uint32_t application, ExecutorId executor, Seq cause);
  void perform_shuffle(ShuffleServices::Service& service, Outbox& out, Seq cause);
  void delete_shuffle_files(const ShuffleServices::Service& service,
                            const std::vector<backend::ForkShuffleService::Removal>& removals, Seq cause);
  void say(std::string_view by, const std::string& key, Seq cause, std::string text);
  bool silent(const std::string& node) const;
  void plan(TimeUs at, const std::string& application, const Input& input);
  void exited(std::uint32_t application, int code, Seq cause);
  void end_processes(std::uint32_t application, int exit_code, Seq cause);
  void end_driver_pod(std::uint32_t application, int exit_code, Seq cause);
  const fakeapi::PodRecord* driver_pod(const Application& app) const;
  bool lost_driver_pod(const Application& app) const;
  bool held_for_driver(ForSession& item);
  void driver_started(const Pod& pod);
  // Words to one process, which on a silent node hears nothing.
  void decommission(std::uint32_t application, ExecutorId executor, Seq cause);
  void hook_started(fakeapi::PodId pod, Seq cause);
  void decommission_themselves(std::uint32_t application, const in::DecommissionRequested& leaving, Seq cause);
  std::vector<ForSession> heartbeats(const fakeapi::ToCluster& message);
  TimeUs last_heartbeat(const Process& process) const;
  in::Registered registration(const Process& process, fakeapi::PodId pod) const;
  std::string registering_host(const Process& process, fakeapi::PodId pod) const;
  void route(std::vector<fakeapi::Outgoing> messages);
  void perform(fakeapi::Outgoing& message);      // one that touches the engine or the executors
  void process_started(fakeapi::PodId pod, const Pod& object, Seq cause);
  void told_to_stop(const fakeapi::from::ProcessStopped& message, Seq cause);
  static constexpr int kTermCode = 143;          // of a process that SIGTERM ends
  static constexpr int kKilled = 137;            // exit code of a driver that had no time to clean up
  static constexpr int kPowerFailureCode = 158;  // of a process that SIGPWR ends
  void driver_stopped(fakeapi::PodId pod, Seq cause);
  void note_driver_pod(std::uint32_t application);
  void process_stopped(fakeapi::PodId pod, Seq cause);
  void config_given(std::uint32_t application, const out::ConfigGiven& given, Seq cause);
  void push_input(TimeUs at, Lane lane, Payload item);
  static std::string stream_of(const Payload& item);
  void checkpoint(bool last = false);
  void report_violations();
  std::optional<Ending> over(TimeUs next);
  bool satisfied() const;
  bool settled();

  KernelOptions options_;
  Parts parts_;
  ItemQueue<Payload> queue_;
  std::vector<Application> applications_;
  Executors executors_;
  TaskRunner runner_;
  Decommissioner decommissioner_;
  ShuffleServices shuffle_;
  std::map<std::string, std::vector<ForShuffle>> held_;  // for services on silent nodes
  std::map<std::string, std::int64_t> shuffle_refusals_;
  std::map<fakeapi::ClientId, Guest> guests_;
  std::function<void(fakeapi::ClientId, const Input&)> listener_;
  ProcessHost* process_host_ = nullptr;
  std::function<void(fakeapi::ClientId)> crash_listener_;
  std::map<std::string, std::int32_t> node_index_;                    // filled with the first workload
  std::map<fakeapi::PodId, std::vector<std::uint32_t>> driver_pods_;  // whose driver runs in it
  std::uint64_t generation_ = 0;
  std::uint64_t inputs_ = 0;
  std::int64_t planned_ = 0;  // scenario items that are still to come
  std::int64_t pulls_ = 0;    // transfers alive
  std::uint64_t handled_ = 0;
  TimeUs instant_ = -1;
  std::uint64_t handled_at_instant_ = 0;
  Ending ending_ = Ending::end;
  bool started_ = false;
  TimeUs planned_us_ = 0;                           // when the last scenario item was carried out
  std::optional<std::pair<TimeUs, bool>> settled_;  // as of the last sign of life
  Seq checkpointed_ = 0;
  std::size_t reported_ = 0;  // violations that are in the log
};

}  // namespace podramp::sim
