// START HERE for "how does a live run go on": the loop that drives the same backend::Session as a simulation does, in
// wall time against a real API server. It owns the timers and moves messages; it decides nothing about Spark. Every
// input and decision is with the kernel in the log before anything is done about it (design 2). One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/live/cluster_client.h"
#include "backend/live/event_log.h"
#include "backend/live/live_plan.h"
#include "backend/live/pod_limit.h"
#include "backend/live/roster.h"
#include "backend/session.h"

namespace podramp::live {

struct LoopSettings {
  std::int64_t max_pods = 0;             // --max-pods; 0: none
  bool dry_run = false;                  // ends after each application's first allocation round
  DurationUs hold_us = 10 * kSecondUs;   // quiet: the targets have been met, and nothing is planned, for so long
  DurationUs stuck_us = 15 * kMinuteUs;  // stuck: an executor is missing, and nothing good has come for so long
  DurationUs stop_us = kMinuteUs;        // how long the applications may take to stop
  // How many times the user has asked to end: the first ends the run, the second ends the wait for that.
  std::function<int()> interrupts = [] { return 0; };
};

// One application's run in figures.
struct LiveTally {
  std::string name;
  std::int64_t target = 0;                      // at the end
  std::int64_t target_max = 0;                  // the most that were ever wanted
  std::int64_t registered = 0;                  // at the end
  std::vector<DurationUs> reached_us;           // the n-th: how long after its start n executors were there at once
  std::map<std::string, std::int64_t> answers;  // "create pods 201" -> how many
  std::string last_refusal;                     // what the server said to the last create that failed
  std::optional<int> exit_code;
  std::string exit_why;
};

struct LoopResult {
  std::string ended;  // "quiet", "end", "stuck", "interrupted", "log failed"
  std::string error;  // of the log
  DurationUs took_us = 0;
  bool unsure = false;  // the outcome of a create was never heard: it may still be done
  std::vector<LiveTally> applications;
};

class LiveLoop {
 public:
  struct Parts {
    ClusterClient& client;
    EventLog& log;
    const LiveClock& clock;
    StandIns& stand_ins;
  };
  // plan must outlive it.
  LiveLoop(LoopSettings settings, const LivePlan& plan, Parts parts);

  // Runs the plan and stops its applications. Their objects may be there still: sweep() of clean_up.h comes after it.
  LoopResult run();

 private:
  struct Sent {  // a call that waits for its answer
    ApiRequest request;
    Seq seq = 0;
  };
  struct Timer {
    TimeUs at_us = 0;
    std::uint64_t order = 0;
    Seq seq = 0;
  };
  struct App {
    const LiveApplication* plan = nullptr;
    std::unique_ptr<backend::Session> session;
    std::unique_ptr<Roster> roster;
    std::map<CallId, Sent> calls;
    std::map<CallId, Seq> watches;  // open ones, and who asked for them
    std::map<TimerId, Timer> timers;
    std::size_t planned = 0;  // the next one
    std::map<ProfileId, std::int64_t> targets;
    std::set<ExecutorId> registered;
    bool started = false;
    bool first_round = false;  // has been done
    LiveTally tally;
  };
  struct Pending {
    std::uint32_t app;
    Input input;
    Seq cause;
  };

  void turn();
  void heard(Delivery delivery);
  void heard(std::uint32_t index, in::Replied& replied);
  void heard(std::uint32_t index, in::Watched& watched);
  void heard(std::uint32_t index, in::WatchClosed& closed);
  void say(std::uint32_t index, std::vector<Input> inputs, Seq cause);
  bool run_timer(std::uint32_t index);
  void run_planned(std::uint32_t index);
  Seq feed(std::uint32_t index, const Input& input, Seq cause);
  void perform(std::uint32_t index, const backend::Session::Logged& effect);
  void send(std::uint32_t index, const out::Called& called, Seq seq);
  void count(App& app, const Sent& sent, const ApiReply& reply);
  void drop_calls(std::uint32_t index);
  TimeUs next_due() const;
  TimeUs start_of(const App& app) const { return began_us_ + app.plan->start_us; }
  void want(App& app, const std::map<ProfileId, std::int64_t>& targets);
  bool satisfied() const;
  std::optional<std::string> over();
  void stop();
  LoopResult result(std::string ended);

  LoopSettings settings_;
  const LivePlan& plan_;
  Parts parts_;
  Ledger ledger_;
  std::vector<App> apps_;
  std::deque<Pending> pending_;
  PodLimit limit_;
  std::uint64_t order_ = 0;
  TimeUs began_us_ = 0;
  TimeUs alive_us_ = 0;  // when something last changed
  std::optional<TimeUs> satisfied_since_;
  std::string log_error_;
  bool unsure_ = false;
};

}  // namespace podramp::live
