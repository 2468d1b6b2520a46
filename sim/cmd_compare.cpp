// podramp compare: two runs side by side.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/option_parser.h"
#include "sim/report_json.h"

namespace podramp::sim {
namespace {

void print_kpis(const std::vector<std::string>& names, const Kpis& of_a, const Kpis& of_b) {
  for (const std::string& name : names) {
    const auto a = of_a.find(name);
    const auto b = of_b.find(name);
    if (a == of_a.end() || b == of_b.end()) {  // those of a workload are there only with one
      fmt::print("{:<34} only in {}: {}\n", name, a == of_a.end() ? "b" : "a", (a == of_a.end() ? b : a)->second);
      continue;
    }
    fmt::print("{:<34} {:>14} {:>14} {:>+14}\n", name, a->second, b->second, b->second - a->second);
  }
}

// When one application of several differs, its own numbers say more than the sums.
void print_only_application(const Comparison& c) {
  if (c.differing_applications.size() != 1 || c.a.applications.size() < 2) return;
  const std::string& name = c.differing_applications.front();
  const Kpis& a = c.a.applications.at(name);
  const Kpis& b = c.b.applications.at(name);
  std::vector<std::string> names;
  for (const auto& [kpi, value] : a) {
    const auto other = b.find(kpi);
    if (other == b.end() || other->second != value) names.push_back(kpi);
  }
  fmt::print("only application {} differs:\n", name);
  print_kpis(names, a, b);
}

void print(const Comparison& c) {
  for (const ComparedRun* run : {&c.a, &c.b}) {
    if (run->level != "all")
      fmt::print("note      {} was logged at level {}: KPIs of pods are missing\n", run->path, run->level);
  }
  if (c.differing.empty()) {
    fmt::print("kpis      all {} are equal\n", c.a.kpis.size());
  } else {
    fmt::print("{:<34} {:>14} {:>14} {:>14}\n", "kpi", "A", "B", "B - A");
    print_kpis(c.differing, c.a.kpis, c.b.kpis);
    print_only_application(c);
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
