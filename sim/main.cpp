// podramp: START HERE for "which command does what". Each subcommand is a cmd_*.cpp; the main loop is kernel.cpp run.
#include <fmt/format.h>

#include <string>
#include <system_error>
#include <vector>

#include "sim/command_line.h"
#include "sim/dashboard/commands.h"
#include "sim/fuzz/commands.h"
#include "sim/import/commands.h"
#include "sim/report/commands.h"
#include "sim/study/commands.h"

namespace podramp::sim {
namespace {

std::vector<Command> every_command() {
  std::vector<Command> all = all_commands();
  all.insert(all.end(), fuzz_commands().begin(), fuzz_commands().end());
  all.insert(all.end(), study_commands().begin(), study_commands().end());
  all.insert(all.end(), import_commands().begin(), import_commands().end());
  all.insert(all.end(), report_commands().begin(), report_commands().end());
  all.insert(all.end(), dashboard_commands().begin(), dashboard_commands().end());
  return all;
}

int podramp_main(const Arguments& arguments) {
  const std::string name = arguments.empty() ? "--help" : arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    fmt::print("usage: podramp COMMAND ...\n\nSpark-on-Kubernetes executor scale-up in virtual time.\n\n");
    for (const Command& command : every_command()) fmt::print("  {:<10} {}\n", command.name, command.summary);
    fmt::print(
        "\n\"podramp COMMAND --help\" says more. Exit codes: 0 fine, 1 a budget, property or expectation failed,\n"
        "2 bad input, 3 divergence, 4 a cluster refuses, 70 a bug of ours, 130 interrupted.\n\nexample: podramp run "
        "scenarios/ramp_500.json\n");
    return finish_output(arguments.empty() ? kExitBadInput : kExitFine);
  }
  if (name == "--version") {
    fmt::print("podramp {}\n", kPodrampVersion);
    return finish_output(kExitFine);
  }
  for (const Command& command : every_command()) {
    if (command.name != name) continue;
    try {
      return finish_output(command.run(Arguments(arguments.begin() + 1, arguments.end())));
    } catch (const std::system_error& e) {  // fmt::print: stdout cannot be written
      return complain(e.what());
    }
  }
  return complain(fmt::format("there is no command \"{}\"; see podramp --help", name));
}

}  // namespace
}  // namespace podramp::sim

int main(int argc, char** argv) { return podramp::sim::podramp_main({argv + 1, argv + argc}); }
