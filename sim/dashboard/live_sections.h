// The sections of a live page, made with the parts of a report (sim/report) from a run that goes on. The page around
// them: live_page.h.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/feed.h"
#include "sim/report/run_record.h"

namespace podramp::sim {

// The run's name, and what does not change.
Section head_section(const RunRecord& run);
// How many executors are in which state now.
std::string counts_text(const RunRecord& run);
// The same with the run's time.
Section clock_section(const std::string& counts, TimeUs now, bool over);
// What screen readers are told: a sentence that changes at milestones only.
Section said_section(const RunRecord& run);
// All but the clock: the verdict and the charts. timeline: that of nodes and executors too, the largest by far.
std::vector<Section> live_sections(RunRecord run, bool timeline);

}  // namespace podramp::sim
