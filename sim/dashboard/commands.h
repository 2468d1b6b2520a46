// The subcommand of this folder; sim/main.cpp adds it to the others.
#pragma once

#include "sim/command_line.h"

namespace podramp::sim {

int serve_command(const Arguments& arguments);  // cmd_serve.cpp

const std::vector<Command>& dashboard_commands();

}  // namespace podramp::sim
