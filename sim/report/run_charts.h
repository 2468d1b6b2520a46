// Which charts a run has, as data. Next: chart.h draws them, run_page.cpp puts them together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/report/run_record.h"

namespace podramp::sim {

// From the start until shortly after the last change of any application's counts.
Window busy_window(const RunRecord& run);

// Until all targets were reached, if that is a small part of the busy window.
std::optional<Window> ramp_window(const RunRecord& run);

// Registered executors, on top of them those that are missing by what they wait for, and the target as a line.
// application: "" for all of them together.
Chart waiting_chart(const RunRecord& run, const std::string& application, const Window& window);
// Target; requested and not ended; pending; running; registered.
Chart counts_chart(const RunRecord& run, const std::string& application, const Window& window);
// Answers a second by code. nullopt without any.
std::optional<Chart> answers_chart(const RunRecord& run, const Window& window);
// One per quota: percent of each hard limit.
std::vector<Chart> quota_charts(const RunRecord& run, const Window& window);
// Nodes that exist, that are Ready, that are silent. nullopt without facts.
std::optional<Chart> nodes_chart(const RunRecord& run, const Window& window);

// "--" + this is its colour.
std::string reason_color(WaitReason reason);
// "image pull"
std::string reason_name(WaitReason reason);

}  // namespace podramp::sim
