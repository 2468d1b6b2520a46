#include "sim/study/run_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace podramp::sim {
namespace {

constexpr std::string_view kOutcomeMark = "\x01outcome ";
constexpr int kPollMs = 100;
constexpr std::size_t kSaidMax = 1U << 20U;  // of a child that does not stop talking

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

int reaped(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// The first line that a person can do something with.
std::string first_line(const std::string& text) {
  std::string line = text.substr(0, std::min(text.find('\n'), text.size()));
  if (line.size() > 400) line.resize(400);
  return line;
}

}  // namespace

RunPool::RunPool(std::int64_t jobs, Simulate simulate, Finished finished)
    : jobs_(std::max<std::int64_t>(1, jobs)), simulate_(std::move(simulate)), finished_(std::move(finished)) {}

RunPool::~RunPool() {
  for (const Child& child : children_) {
    ::kill(child.pid, SIGKILL);
    ::close(child.pipe);
    reaped(child.pid);
  }
}

void RunPool::start(const RunKey& key) {
  std::array<int, 2> ends{};
  CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    // Ctrl-C is the parent's to handle, and without the parent nobody wants the result.
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(kExitBug);
    ::dup2(ends[1], STDERR_FILENO);
    const Outcome outcome = simulate_(key);
    write_all(ends[1], fmt::format("{}{}\n", kOutcomeMark, to_json_line(key, outcome)));
    std::_Exit(kExitFine);
  }
  ::close(ends[1]);
  children_.push_back({key, pid, ends[0], {}});
}

bool RunPool::drain(Child& child) {
  std::array<char, 16384> bytes{};
  const ssize_t n = ::read(child.pipe, bytes.data(), bytes.size());
  if (n < 0) return errno == EINTR;
  if (n > 0 && child.said.size() < kSaidMax) child.said.append(bytes.data(), static_cast<std::size_t>(n));
  return n > 0;
}

Outcome RunPool::outcome_of(const Child& child, int status) {
  const std::size_t mark = child.said.rfind(kOutcomeMark);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitFine && mark != std::string::npos) {
    const std::size_t begin = mark + kOutcomeMark.size();
    const auto parsed = outcome_from_line(std::string_view(child.said).substr(begin, child.said.rfind('\n') - begin));
    if (parsed) return parsed->second;
  }
  Outcome outcome;
  outcome.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  if (outcome.exit == 0) outcome.exit = kExitBug;
  outcome.error = first_line(child.said);
  if (outcome.error.empty()) {
    outcome.error = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                        : fmt::format("ended with code {} and said nothing", outcome.exit);
  }
  return outcome;
}

void RunPool::wait_some() {
  std::vector<pollfd> polled;
  for (const Child& child : children_) polled.push_back({child.pipe, POLLIN, 0});
  if (::poll(polled.data(), polled.size(), kPollMs) <= 0) return;
  std::vector<Child> alive;
  std::vector<Child> ended;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    const bool goes_on = polled[i].revents == 0 || drain(children_[i]);
    (goes_on ? alive : ended).push_back(std::move(children_[i]));
  }
  children_ = std::move(alive);
  for (Child& child : ended) {
    ::close(child.pipe);
    finished_(child.key, outcome_of(child, reaped(child.pid)));
  }
}

bool RunPool::run(const std::vector<RunKey>& keys, const std::function<bool()>& stop) {
  std::size_t next = 0;
  while (next < keys.size() || !children_.empty()) {
    if (stop()) return false;
    while (next < keys.size() && running() < jobs_) start(keys[next++]);
    wait_some();
  }
  return true;
}

}  // namespace podramp::sim
