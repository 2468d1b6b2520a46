// The subcommand of this folder; sim/main.cpp adds it to the others. What it reads: docs/import.md.
#pragma once

#include "sim/command_line.h"

namespace podramp::sim {

int import_command(const Arguments& arguments);  // cmd_import.cpp

const std::vector<Command>& import_commands();

}  // namespace podramp::sim
