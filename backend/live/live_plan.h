// What a live run is to do, as plain data. Made from a scenario by `podramp live` (sim/cmd_live.cpp) or by podramp-live
// itself (plan_file.h); carried out by live_run.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "backend/driver.h"
#include "backend/live/stand_in.h"
#include "backend/port/step.h"

namespace podramp::live {

// Something that happens to an application so long after its start.
struct PlannedInput {
  DurationUs after_us = 0;
  Input input;
};

struct LiveApplication {
  backend::Application application;     // app_id and pod_name_prefix are those of this run
  std::size_t spec = 0;                 // its index in the scenario
  DurationUs start_us = 0;              // so long after the run's
  std::vector<PlannedInput> planned{};  // by time
};

struct LivePlan {
  std::string name;
  std::uint64_t seed = 1;
  DurationUs end_us = kHourUs;  // the run stops then at the latest
  bool until_quiet = true;      // ... and once all executors have been there for a while
  std::string ns;               // the only one in which anything is made
  std::string scenario_json;    // for the log's header
  std::vector<LiveApplication> applications;
  LiveSpec live;
  std::vector<std::string> notes;  // what of the scenario a live run does not do, a sentence each
};

// What a plan is made for.
struct PlanRequest {
  std::string file;
  std::string run;       // the run's id: part of every name that must not be taken
  std::string ns{};      // --namespace, "" without
  bool dry_run = false;  // nothing stays, so nothing can own anything
};
using PlanReader = std::function<tl::expected<LivePlan, FieldErrors>(const PlanRequest& request)>;

// What both readers do with an application: the settings that make it one of this run (namespace, driver pod), and then
// the names that the conf leaves open. raw: its conf as the scenario has it.
void put_into_run(const PlanRequest& request, const LiveSpec& live, const std::string& application, StringMap& raw);
void name_in_run(const PlanRequest& request, std::size_t index, backend::Application& application);
// The one namespace of all of them, or a mistake: none, several, or "default" that nobody has named on the command
// line.
Result<std::string> one_namespace(const PlanRequest& request, const std::vector<std::string>& of_applications);

}  // namespace podramp::live
