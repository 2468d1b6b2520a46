// Pieces of HTML about one run, as run_page.cpp and compare_page.cpp put them together.
#pragma once

#include <string>

#include "sim/report/run_record.h"
#include "sim/report/run_verdict.h"

namespace podramp::sim {

std::string reached_card(const ReachedTarget& reached, std::string_view title);
std::string limits_card(const RunRecord& run, const std::string& application, std::string_view title);
std::string troubles_card(const RunRecord& run, std::string_view title);
// "seed 1, 12 nodes, simgrid, ...": one line.
std::string about_line(const RunRecord& run);
// What the log does not have, "" when it has all.
std::string missing_note(const RunRecord& run);
std::string requests_table(const RunRecord& run);
std::string applications_table(const RunRecord& run);
std::string slowest_section(const RunRecord& run);
std::string kpis_table(const Kpis& kpis, std::string_view caption);
// "55.2s" of a KPI in ms, "never", "1,234"
std::string kpi_text(std::string_view name, std::int64_t value);

}  // namespace podramp::sim
