// What `podramp run` prints: at most ten lines that say when the target was reached, what limited it, what went wrong.
#pragma once

#include <string>
#include <vector>

#include "sim/experiment.h"

namespace podramp::sim {

// Warnings that change decisions come first. No line ends with a newline.
std::vector<std::string> summary_lines(const RunSummary& summary, const Projection& projection,
                                       const std::string& results_path);

}  // namespace podramp::sim
