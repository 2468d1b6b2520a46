#include "sim/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sim/results.h"

namespace podramp::sim {
namespace {

volatile std::sig_atomic_t interrupts = 0;

void on_interrupt(int /*signal*/) {
  interrupts = interrupts + 1;
  if (interrupts > 1) std::_Exit(130);
}

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

const std::vector<Command>& all_commands() {
  static const std::vector<Command> kCommands{
      {"run", "run a scenario, write its results folder", run_command},
      {"check", "read scenarios and report every mistake", check_command},
      {"test", "run scenarios against their expected files and budgets", test_command},
      {"replay", "feed a log's inputs to a fresh backend and compare every decision", replay_command},
      {"show", "the state of backend and cluster at a point of a log", show_command},
      {"explain", "why executors took as long as they did, second by second", explain_command},
      {"lint", "what each setting of a spark-defaults.conf does at a Spark version", lint_command},
      {"fork", "a run continued from one of its events with something changed", fork_command},
      {"fidelity", "published figures beside ours", fidelity_command},
      {"profile", "a built-in profile of Kubernetes defaults, as a file to copy", profile_command},
      {"live", "a scenario's applications against a real cluster", live_command},
      {"calibrate", "latency models from what drivers saw in runs", calibrate_command},
  };
  return kCommands;
}

int complain(std::string_view message, int exit_code) {
  fmt::print(stderr, "podramp: {}\n", message);
  return exit_code;
}

int complain(const FieldErrors& errors) {
  for (const FieldError& error : errors) fmt::print(stderr, "{}\n", to_string(error));
  if (errors.size() > 1) fmt::print(stderr, "podramp: {} mistakes\n", errors.size());
  return kExitBadInput;
}

tl::expected<Loaded, FieldErrors> load_file(const std::string& file, const Overrides& overrides) {
  const auto text = read_file(file);
  if (!text) return tl::unexpected(FieldErrors{{"", 0, "", text.error().message}});
  return load_scenario({file, *text}, read_file, overrides);
}

std::optional<Loaded> load_or_complain(const std::string& file, const Overrides& overrides) {
  auto loaded = load_file(file, overrides);
  if (!loaded) {
    complain(loaded.error());
    return std::nullopt;
  }
  return std::move(*loaded);
}

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupts > 0; }

int finish_output(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  return complain(fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

ProgressLine::ProgressLine(std::string_view what, std::FILE* to)
    : what_(what), to_(to), terminal_(::isatty(::fileno(to)) == 1), started_ms_(wall_ms()) {
  next_ms_ = started_ms_ + kPeriodMs;
}

ProgressLine::~ProgressLine() {
  if (!shown_) return;
  fmt::print(to_, "\r\033[K");
  std::fflush(to_);
}

void ProgressLine::show(TimeUs now, TimeUs end) {
  if (!terminal_ || wall_ms() < next_ms_) return;
  next_ms_ = wall_ms() + kPeriodMs;
  shown_ = true;
  const std::int64_t wall = std::max<std::int64_t>(1, wall_ms() - started_ms_);
  fmt::print(to_, "\r\033[K{}: {} of at most {}, {} x real time", what_, format_time(now), format_time(end),
             now / kMillisecondUs / wall);
  std::fflush(to_);
}

}  // namespace podramp::sim
