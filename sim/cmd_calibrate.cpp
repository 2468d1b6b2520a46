// podramp calibrate: latency models from the logs of runs, mostly live ones.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/calibration_json.h"
#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/log_reader.h"
#include "sim/observed_pods.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

// Errors: the log cannot be read.
Result<bool> observe(const std::string& path, ObservedPods& pods, bool& live) {
  auto log = LogReader::open(log_of(path));
  if (!log) return tl::unexpected(log.error());
  live = live || log->header().engine == "live";
  PodMemory memory(false);
  for (;;) {
    const auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) return true;
    pods.append((*event)->ref(), memory);
  }
}

std::string millis(DurationUs us) { return fmt::format("{}.{:03}s", us / kSecondUs, us % kSecondUs / 1000); }

void print(const Calibration& calibration) {
  fmt::print("{:<6} {:>7}  {:>9} {:>9}  {:>9} {:>9}  {:>5}  {}\n", "", "samples", "p50", "model", "p95", "model",
             "error", "measured");
  for (const LatencyFit& fit : calibration.fits) {
    fmt::print("{:<6} {:>7}  {:>9} {:>9}  {:>9} {:>9}  {:>3} %  {}\n", fit.name, fit.samples, millis(fit.p50_us),
               millis(fit.model_p50_us), millis(fit.p95_us), millis(fit.model_p95_us), (fit.error_permille + 5) / 10,
               fit.from);
  }
  for (const std::string& why : calibration.left) fmt::print("left   {}\n", why);
}

}  // namespace

int calibrate_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{
      {"out", "F", "write the profile there (default: print what was found only)"},
      {"base", "PROFILE", "what is not measured is as in this one (default k8s-1.32)"},
      {"force", "", "overwrite the file"},
      {"json", "", "what was found as JSON"},
  };
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp calibrate LOG... [--out PROFILE.json]",
                               "Fits latency models to what drivers saw in these runs, and says how well they fit.",
                               specs, "podramp calibrate results/live-small-r-1 --out scenarios/ours.json"));
    return kExitFine;
  }
  if (options->positional().empty()) return complain("calibrate takes logs or results folders");
  const std::string base = options->value("base").value_or("k8s-1.32");
  const auto profile = fakeapi::find_profile(base);
  if (!profile) {
    return complain(
        fmt::format("--base: there is no profile \"{}\"; known are {}", base, fmt::join(fakeapi::kProfileNames, ", ")));
  }
  ObservedPods pods;
  bool live = false;
  for (const std::string& path : options->positional()) {
    if (const auto read = observe(path, pods, live); !read) return complain(read.error().message);
  }
  const Calibration calibration = calibrate(pods.observed(), fakeapi::Latencies{}, live);
  if (calibration.fits.empty()) {
    return complain(fmt::format("too little happened in these runs: {}", fmt::join(calibration.left, "; ")));
  }
  if (const auto path = options->value("out")) {
    if (!options->has("force") && read_file(*path)) {
      return complain(fmt::format("{} is there already; --force overwrites it", *path));
    }
    const auto written = write_file(*path, calibrated_profile(calibration, base, options->positional().size()));
    if (!written) return complain(written.error().message);
  }
  if (options->has("json")) {
    fmt::print("{}", calibration_json(calibration));
  } else {
    print(calibration);
  }
  return kExitFine;
}

}  // namespace podramp::sim
