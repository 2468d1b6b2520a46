// podramp compare: two runs side by side.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/option_parser.h"
#include "sim/report_json.h"

namespace podramp::sim {
namespace {

void print(const Comparison& c) {
  if (c.differing.empty()) {
    fmt::print("kpis      all {} are equal\n", c.a.kpis.size());
  } else {
    fmt::print("{:<34} {:>14} {:>14} {:>14}\n", "kpi", "A", "B", "B - A");
    for (const std::string& name : c.differing) {
      const std::int64_t a = c.a.kpis.find(name)->second;
      const std::int64_t b = c.b.kpis.find(name)->second;
      fmt::print("{:<34} {:>14} {:>14} {:>+14}\n", name, a, b, b - a);
    }
  }
  if (c.first_difference == 0) {
    fmt::print("logs      the same after their headers\n");
    return;
  }
  fmt::print("logs      part at line {}\n", c.first_difference);
  fmt::print("A         {}\n", c.line_a.empty() ? "(ended)" : c.line_a.substr(0, 500));
  fmt::print("B         {}\n", c.line_b.empty() ? "(ended)" : c.line_b.substr(0, 500));
}

}  // namespace

int compare_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"json", "", "the comparison as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp compare A B",
                               "KPIs of two runs side by side, and the first line where their logs part.", specs,
                               "podramp compare results/ramp_500-1 results/ramp_500-2"));
    return kExitFine;
  }
  if (options->positional().size() != 2)
    return complain("compare takes two logs or results folders; see podramp compare --help");
  const auto comparison = compare_runs(options->positional()[0], options->positional()[1]);
  if (!comparison) return complain(comparison.error().message);
  if (options->has("json")) {
    fmt::print("{}", comparison_json(*comparison));
  } else {
    print(*comparison);
  }
  return kExitFine;
}

}  // namespace podramp::sim
