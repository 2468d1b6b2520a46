// The subcommands of this folder; sim/main.cpp adds them to the others.
#pragma once

#include "sim/command_line.h"

namespace podramp::sim {

int fuzz_command(const Arguments& arguments);    // fuzz_command.cpp
int shrink_command(const Arguments& arguments);  // shrink_command.cpp

const std::vector<Command>& fuzz_commands();

}  // namespace podramp::sim
