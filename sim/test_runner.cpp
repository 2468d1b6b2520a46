#include "sim/test_runner.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "sim/command_line.h"
#include "sim/expected.h"
#include "sim/replay.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

namespace fs = std::filesystem;

// A folder that is removed again.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "podramp-test-XXXXXX").string();
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  std::string path_;
};

// In the child: runs the scenario, leaves what it came to and what failed in files. Returns the exit code.
int run_child(const Scenario& scenario, const std::string& log, const std::string& observed,
              const std::string& failures) {
  RunOptions options;
  options.log_path = log;
  const auto result = run_experiment(scenario, options);
  if (!result) return complain(result.error().message);
  std::string lines;
  for (const std::string& b : result->summary.broken_budgets) lines += "budget: " + b + "\n";
  for (const std::string& n : result->summary.never_seen) lines += "never seen: " + n + "\n";
  for (const Violation& v : result->summary.violations) lines += fmt::format("property {}: {}\n", v.property, v.detail);
  if (!write_file(observed, expected_text(result->summary)) || !write_file(failures, lines)) return kExitBug;
  return kExitFine;
}

int in_child(const Scenario& scenario, const std::string& log, const std::string& observed,
             const std::string& failures) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    const int code = run_child(scenario, log, observed, failures);
    std::fflush(nullptr);
    std::_Exit(code);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitBug;
}

void add(ScenarioTest& test, int exit_code, std::string problem) {
  test.problems.push_back(std::move(problem));
  test.exit_code = std::max(test.exit_code, exit_code);
}

void compare_expected(ScenarioTest& test, const std::string& observed, bool update) {
  const std::string path = expected_path(test.file);
  const auto expected = read_file(path);
  if (!expected && !update) return add(test, kExitFailed, fmt::format("{} is missing; make it with --update", path));
  std::vector<std::string> differences{"written for the first time"};
  if (expected) {
    auto compared = expected_differences(*expected, observed);
    if (!compared && !update) return add(test, kExitFailed, compared.error().message);
    differences = compared ? std::move(*compared) : std::vector<std::string>{"was not readable"};
  }
  if (differences.empty()) return;
  if (!update) {
    for (std::string& difference : differences) add(test, kExitFailed, std::move(difference));
    return;
  }
  if (auto written = write_file(path, observed); !written) return add(test, kExitFailed, written.error().message);
  test.changes = std::move(differences);
}

// Rungs 1 and 3 on the log, rung 2 against a second run's.
void climb(ScenarioTest& test, const Scenario& scenario, const Scratch& scratch) {
  const auto report = replay_log(scratch.file("a.jsonl"));
  if (!report) return add(test, kExitDivergence, report.error().message);
  if (report->divergence) {
    add(test, kExitDivergence,
        fmt::format("rung 1: line {} at {}: {}", report->divergence->line, format_time(report->divergence->t),
                    report->divergence->why));
  }
  if (report->checkpoints == 0) add(test, kExitDivergence, "rung 3: the log has no checkpoint");
  const int code = in_child(scenario, scratch.file("b.jsonl"), scratch.file("b.json"), scratch.file("b.txt"));
  if (code != kExitFine) return add(test, code, "rung 2: the second run failed");
  const auto a = read_file(scratch.file("a.jsonl"));
  const auto b = read_file(scratch.file("b.jsonl"));
  if (!a || !b || *a != *b) add(test, kExitDivergence, "rung 2: the same seed gave other bytes");
}

}  // namespace

Result<std::vector<std::string>> find_scenarios(const std::string& place) {
  std::error_code code;
  if (!fs::is_directory(place, code)) {
    if (!fs::exists(place, code)) return tl::unexpected(Error{fmt::format("there is no file or folder {}", place)});
    return std::vector<std::string>{place};
  }
  std::vector<std::string> found;
  for (auto it = fs::recursive_directory_iterator(place, code); it != fs::recursive_directory_iterator(); ++it) {
    const std::string path = it->path().string();
    if (it->path().filename() == "malformed" || it->path().filename() == "logs") it.disable_recursion_pending();
    if (!it->is_regular_file() || it->path().extension() != ".json") continue;
    const auto text = read_file(path);
    if (text && text->substr(0, 4000).find("\"podramp/v1\"") != std::string::npos &&
        it->path().filename() != "schema.json") {
      found.push_back(path);
    }
  }
  std::ranges::sort(found);
  return found;
}

ScenarioTest test_scenario(const std::string& file, const ScenarioTestOptions& options) {
  ScenarioTest test{file, {}, {}, kExitFine};
  const auto text = read_file(file);
  if (!text) {
    add(test, kExitBadInput, text.error().message);
    return test;
  }
  const auto loaded = load_scenario({file, *text}, read_file, {});
  if (!loaded) {
    for (const FieldError& error : loaded.error()) add(test, kExitBadInput, to_string(error));
    return test;
  }
  const Scratch scratch;
  const int code = in_child(loaded->scenario, scratch.file("a.jsonl"), scratch.file("a.json"), scratch.file("a.txt"));
  const auto observed = read_file(scratch.file("a.json"));
  if (code != kExitFine || !observed) {
    add(test, code == kExitFine ? kExitBug : code, fmt::format("the run ended with code {}", code));
    return test;
  }
  const std::string failures = read_file(scratch.file("a.txt")).value_or("");
  for (std::size_t start = 0; start < failures.size();) {
    const std::size_t end = failures.find('\n', start);
    add(test, kExitFailed, failures.substr(start, end - start));
    start = end + 1;
  }
  compare_expected(test, *observed, options.update);
  if (options.ladder) climb(test, loaded->scenario, scratch);
  return test;
}

}  // namespace podramp::sim
