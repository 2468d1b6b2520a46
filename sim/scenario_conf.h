// Spark settings in a scenario: the bridge between backend/conf.h and the scenario reader.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario_read.h"
#include "sim/scenario_tree.h"

namespace podramp::sim {

// The lines of a spark-defaults.conf, secrets replaced; lines that cannot be read are errors.
std::vector<ConfLine> read_conf_lines(ReadState& state, const NamedText& source);

// spark.app.name as a DNS-1123 label, "app" when there is none.
std::string application_name_of(const NamedText& conf_file);

// Any text as a DNS-1123 label: "Orders report" is orders-report; "app" when nothing is left.
std::string as_application_name(std::string_view text);

// The image that its executors run, "" when its conf names none.
std::string executor_image(const ApplicationSpec& application);

}  // namespace podramp::sim
