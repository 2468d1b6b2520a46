// A cluster as kubectl prints it, as a scenario (what reads it: sim/import_cluster.h).
#pragma once

#include <optional>
#include <string>

#include "sim/import/notes.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

// The nodes, quotas, limit ranges and pods of the file, with the applications of the base; without one, with one
// application of ten executors, as an assumption. Errors: by line of the file or of the base.
tl::expected<ImportedScenario, FieldErrors> import_cluster_scenario(const NamedText& cluster,
                                                                    const std::optional<std::string>& base_file);

}  // namespace podramp::sim
