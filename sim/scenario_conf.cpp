#include "sim/scenario_conf.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/conf.h"
#include "backend/redaction.h"
#include "backend/spark_defaults.h"

namespace podramp::sim {
namespace {

using backend::ConfWarning;
using backend::ConfWarningKind;

Warning as_warning(const ConfWarning& warning) {
  std::string text = warning.text;
  if (!warning.file.empty() && warning.line > 0) text += fmt::format(" ({}:{})", warning.file, warning.line);
  return {warning.key, std::move(text), warning.kind == ConfWarningKind::not_modelled};
}

// Does the scenario's cluster have a scheduler of this name?
bool is_served(const ReadState& state, const std::string& scheduler) {
  const auto& schedulers = state.scenario.cluster.schedulers;
  return std::ranges::find(schedulers, scheduler, &fakeapi::OtherScheduler::name) != schedulers.end();
}

void add_once(std::vector<Warning>& warnings, Warning warning) {
  if (std::ranges::find(warnings, warning) == warnings.end()) warnings.push_back(std::move(warning));
}

}  // namespace

void read_conf(ReadState& state, ObjectReader& application, ApplicationSpec& into) {
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;  // whose mistake it is depends on where the key was written
  options.path_prefix = application.path_of("conf") + ".";
  const JsonValue* conf = application.find("conf");
  if (conf != nullptr && conf->kind == JsonKind::object) {
    for (const JsonValue& item : conf->items) {
      options.places[item.key] = {state.reading.sources.at(static_cast<std::size_t>(item.source)).name, item.line};
    }
  }
  if (state.overrides->executors) options.places["spark.executor.instances"] = {"--executors", 0};
  const backend::ConfOutcome outcome = backend::make_conf(into.conf, into.compat, options);
  FieldErrors& errors = state.reading.errors;
  errors.insert(errors.end(), outcome.errors.begin(), outcome.errors.end());
  for (const ConfWarning& warning : outcome.warnings) {
    const JsonValue* item = conf == nullptr ? nullptr : conf->find(warning.key);
    const bool own_file = item != nullptr && state.reading.kind_of(*item) == SourceKind::conf_file;
    if (warning.key.ends_with("scheduler.name") && is_served(state, into.conf[warning.key])) continue;
    if (warning.kind != ConfWarningKind::unknown_kubernetes_key) {
      add_once(state.warnings, as_warning(warning));
    } else if (own_file) {
      Warning left_out = as_warning(warning);
      left_out.text += "; left out";
      add_once(state.warnings, std::move(left_out));
      into.conf.erase(warning.key);
    } else {
      const backend::ConfPlace place = options.places[warning.key];
      errors.push_back({place.file, place.line, options.path_prefix + warning.key, warning.text});
    }
  }
  const bool readable = conf == nullptr || conf->kind == JsonKind::object;
  if (readable && outcome.conf && outcome.conf->executor_image.empty()) {
    application.error("conf", "no image for executors; set spark.kubernetes.container.image");
  }
  if (outcome.conf && outcome.conf->dynamic_allocation && !into.workload) {
    add_once(state.warnings,
             {"spark.dynamicAllocation.enabled",
              "without a workload there is no load to follow: the executor count is the scenario's demand", true});
  }
  into.conf = backend::redacted(into.conf);
}

std::vector<ConfLine> read_conf_lines(ReadState& state, const NamedText& source) {
  auto parsed = backend::read_spark_defaults(source.text, source.file);
  state.reading.errors.insert(state.reading.errors.end(), parsed.errors.begin(), parsed.errors.end());
  for (const ConfWarning& warning : parsed.warnings) add_once(state.warnings, as_warning(warning));
  std::vector<ConfLine> lines;
  for (const auto& [key, value] : parsed.conf) lines.push_back({key, value, parsed.places[key].line});
  return lines;
}

std::string application_name_of(const NamedText& conf_file) {
  const auto parsed = backend::read_spark_defaults(conf_file.text, conf_file.file);
  const auto written = parsed.conf.find("spark.app.name");
  return as_application_name(written == parsed.conf.end() ? "" : written->second);
}

std::string as_application_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool allowed = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (allowed) {
      name += lower;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name = name.substr(0, 50);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "app" : name;
}

std::string executor_image(const ApplicationSpec& application) {
  for (const char* key : {"spark.kubernetes.executor.container.image", "spark.kubernetes.container.image"}) {
    const auto at = application.conf.find(key);
    if (at != application.conf.end()) return at->second;
  }
  return "";
}

}  // namespace podramp::sim
