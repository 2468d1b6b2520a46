#include "backend/live/live_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "backend/live/live_options.h"
#include "backend/live/live_report.h"
#include "backend/live/live_run.h"

namespace podramp::live {
namespace {

constexpr int kExitInterrupted = 130;

volatile std::sig_atomic_t g_interrupts = 0;  // set by the signal handler, which can have nothing else

void count_interrupt(int /*signal*/) { g_interrupts = g_interrupts + 1; }

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = count_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void say(const std::string& line) { fmt::print(stderr, "podramp: {}\n", line); }

int refuse(const std::string& why, int exit_code) {
  say(why);
  return exit_code;
}

int refuse(const FieldErrors& errors) {
  for (const FieldError& error : errors) say(to_string(error));
  return kExitBadInput;
}

int report_left(const Sweep& sweep, const std::string& log_path) {
  for (const std::string& error : sweep.errors) say(error);
  if (sweep.left.empty() && sweep.errors.empty()) return kExitFine;
  if (!sweep.left.empty()) say(fmt::format("still there: {}", fmt::join(sweep.left, ", ")));
  say(fmt::format("try again with: --clean-up {}", log_path));
  return kExitCluster;
}

// After a run that could not clean up. The server must be the one that the log names.
int clean_up_command(const LiveOptions& options) {
  const auto origin = log_origin(options.clean_up);
  if (!origin) return refuse(origin.error().message, kExitBadInput);
  const LiveClock clock;
  auto access = ClusterAccess::open(options.kubeconfig, options.context, process_surroundings(), clock.zero());
  if (!access) return refuse(access.error());
  if (access->server() != origin->server) {
    return refuse(fmt::format("the run was on {}, the kubeconfig leads to {}: choose with --kubeconfig and --context",
                              origin->server, access->server()),
                  kExitBadInput);
  }
  catch_signals();
  ClusterClient client(*access, clock);
  SweepSettings settings;
  settings.ns = origin->ns;
  settings.run = origin->run;
  settings.settle_us = kSettleUs;
  settings.give_up = [] { return g_interrupts > 0; };
  const Sweep swept = sweep(client, clock, settings);
  fmt::print("run {} in namespace {}: {} objects deleted, {} left\n", origin->run, origin->ns, swept.deleted,
             swept.left.size());
  return report_left(swept, options.clean_up);
}

int run_command(const LiveOptions& options, const LivePlan& plan, const std::string& run) {
  const LiveClock clock;
  auto access = ClusterAccess::open(options.kubeconfig, options.context, process_surroundings(), clock.zero());
  if (!access) return refuse(access.error());
  const std::string folder = options.out.empty() ? fmt::format("results/live-{}-{}", plan.name, run) : options.out;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  RunSettings settings;
  settings.run = run;
  settings.log_path = folder + "/events.jsonl";
  if (failed) return refuse(fmt::format("cannot make {}: {}", folder, failed.message()), kExitBadInput);
  if (std::filesystem::exists(settings.log_path)) {
    return refuse(fmt::format("{} is there already: the log of a run that may need cleaning up", settings.log_path),
                  kExitBadInput);
  }
  settings.max_pods_by_default = !options.max_pods;
  settings.loop.max_pods = options.max_pods.value_or(kMaxPodsByDefault);
  settings.loop.dry_run = options.dry_run;
  settings.loop.hold_us = options.hold_us;
  settings.loop.interrupts = [] { return static_cast<int>(g_interrupts); };
  settings.ignore_quota = options.ignore_quota;
  settings.say = say;
  for (const std::string& note : plan.notes) say(note);
  catch_signals();
  ClusterClient client(*access, clock);
  const RunOutcome outcome = run_live(client, clock, plan, settings);
  if (!outcome.missing.empty()) {
    say("nothing was started. Missing:");
    for (const std::string& one : outcome.missing) fmt::print(stderr, "  {}\n", one);
    return kExitCluster;
  }
  if (!outcome.began) return refuse(outcome.error, kExitBadInput);
  if (options.json) {
    fmt::print("{}\n", live_report_json(outcome));
  } else if (!outcome.loop.ended.empty()) {
    for (const std::string& line : live_report(outcome, options.dry_run)) fmt::print("{}\n", line);
  }
  const int left = report_left(outcome.sweep, outcome.log_path);
  if (!outcome.error.empty()) return refuse(outcome.error, kExitCluster);
  if (left != kExitFine) return left;
  if (outcome.loop.ended == "interrupted") return kExitInterrupted;
  return options.dry_run || reached_targets(outcome.loop) ? kExitFine : kExitFailed;
}

}  // namespace

int live_command(const std::vector<std::string>& arguments, const std::string& program, const PlanReader& read) {
  const auto options = parse_live_options(arguments);
  if (!options) return refuse(options.error().message, kExitBadInput);
  if (options->help) {
    fmt::print("{}", live_help(program));
    return kExitFine;
  }
  if (!options->clean_up.empty()) return clean_up_command(*options);
  const std::string run = new_run_id();
  const auto plan = read({options->scenario, run, options->ns, options->dry_run});
  if (!plan) return refuse(plan.error());
  return run_command(*options, *plan, run);
}

}  // namespace podramp::live
