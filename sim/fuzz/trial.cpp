#include "sim/fuzz/trial.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "sim/experiment.h"

namespace podramp::sim {
namespace {

constexpr unsigned kWallClockMaxS = 60;
constexpr std::uint64_t kLivelockOfTrial = 2'000'000;  // these runs are small

// --- what a child says: a line each, its fields separated by tabs; whatever else is there, somebody complained -------

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

std::string say(const Trial& trial) {
  std::string said;
  if (trial.failed()) said += fmt::format("\tfailed\t{}\t{}\n", trial.property, one_line(trial.detail));
  const auto counts = [&](const char* what, const std::map<std::string, std::uint64_t>& of) {
    for (const auto& [name, n] : of) said += fmt::format("\t{}\t{}\t{}\n", what, one_line(name), n);
  };
  counts("event", trial.coverage.events);
  counts("point", trial.coverage.points);
  counts("refusal", trial.coverage.refusals);
  return said + "\tend\n";
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Where a CHECK stands: it says "...: backend/x.cpp:12: condition does not hold".
std::string place_of(const std::string& complaint) { return complaint.empty() ? "no word" : complaint; }

Trial hear(const std::string& said, int status) {
  Trial trial;
  std::string complaint;
  bool ended = false;
  for (const std::string& line : split(said, '\n')) {
    const std::vector<std::string> fields = split(line, '\t');
    if (fields.size() < 2 || !fields[0].empty()) {
      if (complaint.empty()) complaint = line;
    } else if (fields[1] == "end") {
      ended = true;
    } else if (fields.size() == 4 && fields[1] == "failed") {
      trial.property = fields[2];
      trial.detail = fields[3];
    } else if (fields.size() == 4) {
      auto& counts = fields[1] == "event"   ? trial.coverage.events
                     : fields[1] == "point" ? trial.coverage.points
                                            : trial.coverage.refusals;
      counts[fields[2]] = std::strtoull(fields[3].c_str(), nullptr, 10);
    }
  }
  if (ended) return trial;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    trial.property = kTimeMovesOn;
    trial.detail = fmt::format("the run has not ended after {} s of wall clock", kWallClockMaxS);
    return trial;
  }
  trial.property = kNoCrash;
  trial.detail = WIFSIGNALED(status) ? fmt::format("signal {}: {}", WTERMSIG(status), place_of(complaint))
                                     : fmt::format("exit code {}: {}", WEXITSTATUS(status), place_of(complaint));
  return trial;
}

[[noreturn]] void be_child(int pipe_out, const std::function<SwarmRun()>& make) {
  ::dup2(pipe_out, STDOUT_FILENO);
  ::dup2(pipe_out, STDERR_FILENO);
  ::signal(SIGINT, SIG_IGN);  // the parent's to handle
  ::alarm(kWallClockMaxS);
  const std::string said = say(run_trial(make()));
  for (std::size_t at = 0; at < said.size();) {
    const ssize_t n = ::write(pipe_out, said.data() + at, said.size() - at);
    if (n < 0 && errno != EINTR) std::_Exit(1);
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  std::_Exit(0);
}

}  // namespace

Trial run_trial(const SwarmRun& run) {
  Trial trial;
  const auto loaded = load_scenario({"fuzzed.json", run.scenario}, {}, {});
  if (!loaded) {
    trial.property = kReadable;
    for (const FieldError& error : loaded.error()) trial.detail += fmt::format("{}: {}. ", error.path, error.message);
    return trial;
  }
  CoverageSink sink;
  RunOptions options;
  options.level = LogLevel::none;
  options.engine = EngineKind::fluid;
  options.ties_shuffled = run.ties_shuffled;
  options.livelock_items = kLivelockOfTrial;
  options.more_sinks = {&sink};
  const auto result = run_experiment(loaded->scenario, options);
  if (!result) {
    trial.property = kReadable;
    trial.detail = result.error().message;
    return trial;
  }
  trial.coverage = sink.take();
  for (const auto& [why, n] : result->summary.refusals) trial.coverage.refusals[why] = static_cast<std::uint64_t>(n);
  const std::vector<Violation>& violations = result->summary.violations;
  if (!violations.empty()) {
    trial.property = violations.front().property;
    trial.detail = violations.front().detail;
  } else if (result->summary.ending == Ending::livelock) {
    trial.property = kTimeMovesOn;
    trial.detail = fmt::format("time stands still at {}", format_time(result->summary.t));
  }
  return trial;
}

TrialPool::~TrialPool() {
  for (const auto& [pipe, child] : children_) {
    ::kill(child.process, SIGKILL);
    ::close(pipe);
    ::waitpid(child.process, nullptr, 0);
  }
}

void TrialPool::start(std::uint64_t id, const std::function<SwarmRun()>& make) {
  std::array<int, 2> ends{};
  CHECK(::pipe(ends.data()) == 0);
  std::fflush(nullptr);
  const pid_t process = ::fork();
  CHECK(process >= 0);
  if (process == 0) {
    ::close(ends[0]);
    be_child(ends[1], make);
  }
  ::close(ends[1]);
  children_[ends[0]] = {id, process, ""};
}

TrialPool::Done TrialPool::wait() {
  CHECK(!children_.empty());
  while (true) {
    std::vector<pollfd> pipes;
    for (const auto& [pipe, child] : children_) pipes.push_back({pipe, POLLIN, 0});
    if (::poll(pipes.data(), pipes.size(), -1) < 0) continue;
    for (const pollfd& pipe : pipes) {
      if (pipe.revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t n = ::read(pipe.fd, buffer.data(), buffer.size());
      Child& child = children_[pipe.fd];
      if (n > 0) child.said.append(buffer.data(), static_cast<std::size_t>(n));
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      int status = 0;
      while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) continue;
      Done done{child.id, hear(child.said, status)};
      ::close(pipe.fd);
      children_.erase(pipe.fd);
      return done;
    }
  }
}

Trial isolated(const SwarmRun& run) {
  TrialPool pool;
  pool.start(0, [&] { return run; });
  return pool.wait().trial;
}

}  // namespace podramp::sim
