// podramp fuzz: seed after seed, each a swarm scenario in a process of its own, until the seeds or the time are over or
// something has failed. Then which probes and fault points were reached.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "sim/fuzz/commands.h"
#include "sim/fuzz/coverage.h"
#include "sim/fuzz/swarm.h"
#include "sim/fuzz/trial.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSeedsMax = 1'000'000'000;
constexpr std::int64_t kJobsMax = 256;
constexpr std::int64_t kDefaultSeeds = 200;

const std::vector<OptionSpec>& fuzz_option_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"seeds", "N", "so many seeds (default 200, without --time)"},
      {"from", "SEED", "the first seed (default 1)"},
      {"time", "60s", "start no new seed after so much wall clock"},
      {"jobs", "N", "so many runs beside each other (default: one for each core)"},
      {"out", "DIR", "write the scenario of the seed that fails here (default results/fuzz)"},
      {"print", "", "print the scenario of the first seed and run nothing"},
      {"all-probes", "", "exit 1 as well when a probe or fault point was not reached"},
  };
  return kSpecs;
}

struct Plan {
  std::uint64_t from = 1;
  std::uint64_t seeds = 0;
  std::optional<DurationUs> time_us;
  std::size_t jobs = 1;
  std::string out;
};

Result<Plan> read_plan(const ParsedOptions& options) {
  Plan plan;
  const auto seeds = whole_number(options, "seeds", 1, kSeedsMax);
  if (!seeds) return tl::unexpected(seeds.error());
  const auto from = whole_number(options, "from", 0, INT64_MAX - kSeedsMax);
  if (!from) return tl::unexpected(from.error());
  const auto jobs = whole_number(options, "jobs", 1, kJobsMax);
  if (!jobs) return tl::unexpected(jobs.error());
  if (const auto text = options.value("time")) {
    const auto time = parse_duration(*text);
    if (!time) return tl::unexpected(Error{fmt::format("--time {}: {}", *text, time.error().message)});
    plan.time_us = *time;
  }
  plan.from = static_cast<std::uint64_t>(from->value_or(1));
  plan.seeds = static_cast<std::uint64_t>(seeds->value_or(plan.time_us ? kSeedsMax : kDefaultSeeds));
  plan.jobs = static_cast<std::size_t>(jobs->value_or(std::max(1U, std::thread::hardware_concurrency())));
  plan.out = options.value("out").value_or("results/fuzz");
  return plan;
}

struct Findings {
  Coverage coverage;
  std::uint64_t runs = 0;
  double took_s = 0;
  std::optional<TrialPool::Done> failure;  // of the lowest seed that failed
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Findings look(const Plan& plan) {
  Findings found;
  const auto start = Clock::now();
  ProgressLine progress("fuzz");
  TrialPool pool;
  std::uint64_t next = plan.from;
  const auto more = [&] {
    return !found.failure && !interrupted() && next - plan.from < plan.seeds &&
           (!plan.time_us || seconds_since(start) * 1e6 < static_cast<double>(*plan.time_us));
  };
  while (more() || pool.running() > 0) {
    while (more() && pool.running() < plan.jobs) {
      const std::uint64_t seed = next++;
      pool.start(seed, [seed] { return swarm_run(seed); });
    }
    TrialPool::Done done = pool.wait();
    ++found.runs;
    found.coverage.add(done.trial.coverage);
    if (done.trial.failed() && (!found.failure || done.id < found.failure->id)) found.failure = std::move(done);
    progress.show(static_cast<TimeUs>(seconds_since(start) * 1e6), plan.time_us.value_or(0));
  }
  found.took_s = seconds_since(start);
  return found;
}

void print_reached(const Coverage& coverage) {
  std::vector<std::string> points;
  for (const auto& [point, n] : coverage.points) points.push_back(fmt::format("{} {}", point, n));
  std::size_t reached = 0;
  for (const std::string_view type : probes()) reached += coverage.events.contains(std::string(type)) ? 1 : 0;
  fmt::print("events: {} of {} types, refusals: {} kinds\n", reached, probes().size(), coverage.refusals.size());
  fmt::print("fault points: {}\n", points.empty() ? "none" : fmt::format("{}", fmt::join(points, ", ")));
  const std::vector<std::string> missing = unreached(coverage);
  if (!missing.empty()) fmt::print("not reached: {}\n", fmt::join(missing, ", "));
}

int tell_failure(const Plan& plan, const TrialPool::Done& failure) {
  const std::uint64_t seed = failure.id;
  const SwarmRun run = swarm_run(seed);
  std::error_code ignored;
  std::filesystem::create_directories(plan.out, ignored);
  const std::string file = fmt::format("{}/fuzz-{}.json", plan.out, seed);
  fmt::print("seed {} failed: {}: {}\n", seed, failure.trial.property, failure.trial.detail);
  if (auto written = write_file(file, run.scenario); !written) return complain(written.error().message);
  fmt::print("run it:    podramp run {} --engine fluid{}\n", file, run.ties_shuffled ? " --ties shuffled" : "");
  fmt::print("shrink it: podramp shrink --fuzz {}\n", seed);
  return kExitFailed;
}

}  // namespace

int fuzz_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, fuzz_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp fuzz [--seeds N] [--from SEED] [--time 60s] [options]",
                               "Runs drawn scenarios until one breaks a property; docs/fuzz.md.", fuzz_option_specs(),
                               "podramp fuzz --time 60s"));
    return kExitFine;
  }
  if (!options->positional().empty()) return complain("fuzz takes no file; see podramp fuzz --help");
  const auto plan = read_plan(*options);
  if (!plan) return complain(plan.error().message);
  if (options->has("print")) {
    fmt::print("{}", swarm_run(plan->from).scenario);
    return kExitFine;
  }
  catch_interrupts();
  const Findings found = look(*plan);
  fmt::print("{} seeds from {} in {:.1f} s, {:.1f} a second\n", found.runs, plan->from, found.took_s,
             static_cast<double>(found.runs) / std::max(found.took_s, 1e-3));
  print_reached(found.coverage);
  if (found.failure) return tell_failure(*plan, *found.failure);
  if (interrupted()) return 130;
  if (options->has("all-probes") && !unreached(found.coverage).empty()) return kExitFailed;
  return kExitFine;
}

const std::vector<Command>& fuzz_commands() {
  static const std::vector<Command> kCommands{
      {"fuzz", "drawn scenarios with faults, until one breaks a property", fuzz_command},
      {"shrink", "the smallest scenario that fails in the same way", shrink_command},
  };
  return kCommands;
}

}  // namespace podramp::sim
