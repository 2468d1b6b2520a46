#include "backend/live/live_options.h"

#include <fmt/format.h>

#include <charconv>

namespace podramp::live {
namespace {

Result<std::int64_t> whole(const std::string& name, const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc{} && end == text.data() + text.size() && number >= 1) return number;
  return tl::unexpected(Error{fmt::format("--{} \"{}\": a whole number of at least 1 is expected", name, text)});
}

// True when the option was one with a value and has been taken.
Result<bool> take_value(const std::string& name, const std::string& value, LiveOptions& into) {
  if (name == "clean-up") {
    into.clean_up = value;
  } else if (name == "kubeconfig") {
    into.kubeconfig = value;
  } else if (name == "context") {
    into.context = value;
  } else if (name == "namespace") {
    into.ns = value;
  } else if (name == "out") {
    into.out = value;
  } else if (name == "max-pods") {
    const auto number = whole(name, value);
    if (!number) return tl::unexpected(number.error());
    into.max_pods = *number;
  } else if (name == "hold") {
    const auto duration = parse_duration(value);
    if (!duration) return tl::unexpected(Error{fmt::format("--hold: {}", duration.error().message)});
    into.hold_us = *duration;
  } else {
    return tl::unexpected(Error{fmt::format("there is no option --{}; see --help", name)});
  }
  return true;
}

}  // namespace

Result<LiveOptions> parse_live_options(const std::vector<std::string>& arguments) {
  LiveOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help" || word == "-h") {
      options.help = true;
    } else if (word == "--dry-run") {
      options.dry_run = true;
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--over-quota") {
      options.ignore_quota = true;
    } else if (!word.starts_with("--")) {
      if (!options.scenario.empty()) return tl::unexpected(Error{"one scenario is expected; see --help"});
      options.scenario = word;
    } else {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      if (equals == std::string::npos && i + 1 == arguments.size()) {
        return tl::unexpected(Error{fmt::format("--{} needs a value, or is no option; see --help", name)});
      }
      const auto taken =
          take_value(name, equals == std::string::npos ? arguments[++i] : word.substr(equals + 1), options);
      if (!taken) return tl::unexpected(taken.error());
    }
  }
  if (!options.help && options.scenario.empty() == options.clean_up.empty()) {
    return tl::unexpected(Error{"name a scenario, or a log with --clean-up; see --help"});
  }
  return options;
}

std::string live_help(const std::string& program) {
  return fmt::format(
      R"(usage: {0} SCENARIO.json [options] | {0} --clean-up LOG [options]

Runs applications against a real cluster: Spark's own decisions, stand-in pods.
All that it makes has a label and is deleted at the end, whatever the end is.

  --kubeconfig F   else $KUBECONFIG, ~/.kube/config, or the pod's own account
  --context C      of the kubeconfig; default its current one
  --namespace N    where all is made; needed unless the scenario names one
  --max-pods N     never more pods at once (default {1})
  --dry-run        the server decides on creates and makes nothing; one round
  --over-quota     go on though the quotas have no room for all of it
  --hold D         so long the targets must be met before it ends (default 10s)
  --out DIR        folder of the log (default results/live-SCENARIO-RUN)
  --clean-up LOG   delete what an interrupted run left; needs the log's 1st line
  --json           the report for machines

Exit codes: 0 fine, 1 a target was not reached, 2 bad input, 4 the cluster
refuses or cannot be reached, 130 interrupted.

example: {0} scenarios/live/small.json --namespace spark-test
)",
      program, kMaxPodsByDefault);
}

}  // namespace podramp::live
