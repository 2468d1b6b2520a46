// A program of ours as a process of its own: its exit code and what it has printed. Only for tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "backend/live/cluster_access.h"

namespace podramp::live {

class TestProcess {
 public:
  // scratch: a prefix of files for what it prints.
  TestProcess(std::vector<std::string> words, std::string scratch) : scratch_(std::move(scratch)) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const std::string out = scratch_ + ".out";
    const std::string err = scratch_ + ".err";
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, argv.front(), &actions, nullptr, argv.data(), environ), 0) << words.front();
    posix_spawn_file_actions_destroy(&actions);
  }
  ~TestProcess() {
    if (pid_ > 0) kill(SIGKILL);
    if (pid_ > 0) wait();
  }
  TestProcess(const TestProcess&) = delete;
  TestProcess& operator=(const TestProcess&) = delete;

  void kill(int signal) const { ::kill(pid_, signal); }
  // Its exit code, or minus the signal that has ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string out() const { return read_text_file(scratch_ + ".out").value_or(""); }
  std::string err() const { return read_text_file(scratch_ + ".err").value_or(""); }

 private:
  std::string scratch_;
  pid_t pid_ = 0;
};

inline bool wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

}  // namespace podramp::live
