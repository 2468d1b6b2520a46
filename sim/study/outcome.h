// What one run of a study came to, as a line: that is what a child process hands to its parent, what the journal keeps
// and what a part carries. Equal runs give equal lines, on whichever machine and in whichever order.
#pragma once

#include <map>
#include <string>

#include "sim/kpis.h"
#include "sim/study/variants.h"

namespace podramp::sim {

struct Outcome {
  int exit = 0;       // as podramp run would have ended; 128 + n: killed by signal n
  std::string ended;  // "quiet", "end", ...; "" when there is no result
  std::string error;  // why it failed; "" when it did not
  std::int64_t t_ms = 0;
  std::uint64_t events = 0;
  std::string fingerprint;  // of the decisions; with log "none" of the KPIs and the counts of events
  Kpis kpis;                // "application/kpi" too, where the study asks for one
  bool has_result() const { return !ended.empty(); }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

using Outcomes = std::map<RunKey, Outcome>;

// {"run":[0,3],"exit":0,...} without a line break.
std::string to_json_line(const RunKey& key, const Outcome& outcome);
Result<std::pair<RunKey, Outcome>> outcome_from_line(std::string_view line);

}  // namespace podramp::sim
