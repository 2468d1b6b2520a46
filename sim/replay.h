// Decision replay (design 2.4, rung 1): fresh backends are fed a log's inputs and must write the very lines that the
// log holds. Where facts are logged they are folded too and compared with the checkpoints (rung 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::sim {

// The first line that differs.
struct Divergence {
  int line = 0;  // of the log, from 1
  TimeUs t = 0;
  std::string why;                  // one sentence
  std::string expected;             // the log's line; "" when the log has none
  std::string actual;               // ours; "" when we have none
  std::vector<std::string> causes;  // up to five lines that led to it, nearest first
};

struct ReplayReport {
  std::uint64_t events = 0;  // lines read
  std::uint64_t inputs = 0;
  std::uint64_t decisions = 0;    // out.* lines compared
  std::uint64_t checkpoints = 0;  // fold hashes compared
  std::size_t applications = 0;
  bool finished = false;       // the log has its footer
  std::size_t torn_bytes = 0;  // of a cut last line
  std::optional<Divergence> divergence;
};

// Errors: the file cannot be read, is not a log, or has a line that is no JSON.
Result<ReplayReport> replay_log(const std::string& path);

}  // namespace podramp::sim
