// podramp test: scenarios against their expected files and budgets; with --ladder also rungs 1 to 3 of design 2.4 on
// every log (decision replay, same seed twice, folded facts).
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sim/command_line.h"
#include "sim/expected.h"
#include "sim/option_parser.h"
#include "sim/report_json.h"
#include "sim/results.h"
#include "sim/test_runner.h"

namespace podramp::sim {
namespace {

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string junit(const std::vector<ScenarioTest>& tests) {
  std::size_t failures = 0;
  std::string cases;
  for (const ScenarioTest& test : tests) {
    cases += fmt::format("  <testcase classname=\"podramp\" name=\"{}\">\n", xml(test.file));
    for (const std::string& problem : test.problems)
      cases += fmt::format("    <failure message=\"{}\"/>\n", xml(problem));
    cases += "  </testcase>\n";
    failures += test.problems.empty() ? 0 : 1;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"podramp\" tests=\"{}\" "
      "failures=\"{}\">\n{}</testsuite>\n",
      tests.size(), failures, cases);
}

}  // namespace

int test_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"update", "", "rewrite expected files, print what changed"},
                                      {"junit", "FILE", "write a JUnit report"},
                                      {"ladder", "", "also replay each log, run each seed twice, fold the facts"},
                                      {"json", "", "the outcome as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp test [DIR|SCENARIO.json]...",
                               "Runs scenarios and compares them with their NAME.expected.json and budgets.", specs,
                               "podramp test scenarios --junit report.xml"));
    return kExitFine;
  }
  std::vector<std::string> files;
  for (const std::string& place : options->positional().empty() ? Arguments{"scenarios"} : options->positional()) {
    const auto found = find_scenarios(place);
    if (!found) return complain(found.error().message);
    files.insert(files.end(), found->begin(), found->end());
  }
  if (files.empty()) return complain("there are no scenarios here");

  std::vector<ScenarioTest> tests;
  int worst = kExitFine;
  for (const std::string& file : files) {
    tests.push_back(test_scenario(file, {options->has("update"), options->has("ladder")}));
    const ScenarioTest& test = tests.back();
    if (!test.problems.empty()) worst = std::max(worst, test.exit_code);
    if (options->has("json")) continue;
    fmt::print("{}  {}\n", test.problems.empty() ? (test.changes.empty() ? "ok    " : "update") : "FAILED", file);
    for (const std::string& change : test.changes) fmt::print("        {}\n", change);
    for (const std::string& problem : test.problems) fmt::print("        {}\n", problem);
    std::fflush(stdout);
  }
  if (const auto path = options->value("junit")) {
    if (auto written = write_file(*path, junit(tests)); !written) return complain(written.error().message);
  }
  if (options->has("json")) {
    fmt::print("{}", tests_json(tests));
    return worst;
  }
  const auto failed = std::ranges::count_if(tests, [](const ScenarioTest& t) { return !t.problems.empty(); });
  fmt::print("{} passed, {} failed\n", tests.size() - static_cast<std::size_t>(failed), failed);
  return worst;
}

}  // namespace podramp::sim
