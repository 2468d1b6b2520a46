// The subcommands of this folder; sim/main.cpp adds them to the others.
#pragma once

#include "sim/command_line.h"

namespace podramp::sim {

int tune_command(const Arguments& arguments);   // cmd_tune.cpp
int merge_command(const Arguments& arguments);  // cmd_merge.cpp

const std::vector<Command>& study_commands();

}  // namespace podramp::sim
