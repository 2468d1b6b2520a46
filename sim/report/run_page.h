// The pages: one run, or two runs side by side. Their parts are in run_parts.h.
#pragma once

#include <string>

#include "sim/compare.h"
#include "sim/report/first_decision.h"
#include "sim/report/run_record.h"

namespace podramp::sim {

inline constexpr std::size_t kSlowestExplained = 10;

// A whole HTML file.
std::string run_page(const RunRecord& run);
// The same of two (compare_page.cpp).
std::string compare_page(const RunRecord& a, const RunRecord& b, const Comparison& comparison,
                         const FirstDecision& decision);

}  // namespace podramp::sim
