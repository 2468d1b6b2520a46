// Runs a study, or a shard of it, on this machine: asks the journal what is done, lets the pool do the rest, and goes
// down the rungs of successive halving. Prints only progress.
#pragma once

#include "sim/study/journal.h"
#include "sim/study/study_base.h"

namespace podramp::sim {

// A study that can be run: spec, variants, scenario.
struct Prepared {
  Study study;
  std::vector<Variant> variants;
  StudyBase base;
  std::string plan;
};
tl::expected<Prepared, FieldErrors> prepare(const std::string& spec_file);

// Processors that this process may use.
std::int64_t processors();

struct Performed {
  bool complete = false;  // false: interrupted; what is done is in the journal
  Outcomes outcomes;      // of the runs that were asked for
};
// Errors: the journal cannot be written.
Result<Performed> perform(const Prepared& prepared, const Shard& shard, std::int64_t jobs, Journal& journal,
                          const std::function<bool()>& stop);

// Successive halving: who goes on after a rung with these outcomes, in the order of the variants.
std::vector<std::size_t> survivors(const Study& study, const Outcomes& outcomes, std::size_t variants,
                                   std::size_t keep);

// One run, in a process of its own, and how long it took; the first variant with the first seed.
struct TimedRun {
  Outcome outcome;
  std::int64_t ms = 0;
};
TimedRun time_one_run(const Prepared& prepared);

}  // namespace podramp::sim
