// The state of backends and cluster at a point of a log: inputs fed to fresh backends, facts folded, up to there.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "backend/port/placement.h"
#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::sim {

// Everything up to and including this event, or before this instant has passed; neither: the whole log.
struct ShowAt {
  std::optional<std::uint64_t> seq;
  std::optional<TimeUs> t;
};

// A cluster in counts.
struct ShownCluster {
  std::uint64_t resource_version = 0;
  std::int64_t nodes = 0;
  std::int64_t silent = 0;
  std::int64_t not_ready = 0;
  std::int64_t tainted = 0;
  std::map<std::string, std::int64_t> pods;           // by phase; "Terminating" for those being deleted
  std::map<std::string, std::int64_t> unschedulable;  // by the scheduler's message
  std::map<std::string, std::map<std::string, std::pair<std::int64_t, std::int64_t>>> quotas;  // resource: used, hard
};

struct Shown {
  std::uint64_t seq = 0;
  TimeUs t = 0;
  std::string line;                     // of the log, the last that counts
  std::string level;                    // of the log
  std::optional<ShownCluster> cluster;  // absent unless the log has facts
  StringMap application;                // name: the backend's own description and its sets, a fact a line
};

Result<Shown> show_log(const std::string& path, const ShowAt& at);
// Text for people, several lines.
std::string show_text(const Shown& shown);

}  // namespace podramp::sim
