// A whole live run: preflight, log, driver pods, the loop, and the clean-up that follows whatever happened. Prints
// nothing. Next: live_loop.h (the run itself), clean_up.h, preflight.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backend/live/clean_up.h"
#include "backend/live/live_loop.h"
#include "backend/live/preflight.h"

namespace podramp::live {

struct RunSettings {
  std::string run;       // its id
  std::string log_path;  // of a file that is not there yet
  LoopSettings loop;
  bool ignore_quota = false;
  DurationUs patience_us = 2 * kMinuteUs;  // of the clean-up (SweepSettings)
  bool max_pods_by_default = false;        // the user did not choose it: then it may not be in the way
  std::function<void(const std::string&)> say = [](const std::string&) {};  // what happens now, a line each
};

struct RunOutcome {
  std::vector<std::string> missing;  // not empty: nothing was made
  std::string error;                 // the log could not be written, a driver pod could not be made
  bool began = false;
  LoopResult loop;
  Sweep sweep;
  std::string log_path;
};

RunOutcome run_live(ClusterClient& client, const LiveClock& clock, const LivePlan& plan, const RunSettings& settings);

// "r-" and ten digits of chance: a label's value, a part of names.
std::string new_run_id();

// The small pod that owns an application's executors.
ApiRequest create_driver_pod(const LiveApplication& application);

}  // namespace podramp::live
