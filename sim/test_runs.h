// Runs for tests: load a shipped or a written-out scenario, run it with a log, look at the log's events.
// Not part of the library.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/command_line.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"
#include "sim/test_lines.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim {

struct LoggedEvent {
  Event event;
  std::string line;

  template <class T>
  const T* get() const {
    return std::get_if<T>(&event.data);
  }
  TimeUs t() const { return event.t; }
};

// A file of this test alone: cases run at the same time, each in its own process.
inline std::string scratch_file(const std::string& name) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string prefix = std::string(test->test_suite_name()) + "_" + test->name();
  for (char& c : prefix) {
    if (c == '/') c = '_';
  }
  return testing::TempDir() + "/podramp_" + prefix + "_" + std::to_string(::getpid()) + "_" + name;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_bytes(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  ASSERT_TRUE(file.flush()) << path;
}

inline Scenario loaded(tl::expected<Loaded, FieldErrors> result) {
  if (!result) ADD_FAILURE() << all_errors(result.error());
  CHECK(result);
  return std::move(result->scenario);
}

// scenarios/NAME with "PATH=VALUE" settings.
inline Scenario shipped_scenario(const std::string& name, std::vector<std::string> sets = {}) {
  Overrides overrides;
  overrides.sets = std::move(sets);
  return loaded(load_file(shipped(name), overrides));
}

inline Scenario text_scenario(const std::string& text, std::vector<std::string> sets = {}) {
  Overrides overrides;
  overrides.sets = std::move(sets);
  return loaded(load_scenario({"test.json", text}, {}, overrides));
}

inline RunOptions with_fluid() {
  RunOptions options;
  options.engine = EngineKind::fluid;
  return options;
}

// Runs in this process (the fluid engine may do so many times) and returns what it came to; the log is at `path`.
inline RunResult run_to(const std::string& path, const Scenario& scenario, RunOptions options = with_fluid()) {
  options.log_path = path;
  auto result = run_experiment(scenario, options);
  if (!result) ADD_FAILURE() << result.error().message;
  CHECK(result);
  return std::move(*result);
}

// Runs in a child process, because a process holds one SimGrid engine.
inline void run_in_child(const std::string& path, const Scenario& scenario, RunOptions options) {
  options.log_path = path;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) std::_Exit(run_experiment(scenario, options) ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the run in the child failed";
}

inline std::vector<LoggedEvent> read_events(const std::string& path) {
  std::vector<LoggedEvent> events;
  auto log = LogReader::open(path);
  EXPECT_TRUE(log) << path;
  if (!log) return events;
  for (;;) {
    auto event = log->next();
    if (!event) ADD_FAILURE() << event.error().message;
    if (!event || !*event) return events;
    events.push_back({std::move(**event), log->line()});
  }
}

inline std::vector<LoggedEvent> run_and_read(const Scenario& scenario, RunOptions options = with_fluid()) {
  const std::string path = scratch_file("log.jsonl");
  run_to(path, scenario, std::move(options));
  auto events = read_events(path);
  std::remove(path.c_str());
  return events;
}

// The events of one kind, with their times.
template <class T>
std::vector<std::pair<TimeUs, T>> all(const std::vector<LoggedEvent>& events) {
  std::vector<std::pair<TimeUs, T>> found;
  for (const LoggedEvent& event : events) {
    if (const T* data = event.get<T>()) found.emplace_back(event.t(), *data);
  }
  return found;
}

}  // namespace podramp::sim
