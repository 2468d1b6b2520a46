// Scenario files: JSON (comments allowed) to a Scenario and back. Every mistake is reported at once, each with file,
// line of its key, path, reason and the nearest known key. Reads no files: the caller gives the texts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace podramp::sim {

struct NamedText {
  std::string file;  // for messages
  std::string text;
};

// What the command line changes. Precedence: level default < base < scenario < conf_file < sets (design 3).
struct Overrides {
  std::vector<std::string> sets;               // "PATH=VALUE"; after "conf." the rest up to '=' is one Spark key
  std::optional<NamedText> conf_file;          // a user's spark-defaults.conf, for every application
  std::optional<NamedText> executor_template;  // a pod template for every application, YAML
  std::optional<NamedText> cluster_file;       // kubectl get nodes,pods,resourcequotas,limitranges -A -o json
  std::optional<std::int64_t> executors;       // a target for every application
  std::optional<std::string> compat;
  std::optional<std::string> ns;
  std::optional<std::uint64_t> seed;
};

// Something that a person should know before believing the result; never an error.
struct Warning {
  std::string subject;             // "spark.dynamicAllocation.enabled", "pods kube-system/coredns-1"
  std::string text;                // one sentence: what it means for this run
  bool changes_decisions = false;  // shown in the first lines of stdout
  friend bool operator==(const Warning&, const Warning&) = default;
};

struct Loaded {
  Scenario scenario;
  std::vector<Warning> warnings;
};

// Gives the text of a file that the scenario names ("base", "conf_file", "cluster_file", "executor_template"), or an
// error. May be empty: then a scenario that names another file is an error. Names are relative to the scenario's own
// folder; the reader is given the joined path.
using ReadFile = std::function<Result<std::string>(const std::string& file)>;

tl::expected<Loaded, FieldErrors> load_scenario(const NamedText& source, const ReadFile& read_base,
                                                const Overrides& overrides);
// `podramp run --conf-file F --cluster G` without a scenario: makes one (one application, these executors).
tl::expected<Loaded, FieldErrors> make_scenario(const Overrides& overrides);

// The scenario with all defaults filled, pretty-printed; load_scenario of it gives an equal Scenario.
std::string to_json(const Scenario& scenario);
std::string to_json_line(const Scenario& scenario);  // the same without line breaks, for a log's header

}  // namespace podramp::sim
