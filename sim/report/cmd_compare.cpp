// podramp compare: two runs side by side.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/cmd_against.h"
#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/option_parser.h"
#include "sim/report/commands.h"
#include "sim/report/first_decision.h"
#include "sim/report/page_file.h"
#include "sim/report_json.h"
#include "sim/results.h"

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

std::string median_and_p95(std::vector<DurationUs> values) {
  if (values.empty()) return "-";
  std::ranges::sort(values);
  const auto at = [&](std::size_t permille) {
    const DurationUs us = values[(values.size() - 1) * permille / 1000];
    return fmt::format("{}.{:03}s", us / kSecondUs, us % kSecondUs / 1000);
  };
  return fmt::format("{} / {}", at(500), at(950));
}

// What both sides know even where one of them is a live run.
void print_observed(const Observed& a, const Observed& b) {
  constexpr std::array<std::pair<std::string_view, std::vector<DurationUs> Observed::*>, 6> kSeen{
      {{"writes", &Observed::writes},
       {"reads", &Observed::reads},
       {"created to bound", &Observed::bound},
       {"bound to running", &Observed::running},
       {"running to registered", &Observed::registered},
       {"deleted to gone", &Observed::stopped}}};
  fmt::print("{:<34} {:>22} {:>22}\n", "as drivers saw it, p50 / p95", "A", "B");
  for (const auto& [name, member] : kSeen) {
    if ((a.*member).empty() && (b.*member).empty()) continue;
    fmt::print("{:<34} {:>22} {:>22}\n", name, median_and_p95(a.*member), median_and_p95(b.*member));
  }
}

void print(const FirstDecision& decision) {
  if (!decision.differs()) return fmt::print("decisions the same {}, times aside\n", decision.same);
  fmt::print("decisions the same {}, times aside; then\n", decision.same);
  fmt::print("A         {}\nB         {}\n", decision_text(decision.a), decision_text(decision.b));
}

void print(const Comparison& c, const FirstDecision& decision) {
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
  if (c.a.level != "all" || c.b.level != "all") print_observed(c.a.observed, c.b.observed);
  if (c.first_difference == 0) {
    fmt::print("logs      the same after their headers\n");
    return;
  }
  print(decision);
  fmt::print("logs      part at line {}\n", c.first_difference);
  fmt::print("A         {}\n", c.line_a.empty() ? "(ended)" : c.line_a.substr(0, 500));
  fmt::print("B         {}\n", c.line_b.empty() ? "(ended)" : c.line_b.substr(0, 500));
}

}  // namespace

int compare_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"against", "AUDIT.log", "A (or a scenario, at all levels) beside a real driver"},
                                      {"pods", "PREFIX", "of its pods, when the log has several drivers"},
                                      {"set", "PATH=VALUE", "change a field of the scenario", true},
                                      {"html", "FILE", "write them as one HTML page, as podramp report A B does"},
                                      {"force", "", "replace that file if it is there"},
                                      {"json", "", "the comparison as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp compare A B | A --against AUDIT.log",
                               "KPIs of two runs side by side, and the first line where their logs part.", specs,
                               "podramp compare results/a results/b --html a-b.html"));
    return kExitFine;
  }
  if (const auto audit = options->value("against")) {
    if (options->positional().size() != 1) return complain("compare --against takes one run or scenario beside it");
    if (options->has("html")) return complain("--html goes with two runs, not with --against");
    Overrides overrides;
    overrides.sets = options->values("set");
    return compare_against(options->positional().front(), *audit, options->value("pods").value_or(""), overrides,
                           options->has("json"));
  }
  if (options->positional().size() != 2)
    return complain("compare takes two logs or results folders; see podramp compare --help");
  const std::string& a = options->positional()[0];
  const std::string& b = options->positional()[1];
  const auto html = options->value("html");
  if (html) {
    if (const auto free = may_write_page(*html, options->has("force")); !free) return complain(free.error().message);
  }
  const auto comparison = compare_runs(a, b);
  if (!comparison) return complain(comparison.error().message);
  if (html) {
    const auto page = page_of_two(a, b, *comparison);
    if (!page) return complain(page.error().message);
    if (const auto written = write_file(*html, *page); !written) return complain(written.error().message);
  }
  if (options->has("json")) {
    fmt::print("{}", comparison_json(*comparison));
  } else {
    const auto decision = first_different_decision(a, b);
    if (!decision) return complain(decision.error().message);
    print(*comparison, *decision);
  }
  return kExitFine;
}

}  // namespace podramp::sim
