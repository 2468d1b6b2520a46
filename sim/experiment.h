// One run: wires a scenario's cluster, engine, sessions, log, projection and properties together, runs the kernel and
// sums up. Prints nothing and makes no folders (results.h does).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine.h"
#include "backend/live/event_log.h"
#include "sim/kernel.h"
#include "sim/kpis.h"
#include "sim/leftovers.h"
#include "sim/projection.h"
#include "sim/properties.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

// Somebody between the engine and the kernel, who decides when it has its turns: it serves the cluster (serve.h).
class RunHost : public Body {
 public:
  virtual void attach(Kernel& kernel, const fakeapi::Cluster& cluster) = 0;
};

struct RunOptions {
  LogLevel level = LogLevel::all;
  EngineKind engine = EngineKind::simgrid;
  bool ties_shuffled = false;
  std::string log_path;                // "": no log is written
  std::function<bool(TimeUs)> poll;    // KernelOptions::poll
  std::function<void()> before_run;    // called once the engine exists (it replaces signal handlers)
  std::vector<EventSink*> more_sinks;  // see every event after the log
  std::uint64_t livelock_items = kLivelockItems;
  RunHost* host = nullptr;                                                   // with one, only the host ends the run
  std::vector<std::pair<TimeUs, std::pair<std::string, EventData>>> forged;  // tests only: Kernel::forge
  // What a stopped application has left behind; tests replace it.
  std::function<decltype(podramp::sim::leftovers)> leftovers = podramp::sim::leftovers;
};

struct RunSummary {
  std::string scenario;
  std::uint64_t seed = 0;
  Ending ending = Ending::end;
  TimeUs t = 0;
  Kpis kpis;
  std::map<std::string, Kpis> applications;
  std::vector<Violation> violations;
  std::vector<std::string> broken_budgets;
  std::vector<std::string> never_seen;  // "sometimes" that did not happen
  std::vector<Leftover> leftovers;
  std::map<std::string, std::int64_t> shuffle_left;  // bytes that applications have left, by node
  std::vector<std::string> waiting;                  // who still waits for what
  std::map<std::string, std::int64_t> refusals;
  std::map<std::string, std::int64_t> requests;  // of all applications, by verb and answer: "create 201"
  std::vector<Warning> warnings;
  LogFooter footer;

  // A livelock is a bug of ours or of the scenario, whatever the budgets say.
  bool failed() const {
    return !violations.empty() || !broken_budgets.empty() || !never_seen.empty() || ending == Ending::livelock;
  }
};

struct RunResult {
  RunSummary summary;
  Projection projection;
};

// An application as its backend gets it. A pure function of its part of the scenario, the nodes and the seed.
Result<backend::Application> make_application(const ApplicationSpec& spec, const Scenario& scenario);

// The same of a log that is read back, with what its header says of them: the names they had, and the revision of our
// decisions. Errors: the header's scenario cannot be read, or has no such application.
struct LoggedApplication {
  std::string by;
  backend::Application application;
};
Result<std::vector<LoggedApplication>> logged_applications(const LogHeader& header);

// Errors: an application that cannot be built, a log that cannot be written.
Result<RunResult> run_experiment(const Scenario& scenario, const RunOptions& options);

}  // namespace podramp::sim
