// podramp explain: where the time of executors went.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/explain.h"
#include "sim/option_parser.h"

namespace podramp::sim {

int explain_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"executor", "ID", "this executor second by second, and its chain of causes"},
                                      {"pod", "NAME", "likewise the last executor of this pod, if it has no id yet"},
                                      {"application", "NAME", "only this application"},
                                      {"json", "", "every executor's slices as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp explain LOG [--executor ID | --pod NAME] [--application NAME]",
                               "Where the time went from an executor being wanted to its registration, and why.", specs,
                               "podramp explain results/ramp_500-1 --executor 17"));
    return kExitFine;
  }
  if (options->positional().size() != 1)
    return complain("explain takes one log or results folder; see podramp explain --help");
  const auto executor = whole_number(*options, "executor", 1, INT64_MAX);
  if (!executor) return complain(executor.error().message);
  if (*executor && options->has("pod")) return complain("--executor and --pod: give one of them");
  const auto explained = explain_log(log_of(options->positional().front()),
                                     {options->value("application"), *executor, options->value("pod")});
  if (!explained) return complain(explained.error().message);
  fmt::print("{}", options->has("json") ? explain_json(*explained) : explain_text(*explained));
  return kExitFine;
}

}  // namespace podramp::sim
