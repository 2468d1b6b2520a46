// The timeline of nodes and executors: a row per node, below it a row per executor that it ran, its phases as bars.
#pragma once

#include <string>

#include "sim/report/run_record.h"

namespace podramp::sim {

// <figure>. Of many executors, those in explanation.slowest and an even selection of the others are shown; it says so.
std::string timeline_html(const RunRecord& run, const Window& window);

}  // namespace podramp::sim
