#include "sim/study/study_runner.h"

#include <sched.h>

#include <algorithm>

#include "sim/results.h"
#include "sim/study/analysis.h"
#include "sim/study/progress.h"
#include "sim/study/run_pool.h"

namespace podramp::sim {
namespace {

Outcome simulate(const Prepared& prepared, const std::vector<std::uint64_t>& seeds, const RunKey& key) {
  return prepared.base.run(prepared.study, prepared.variants.at(key.variant),
                           seeds.at(static_cast<std::size_t>(key.replicate)));
}

class Performance {
 public:
  // planned: runs of the whole, those that the journal has included.
  Performance(const Prepared& prepared, std::int64_t jobs, Journal& journal, const std::function<bool()>& stop,
              std::int64_t planned)
      : prepared_(prepared),
        jobs_(jobs),
        journal_(journal),
        stop_(stop),
        seeds_(seeds_of(prepared.study)),
        known_(static_cast<std::int64_t>(journal.outcomes().size())),
        progress_(prepared.study.name, known_, planned - known_) {}

  // Makes those of them that the journal does not have. False: interrupted, or the journal cannot be written.
  bool run(const std::vector<RunKey>& keys) {
    std::vector<RunKey> missing;
    for (const RunKey& key : keys) {
      if (!journal_.outcomes().contains(key)) missing.push_back(key);
    }
    const auto finished = [&](const RunKey& key, const Outcome& outcome) {
      progress_.ended(outcome.exit != 0);
      if (auto written = journal_.append(key, outcome); !written && !error) error = written.error();
    };
    RunPool pool(
        jobs_, [&](const RunKey& key) { return simulate(prepared_, seeds_, key); }, finished);
    const bool whole = pool.run(missing, [&] {
      progress_.show(pool.running());
      return error.has_value() || stop_();
    });
    for (const RunKey& key : keys) {
      const auto known = journal_.outcomes().find(key);
      if (known != journal_.outcomes().end()) performed.outcomes.insert(*known);
    }
    return whole && !error;
  }

  Performed performed;
  std::optional<Error> error;

 private:
  const Prepared& prepared_;
  std::int64_t jobs_;
  Journal& journal_;
  const std::function<bool()>& stop_;
  std::vector<std::uint64_t> seeds_;
  std::int64_t known_;
  StudyProgress progress_;
};

bool go_down_the_rungs(const Prepared& prepared, Performance& performance) {
  const Study& study = prepared.study;
  const std::vector<Rung> rungs = rungs_of(study, prepared.variants.size());
  std::vector<std::size_t> alive(prepared.variants.size());
  for (std::size_t v = 0; v < alive.size(); ++v) alive[v] = v;
  for (const Rung& rung : rungs) {
    Outcomes here;
    if (rung.variants < alive.size()) {
      for (const auto& [key, outcome] : performance.performed.outcomes) {
        if (std::ranges::binary_search(alive, key.variant)) here.emplace(key, outcome);
      }
      alive = survivors(study, here, prepared.variants.size(), rung.variants);
    }
    std::vector<RunKey> keys;
    for (const std::size_t variant : alive) {
      for (std::int64_t replicate = 0; replicate < rung.replicates; ++replicate) keys.push_back({variant, replicate});
    }
    if (!performance.run(keys)) return false;
  }
  return true;
}

}  // namespace

tl::expected<Prepared, FieldErrors> prepare(const std::string& spec_file) {
  const auto text = read_file(spec_file);
  if (!text) return tl::unexpected(FieldErrors{{"", 0, "", text.error().message}});
  auto study = read_study({spec_file, *text});
  if (!study) return tl::unexpected(study.error());
  auto variants = variants_of(*study);
  if (!variants) return tl::unexpected(FieldErrors{{spec_file, 0, "dimensions", variants.error().message}});
  auto base = StudyBase::open(*study, *variants, read_file);
  if (!base) return tl::unexpected(base.error());
  std::string plan = plan_hash(*study, base->hash());
  return Prepared{std::move(*study), std::move(*variants), std::move(*base), std::move(plan)};
}

std::int64_t processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max<std::int64_t>(1, CPU_COUNT(&set));
}

std::vector<std::size_t> survivors(const Study& study, const Outcomes& outcomes, std::size_t variants,
                                   std::size_t keep) {
  std::vector<std::size_t> alive;
  for (const Assessed& one : assess(study, outcomes, variants)) {
    if (alive.size() < keep) alive.push_back(one.variant);
  }
  std::ranges::sort(alive);
  return alive;
}

Result<Performed> perform(const Prepared& prepared, const Shard& shard, std::int64_t jobs, Journal& journal,
                          const std::function<bool()>& stop) {
  Performance performance(prepared, jobs, journal, stop, planned_runs(prepared.study, prepared.variants.size(), shard));
  if (prepared.study.search.kind == SearchKind::halving) {
    CHECK(shard == Shard{});
    performance.performed.complete = go_down_the_rungs(prepared, performance);
  } else {
    const std::vector<RunKey> keys = runs_of(prepared.study, prepared.variants.size(), shard);
    performance.performed.complete = performance.run(keys);
  }
  if (performance.error) return tl::unexpected(*performance.error);
  return std::move(performance.performed);
}

TimedRun time_one_run(const Prepared& prepared) {
  TimedRun timed;
  const std::vector<std::uint64_t> seeds = seeds_of(prepared.study);
  RunPool pool(
      1, [&](const RunKey& key) { return simulate(prepared, seeds, key); },
      [&](const RunKey&, const Outcome& outcome) { timed.outcome = outcome; });
  const std::int64_t started_ms = wall_clock_ms();
  pool.run({{0, 0}}, [] { return false; });
  timed.ms = wall_clock_ms() - started_ms;
  return timed;
}

}  // namespace podramp::sim
