// Pod templates of executors in a scenario: from a YAML file beside it, from --template, or written inline.
// They are kept as one line of JSON in the resolved scenario, so that a log's header holds them.
#pragma once

#include "sim/scenario_read.h"

namespace podramp::sim {

// Puts the contents of template files in the place of their names, and --template over all of them.
void load_template_files(ReadState& state, JsonValue& root, const ReadFile& read_file);

// A parsed value as JSON again, on one line.
std::string json_text(const JsonValue& value);

// "executor_template" of one application whose conf has been read; every mistake with its field (S-I4).
void read_template(ReadState& state, ObjectReader& application, ApplicationSpec& into);

}  // namespace podramp::sim
