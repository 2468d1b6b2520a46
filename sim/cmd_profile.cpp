// podramp profile: a built-in profile as a file to copy.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/command_line.h"
#include "sim/option_parser.h"
#include "sim/scenario_profile.h"

namespace podramp::sim {

int profile_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, {});
  if (!options) return complain(options.error().message);
  if (options->help() || options->positional().size() != 1) {
    fmt::print("{}", help_text("podramp profile NAME",
                               fmt::format("Prints a built-in profile ({}) as a file to copy.",
                                           fmt::join(fakeapi::kProfileNames, ", ")),
                               {}, "podramp profile k8s-1.32 > scenarios/mine.json"));
    return options->help() ? kExitFine : kExitBadInput;
  }
  const std::string& name = options->positional().front();
  if (!fakeapi::find_profile(name)) {
    return complain(
        fmt::format("there is no profile \"{}\"; known are {}", name, fmt::join(fakeapi::kProfileNames, ", ")));
  }
  fmt::print("{}", profile_document(name));
  return kExitFine;
}

}  // namespace podramp::sim
