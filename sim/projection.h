// Folds a log's events into what people ask about: one row per executor (when was it asked for, stored, bound, pulled,
// running, registered, gone), counts over time, and what the applications waited for. Works on a run while it happens
// and on a log that is read back. Pods and nodes are in projection_facts.cpp, what StatefulSets and Deployments make in
// projection_sets.cpp, jobs and tasks in projection_tasks.cpp. Numbers for summaries are made from it in kpis.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/port/event.h"

namespace podramp::sim {

// Where an executor is on its way. Order matters: an executor only moves forward.
enum class Stage : std::uint8_t {
  asked,          // its create was sent
  stored,         // the API server has it, the scheduler has not tried it
  unschedulable,  // the scheduler found no node
  bound,          // it has a node; kubelet, image
  pulling,        // its node pulls its image
  starting,       // image is there, the container starts
  running,        // the container runs, the JVM comes up
  registered,     // the driver accepted it
  ended,          // refused, finished, or gone
};
inline constexpr std::size_t kStages = 9;

// What an application waits for while fewer executors serve it than it wants: a limit of its own allocator (Limit), or
// the stage in which most of its executors are, or the allocator's next round when none is on its way.
enum class Wait : std::uint8_t {
  none,
  batch_size,
  pending_cap,
  profile_share,
  unacknowledged,
  refused,
  api_error,
  api,  // creates are under way
  scheduler,
  unschedulable,
  kubelet,
  image_pull,
  start,
  registration,
  not_noticed,  // executors are lost, the driver still counts them
  allocator,    // nothing is on its way: the allocator's next round has not come
  controller,   // the controller of its StatefulSet or Deployment has not made its pods
};
inline constexpr std::size_t kWaits = 17;
}  // namespace podramp::sim

namespace podramp {
template <>
struct EnumText<sim::Stage> {
  static constexpr std::array<std::string_view, sim::kStages> names{
      "asked", "stored", "unschedulable", "bound", "pulling", "starting", "running", "registered", "ended"};
};
template <>
struct EnumText<sim::Wait> {
  static constexpr std::array<std::string_view, sim::kWaits> names{
      "none",      "batch_size",   "pending_cap", "profile_share", "unacknowledged", "refused",
      "api_error", "api",          "scheduler",   "unschedulable", "kubelet",        "image_pull",
      "start",     "registration", "not_noticed", "allocator",     "controller"};
};
}  // namespace podramp

namespace podramp::sim {

// One executor: a process with an id. The driver's own creates name it; a pod that a set made has a row once it is
// stored, and its id once it has asked for it. A container that is started anew in its pod is another executor.
struct ExecutorRow {
  ExecutorId id = 0;  // 0: it has not asked for one
  ProfileId profile = 0;
  std::string pod;  // "namespace/name"
  std::string node;
  Stage stage = Stage::asked;
  // Its create was sent. Of a set's: the driver asked for one more of them, or the one that it replaces ended.
  TimeUs asked_us = 0;
  std::optional<TimeUs> stored_us, unschedulable_us, bound_us, pull_started_us, pulled_us, running_us, registered_us;
  std::optional<TimeUs> lost_us;         // it ran on a node that fell silent, and that has not come back in time
  std::optional<TimeUs> terminating_us;  // a DELETE was accepted
  std::optional<TimeUs> finished_us;     // its containers ended
  std::optional<TimeUs> gone_us;         // its object was removed
  std::optional<TimeUs> removed_us;      // the driver forgot it
  int exit_code = 0;
  int create_code = 0;                         // of the last answer to its create; 0: none
  Transport create_transport = Transport::ok;  // not ok: the driver got no answer to its last try
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  TemplatePtr tmpl;                   // as it was asked for
  std::string unschedulable_message;  // the last
  bool of_set = false;                // a StatefulSet or Deployment made its pod
  bool restarted = false;             // its container was started anew: a later row goes on with its pod
  bool pod_has_served = false;        // an executor before it in this pod registered
};

// A create that is answered so is given up: nobody sends it again.
bool is_final_refusal(const ApiReply& reply);

struct Round {
  TimeUs started_us = 0;
  TimeUs ended_us = 0;
  RoundTrigger trigger = RoundTrigger::timer;
  std::int64_t created = 0;
  Limit limited_by = Limit::none;
  bool aborted = false;
};

struct Sample {
  TimeUs t = 0;
  std::int64_t target = 0, created = 0, pending = 0, running = 0, registered = 0;
  Wait wait = Wait::none;
  bool same_counts(const Sample& o) const {
    return target == o.target && created == o.created && pending == o.pending && running == o.running &&
           registered == o.registered && wait == o.wait;
  }
};

// What keeps the pods away that a set lacks, from an instant on: api (the driver's request is under way), refused,
// api_error, controller.
struct SetHold {
  TimeUs since_us = 0;
  Wait wait = Wait::api;
  bool by_quota = false;  // refused, by a ResourceQuota
};

// A StatefulSet or Deployment that a profile's executors come from (02 4.4).
struct SetView {
  std::string ns;
  std::int64_t replicas = 0;     // as the driver last asked for
  std::int64_t pods = 0;         // stored, and neither terminating nor ended
  std::deque<TimeUs> lacking;    // since when each pod is wanted that it does not have
  std::vector<SetHold> holds{};  // rising
  std::int64_t refused = 0;      // creates of its controllers
};

// What an application's program has come to; all zero without one.
struct TaskCounts {
  std::int64_t jobs = 0;  // submitted
  std::int64_t jobs_done = 0;
  std::int64_t jobs_failed = 0;
  DurationUs jobs_us = 0;               // durations of those that ended, added up
  std::optional<TimeUs> last_ended_us;  // of a job
  std::int64_t stages = 0;              // attempts that were started,
  std::int64_t stages_again = 0;        // and those of a stage that had been started before
  std::int64_t launched = 0;
  std::int64_t speculative = 0;
  std::array<std::int64_t, EnumText<Locality>::names.size()> by_locality{};
  std::array<std::int64_t, EnumText<TaskEnd>::names.size()> by_end{};  // as executors said; who dies says nothing
  DurationUs run_us = 0;
  std::map<JobId, TimeUs> running;  // jobs, since when
};

// The most requests that were sent within one second, wherever that second begins.
struct RequestRate {
  std::deque<TimeUs> last_second{};
  std::int64_t per_s_max = 0;
  void note(TimeUs t) {
    while (!last_second.empty() && last_second.front() <= t - kSecondUs) last_second.pop_front();
    last_second.push_back(t);
    per_s_max = std::max(per_s_max, static_cast<std::int64_t>(last_second.size()));
  }
};

struct ApplicationView {
  std::string name;
  std::string app_id;
  std::optional<TimeUs> started_us, stopped_us, exited_us, ready_us;
  int exit_code = 0;
  bool ready_timed_out = false;
  std::map<ProfileId, std::int64_t> targets;
  std::int64_t target = 0;  // their sum
  std::int64_t target_max = 0;
  TimeUs target_max_us = 0;            // when it was first that high
  std::vector<ExecutorRow> executors;  // as they came up; of the driver's own creates by id - 1
  std::int64_t restarts = 0;           // of them: in a pod that held one before
  std::map<ProfileId, SetView> sets;
  std::array<std::int64_t, kStages> in_stage{};
  std::int64_t serving = 0;                    // registered, not removed, node not silent
  std::array<std::int64_t, kWaits> waiting{};  // executors by what each of them waits for
  std::int64_t registered = 0;                 // by the driver's books
  std::int64_t registered_max = 0;
  std::int64_t pending_max = 0;                                   // stored and not running
  std::vector<std::pair<std::int64_t, TimeUs>> registered_first;  // (count, when it was first reached), rising
  std::vector<Round> rounds;                                      // that created or were aborted
  std::int64_t rounds_reported = 0;
  Limit limit = Limit::none;             // of the last reported round
  std::int64_t missing_after_round = 0;  // target - have - created, of the last reported round
  std::array<DurationUs, kWaits> waited_us{};
  Wait wait = Wait::none;
  TimeUs wait_since_us = 0;
  std::map<std::string, std::int64_t> requests;  // "create 201" -> count; transport failures "create timed_out"
  std::int64_t retries = 0;
  RequestRate request_rate;  // first tries and retries
  std::int64_t removed = 0;  // executors the driver forgot
  std::int64_t excess_deleted = 0;
  std::int64_t creation_timeouts = 0;
  std::int64_t registrations_refused = 0;
  std::string last_abort;
  TaskCounts tasks;
  // Integrals over time, in executor-microseconds and milli-core-microseconds.
  __int128 requested_us = 0, pending_us = 0, idle_us = 0, requested_core_us = 0, pending_core_us = 0, idle_core_us = 0;
  std::vector<Sample> samples;
};

class Projection : public EventSink {
 public:
  struct Place {
    std::uint32_t application = 0;
    std::size_t row = 0;
  };

  explicit Projection(DurationUs sample_period_us = kSecondUs) : period_us_(sample_period_us) {}

  // Names an application before its first event. app_id is the label of its pods.
  void add_application(const std::string& name, const std::string& app_id, std::int64_t initial_executors);

  void append(const EventRef& event, PodMemory& memory) override;
  void finish(TimeUs t);  // closes integrals and samples at the end of the run

  const std::vector<ApplicationView>& applications() const { return applications_; }
  TimeUs end_us() const { return now_; }
  std::uint64_t count(std::string_view type) const;  // of events of this type so far
  std::int64_t nodes_lost() const { return nodes_lost_; }
  std::int64_t pending_max() const { return pending_max_; }                    // of all applications together
  std::int64_t requests_per_s_max() const { return request_rate_.per_s_max; }  // likewise
  // The row of the executor that is in this pod ("namespace/name"), until the pod is gone.
  std::optional<Place> place_of(const std::string& pod) const;
  // An application's row of this id, nullptr without.
  const ExecutorRow* find(std::string_view application, ExecutorId id);
  // Refusals by text class: "exceeded quota: team" -> how often; and why executors got no configuration.
  const std::map<std::string, std::int64_t>& refusals() const { return refusals_; }

 private:
  struct Call {
    std::string what;              // as it is called in counts: "create", "create configmaps"
    std::size_t row_plus_one = 0;  // of an executor's create
    SetView* set = nullptr;        // that it makes or scales
  };
  ApplicationView* by_name(std::string_view name);
  ExecutorRow* row(const std::string& pod, ApplicationView** app);
  void advance(TimeUs t);
  void account(ApplicationView& app, TimeUs t);
  void settle(ApplicationView& app);
  Wait waits_for(const ApplicationView& app) const;
  void move(ApplicationView& app, ExecutorRow& row, Stage stage);
  // Every change of a row goes through here, so that the counts made from rows hold.
  template <class Change>
  void change(ApplicationView& app, ExecutorRow& row, Change&& apply) {
    tally(app, row, -1);
    apply();
    tally(app, row, 1);
    settle(app);
  }
  void tally(ApplicationView& app, const ExecutorRow& row, std::int64_t one);  // adds it `one` times to the counts
  template <class Visit>
  void each_on_node(const std::string& node, Visit&& visit);  // defined in projection_facts.cpp, for it alone
  ExecutorRow* by_id(ApplicationView& app, ExecutorId id);
  void revive(ApplicationView& app, ExecutorRow& row);
  void end_unanswered(ApplicationView& app);
  struct Maker {
    std::uint32_t application = 0;
    ProfileId profile = 0;
  };
  std::optional<Maker> maker_of(const std::string& pod) const;
  SetView* ask_set(ApplicationView& app, const ApiRequest& request);
  void answer_set(ApplicationView& app, SetView& set, const ApiReply& reply);
  void hold(ApplicationView& app, SetView& set, Wait wait, bool by_quota = false);
  void balance(SetView& set);
  ExecutorRow& add_row(ApplicationView& app, ExecutorRow row);
  void refused_by(const fact::RequestRefused& refused);
  ExecutorRow* row_of_set(const Pod& pod, ApplicationView** app);
  void leave_set(ApplicationView& app, const ExecutorRow& row);
  void set_target(ApplicationView& app);
  void set_targets(const EventRef& e, const std::map<ProfileId, std::int64_t>& targets);

  void on(const EventRef& e, const in::Started& data);
  void on(const EventRef& e, const in::TargetSet& data);
  void on(const EventRef& e, const out::TargetsRequested& data);
  void on(const EventRef& e, const in::Stopped& data);
  void on(const EventRef& e, const in::JobSubmitted& data);
  void on(const EventRef& e, const in::TaskEnded& data);
  void on(const EventRef& e, const out::TaskLaunched& data);
  void on(const EventRef& e, const out::StageStarted& data);
  void on(const EventRef& e, const out::JobEnded& data);
  void on(const EventRef& e, const in::Replied& data);
  void on(const EventRef& e, const out::Called& data);
  void on(const EventRef& e, const out::RoundDone& data);
  void on(const EventRef& e, const out::RegistrationAccepted& data);
  void on(const EventRef& e, const out::RegistrationRefused& data);
  void on(const EventRef& e, const out::ConfigGiven& data);
  void on(const EventRef& e, const out::ExecutorRemoved& data);
  void on(const EventRef& e, const out::ExecutorIdGiven& data);
  void on(const EventRef& e, const out::ReadyToSchedule& data);
  void on(const EventRef& e, const out::Exited& data);
  void on(const EventRef& e, const fact::PodCreated& data);
  void on(const EventRef& e, const fact::PodUnschedulable& data);
  void on(const EventRef& e, const fact::PodBound& data);
  void on(const EventRef& e, const fact::PullStarted& data);
  void on(const EventRef& e, const fact::PullFinished& data);
  void on(const EventRef& e, const fact::PullFailed& data);
  void on(const EventRef& e, const fact::PodRunning& data);
  void on(const EventRef& e, const fact::ContainerExited& data);
  void on(const EventRef& e, const fact::PodTerminating& data);
  void on(const EventRef& e, const fact::PodFinished& data);
  void on(const EventRef& e, const fact::PodGone& data);
  void on(const EventRef& e, const fact::NodeSilent& data);
  void on(const EventRef& e, const fact::ScaleDown& data);
  void on(const EventRef& e, const fact::MachineGone& data);
  void on(const EventRef& e, const fact::NodeReturned& data);
  void on(const EventRef& e, const fact::RequestRefused& data);
  template <class T>
  void on(const EventRef&, const T&) {}

  DurationUs period_us_;
  TimeUs now_ = 0;
  TimeUs next_sample_us_ = 0;
  std::vector<ApplicationView> applications_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::unordered_map<std::string, Place> places_;                       // pod -> row; never iterated
  std::map<std::string, std::vector<Place>, std::less<>> on_node_;      // rows bound to a node
  std::map<std::pair<std::uint32_t, std::uint64_t>, Call> calls_;       // under way
  std::map<std::string, Maker> set_names_;                              // "namespace/name" of a set
  std::map<std::pair<std::uint32_t, ExecutorId>, std::size_t> given_;   // rows of sets, by the ids they were given
  std::array<std::uint64_t, std::variant_size_v<EventData>> counts_{};  // by index in the catalogue
  std::map<std::string, std::int64_t> refusals_;
  std::set<std::pair<std::string, std::string>> pulling_;  // (node, image) under way
  std::set<std::string> partitioned_;                      // silent nodes whose containers run
  std::int64_t nodes_lost_ = 0;
  std::set<std::string, std::less<>> going_;  // nodes that an autoscaler removes: their silence is no loss
  std::int64_t pending_ = 0;
  std::int64_t pending_max_ = 0;
  RequestRate request_rate_;
};

}  // namespace podramp::sim
