// One run of a scenario's text with the fluid engine and no log, and whether anything failed. In a process of its own,
// so that a CHECK, a crash or an endless loop is a failure like others.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/fuzz/coverage.h"
#include "sim/fuzz/swarm.h"

namespace podramp::sim {

// Besides the names of properties.h.
inline constexpr std::string_view kNoCrash = "no_crash";           // a CHECK, an exception, a signal
inline constexpr std::string_view kTimeMovesOn = "time_moves_on";  // a livelock, or more than a minute of wall clock
inline constexpr std::string_view kReadable = "scenario_is_valid";

struct Trial {
  std::string property;  // that failed first; "": none
  std::string detail;
  Coverage coverage;
  bool failed() const { return !property.empty(); }
};

// Here and now.
Trial run_trial(const SwarmRun& run);

// Runs trials beside each other, each in a child process.
class TrialPool {
 public:
  struct Done {
    std::uint64_t id;
    Trial trial;
  };

  TrialPool() = default;
  ~TrialPool();  // ends what still runs
  TrialPool(const TrialPool&) = delete;
  TrialPool& operator=(const TrialPool&) = delete;

  // id: the caller's name for it. make: the run, made in the child.
  void start(std::uint64_t id, const std::function<SwarmRun()>& make);
  std::size_t running() const { return children_.size(); }
  // The next that ends; running() > 0.
  Done wait();

 private:
  struct Child {
    std::uint64_t id;
    pid_t process;
    std::string said;
  };
  std::map<int, Child> children_;  // by the pipe it speaks into
};

Trial isolated(const SwarmRun& run);

}  // namespace podramp::sim
