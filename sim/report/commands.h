// The subcommands of this folder; sim/main.cpp adds them to the others.
#pragma once

#include "sim/command_line.h"

namespace podramp::sim {

int report_command(const Arguments& arguments);   // cmd_report.cpp
int compare_command(const Arguments& arguments);  // cmd_compare.cpp
int export_command(const Arguments& arguments);   // cmd_export.cpp

const std::vector<Command>& report_commands();

}  // namespace podramp::sim
