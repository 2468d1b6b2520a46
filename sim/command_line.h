// What every subcommand shares: options through Boost.Program_options, help on one screen, messages, exit codes.
// stdout is for people or, with --json, for machines; errors and progress go to stderr.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "backend/live/event_log.h"
#include "backend/port/status.h"
#include "sim/engine.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

using Arguments = std::vector<std::string>;

// One subcommand. run: the arguments after its name -> exit code (design 3).
struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments);
};
const std::vector<Command>& all_commands();

// "podramp: message" on stderr; returns the exit code given.
int complain(std::string_view message, int exit_code = kExitBadInput);
int complain(const FieldErrors& errors);

// The options that say what to run and how; used by run, check and test.
struct ScenarioOptions {
  Overrides overrides;
  LogLevel level = LogLevel::all;
  EngineKind engine = EngineKind::simgrid;
  bool ties_shuffled = false;
};

// The scenario of a file with its overrides applied, or every mistake in it.
tl::expected<Loaded, FieldErrors> load_file(const std::string& file, const Overrides& overrides);
// The same; prints every error and returns nullopt on failure.
std::optional<Loaded> load_or_complain(const std::string& file, const Overrides& overrides);

// Installs Ctrl-C handling: interrupted() becomes true, a second one ends the process. Call it after the engine exists.
void catch_interrupts();
bool interrupted();

// One line on stderr when it is a terminal: virtual time, at most four times a second. Reads the wall clock.
class ProgressLine {
 public:
  static constexpr std::int64_t kPeriodMs = 250;

  // to: where it is written; not owned.
  explicit ProgressLine(std::string_view what, std::FILE* to = stderr);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(TimeUs now, TimeUs end);

 private:
  std::string what_;
  std::FILE* to_;
  bool terminal_;
  bool shown_ = false;
  std::int64_t next_ms_ = 0;
  std::int64_t started_ms_ = 0;
};

// Writes out what is left of stdout. The exit code given, or kExitBadInput with a message when it could not be written.
int finish_output(int exit_code);

int run_command(const Arguments& arguments);        // cmd_run.cpp
int check_command(const Arguments& arguments);      // cmd_check.cpp
int test_command(const Arguments& arguments);       // test_command.cpp
int replay_command(const Arguments& arguments);     // cmd_replay.cpp
int show_command(const Arguments& arguments);       // cmd_show.cpp
int explain_command(const Arguments& arguments);    // cmd_explain.cpp
int lint_command(const Arguments& arguments);       // cmd_lint.cpp
int fidelity_command(const Arguments& arguments);   // cmd_fidelity.cpp
int profile_command(const Arguments& arguments);    // cmd_profile.cpp
int live_command(const Arguments& arguments);       // cmd_live.cpp
int calibrate_command(const Arguments& arguments);  // cmd_calibrate.cpp
int fork_command(const Arguments& arguments);       // cmd_fork.cpp

}  // namespace podramp::sim
