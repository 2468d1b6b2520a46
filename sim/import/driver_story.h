// What a driver was asked and did over time, whoever tells it: its own log or the API server's audit log; and the
// scenario whose timeline asks the same. Times count from the first line of the log.
#pragma once

#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sim/import/frame_json.h"

namespace podramp::sim {

struct StoryTarget {
  TimeUs at = 0;
  ProfileId profile = kDefaultProfile;
  std::int64_t executors = 0;
};

enum class StoryAct : std::uint8_t { exit, kill, decommission };
struct StoryExecutors {  // something happens to executors
  TimeUs at = 0;
  StoryAct act = StoryAct::exit;
  std::vector<std::int64_t> executors;
  int exit_code = 1;
  bool replace = false;  // a kill that leaves the target alone
};

struct StoryRefusal {  // a create of a pod that the API server refused
  TimeUs at = 0;
  TimeUs from = 0;  // when it may have been sent at the earliest
  int code = 0;
};

struct DriverStory {
  std::string what;  // "driver log", for people
  std::string app_name;
  std::string version;
  StringMap conf;
  std::vector<StoryTarget> targets;  // as they changed
  std::vector<StoryExecutors> happenings;
  std::vector<StoryRefusal> refusals;
  std::optional<TimeUs> stop;
};

// The scenario of a story. Refusals less than ten seconds apart are one window in which creates are answered so.
tl::expected<ImportedScenario, FieldErrors> scenario_of_story(DriverStory story, const std::optional<Scenario>& base,
                                                              ImportNotes notes);

// A driver's log4j text, or its structured logging (a JSON object a line). Errors, with the line: none with a time.
tl::expected<ImportedScenario, FieldErrors> import_driver_log(const std::string& path,
                                                              const std::optional<Scenario>& base);

// An audit log of the API server (driver_calls.h). pods: of the pods' names when several drivers are in it.
tl::expected<ImportedScenario, FieldErrors> import_audit(const std::string& path, const std::string& pods,
                                                         const std::optional<Scenario>& base);

}  // namespace podramp::sim
