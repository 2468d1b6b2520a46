// Simulations in child processes, so many at a time: a process holds one SimGrid engine, and a crash takes only its own
// run along. What a child prints on stderr becomes the error of its run. Knows nothing of journals and files.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/study/outcome.h"

namespace podramp::sim {

class RunPool {
 public:
  using Simulate = std::function<Outcome(const RunKey&)>;               // in the child
  using Finished = std::function<void(const RunKey&, const Outcome&)>;  // in the parent, in the order of the ends
  // jobs: processes at a time, at least one.
  RunPool(std::int64_t jobs, Simulate simulate, Finished finished);
  ~RunPool();  // ends the children that are alive
  RunPool(const RunPool&) = delete;
  RunPool& operator=(const RunPool&) = delete;

  // Runs them all, started in this order. stop: asked a few times a second; true ends the children and returns false.
  bool run(const std::vector<RunKey>& keys, const std::function<bool()>& stop);
  std::int64_t running() const { return static_cast<std::int64_t>(children_.size()); }

 private:
  struct Child {
    RunKey key;
    pid_t pid = 0;
    int pipe = -1;
    std::string said;  // the outcome's line, and what went to stderr
  };
  void start(const RunKey& key);
  bool drain(Child& child);  // false: it has closed its pipe
  void wait_some();
  static Outcome outcome_of(const Child& child, int status);

  std::int64_t jobs_;
  Simulate simulate_;
  Finished finished_;
  std::vector<Child> children_;
};

}  // namespace podramp::sim
