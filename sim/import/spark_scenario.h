// A Spark event log as a scenario: jobs, stages and tasks with their measured times, the conf, the executors that were
// there, those that were lost. What is carried over and what is not: docs/import.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/import/frame_json.h"
#include "sim/import/spark_log.h"

namespace podramp::sim {

// A file or the folder of a rolled log. Errors: those of reading it (spark_log.h).
tl::expected<ImportedScenario, FieldErrors> import_spark_events(const std::string& path,
                                                                const std::optional<Scenario>& base);

// "workload" of the application; null when no stage ran (spark_workload_json.cpp).
nlohmann::ordered_json workload_of(const SparkLog& log, ImportNotes& notes);

}  // namespace podramp::sim
