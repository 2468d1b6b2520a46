// A real driver's requests laid beside ours: the same creates in the same order and with the same answers, the same
// rounds, the same deletes? Names the first decision that differs. Times are told, never judged: a JVM on a busy
// machine is not a clock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/driver_calls.h"

namespace podramp::sim {

// One kind of decision, in both. The first place where they part counts from 0; absent: one is the other, whole.
struct Aligned {
  std::string what;  // "creates", "rounds", "deletes"
  std::size_t ours = 0;
  std::size_t theirs = 0;
  std::optional<std::size_t> parts_at;
  std::string our_word;  // what stands there: "create 7: 201", "3 executors"; "nothing more"
  std::string their_word;
  bool only_order = false;  // the same ones, in another order
};

struct Verdict {
  std::vector<Aligned> parts;
  std::size_t our_repeats = 0;  // deletes of pods that were deleted before
  std::size_t their_repeats = 0;
  DurationUs our_gap_us = 0;  // median from the end of a round to the begin of the next; 0: there is one round
  DurationUs their_gap_us = 0;
  bool same() const;  // but for the order of deletes
};

// How many creates each round has: a round begins where nothing was asked for half a batch delay. The first create of
// a driver ends none: its client warms up.
std::vector<std::int64_t> rounds_of(const std::vector<DriverCall>& calls, DurationUs delay_us);

Verdict lay_against(const std::vector<DriverCall>& ours, const std::vector<DriverCall>& theirs, DurationUs delay_us);

}  // namespace podramp::sim
