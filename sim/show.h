// The state of backends and cluster at a point of a log: inputs fed to fresh backends, facts folded, up to there.
#pragma once

#include <optional>
#include <string>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::sim {

// Everything up to and including this event, or before this instant has passed; neither: the whole log.
struct ShowAt {
  std::optional<std::uint64_t> seq;
  std::optional<TimeUs> t;
};

// Text for people, several lines.
Result<std::string> show_log(const std::string& path, const ShowAt& at);

}  // namespace podramp::sim
