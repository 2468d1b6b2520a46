#include "sim/scenario_template.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/pod_steps.h"
#include "backend/yaml/pod_manifest.h"

namespace podramp::sim {
namespace {

using nlohmann::json;

constexpr std::string_view kKey = "executor_template";
constexpr std::string_view kFileKey = "spark.kubernetes.executor.podTemplateFile";
constexpr std::string_view kContainerKey = "spark.kubernetes.executor.podTemplateContainerName";

// A parsed value as JSON again.
json json_of(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::null: return nullptr;
    case JsonKind::string: return value.text;
    case JsonKind::boolean:
    case JsonKind::number: return json::parse(value.text);
    case JsonKind::array: {
      json list = json::array();
      for (const JsonValue& item : value.items) list.push_back(json_of(item));
      return list;
    }
    case JsonKind::object: break;
  }
  json object = json::object();
  for (const JsonValue& item : value.items) object[item.key] = json_of(item);
  return object;
}

// The template of a file as a value of the scenario; absent after a mistake.
std::optional<JsonValue> template_value(ReadState& state, const NamedText& file) {
  const auto pod = yaml::read_pod_manifest(file.text, file.file);
  if (!pod) {
    for (FieldError error : pod.error()) {
      error.message = "could not load pod from template file: " + error.message;
      state.reading.errors.push_back(std::move(error));
    }
    return std::nullopt;
  }
  ParseOptions options;
  options.source = state.reading.add_source(file.file, SourceKind::scenario);
  options.depth_max = 100;
  return parse_json(file.file, yaml::manifest_json(file.text), options).root;
}

void put(JsonValue& application, JsonValue value) {
  value.key = std::string(kKey);
  JsonValue* there = application.find(kKey);
  if (there == nullptr) {
    application.items.push_back(std::move(value));
  } else {
    *there = std::move(value);
  }
}

std::string conf_value(const ApplicationSpec& application, std::string_view key) {
  const auto it = application.conf.find(std::string(key));
  return it == application.conf.end() ? "" : it->second;
}

}  // namespace

std::string json_text(const JsonValue& value) { return json_of(value).dump(); }

void load_template_files(ReadState& state, JsonValue& root, const ReadFile& read_file) {
  JsonValue* applications = root.find("applications");
  if (applications == nullptr || applications->kind != JsonKind::array) return;
  std::optional<JsonValue> given;
  if (state.overrides->executor_template) given = template_value(state, *state.overrides->executor_template);
  for (std::size_t i = 0; i < applications->items.size(); ++i) {
    JsonValue& application = applications->items[i];
    if (application.kind != JsonKind::object) continue;
    if (given) {
      put(application, *given);
      continue;
    }
    const JsonValue* named = application.find(kKey);
    if (named == nullptr || named->kind != JsonKind::string) continue;
    const std::string path = fmt::format("applications[{}].{}", i, kKey);
    const std::string file = beside(state.reading.sources.front().name, named->text);
    const Result<std::string> text = read_file ? read_file(file) : tl::unexpected(Error{"cannot be read from here"});
    std::optional<JsonValue> value;
    if (text) {
      value = template_value(state, {file, *text});
    } else {
      state.reading.error(*named, path, "could not load pod from template file: " + text.error().message);
    }
    put(application, value.value_or(JsonValue{}));
  }
}

void read_template(ReadState& state, ObjectReader& application, ApplicationSpec& into) {
  const JsonValue* value = application.find(kKey);
  const std::string named = conf_value(into, kFileKey);
  if (value == nullptr || value->kind == JsonKind::null) {
    if (named.empty()) return;
    state.warn(std::string(kFileKey),
               fmt::format("\"{}\" is not read here, executor pods have Spark's own fields only; give the file as "
                           "executor_template in the scenario, or with --template",
                           named),
               true);
    return;
  }
  if (into.compat == backend::Compat::fork_2_2) {
    state.warn(application.path_of(kKey), "is left out: the fork of Spark 2.2 has no pod templates", true);
    return;
  }
  if (value->kind != JsonKind::object) {
    application.error(kKey, fmt::format("must be a file's name or a Pod (got {})", describe(*value)));
    return;
  }
  into.executor_template = json_text(*value);
  const std::string path = application.path_of(kKey);
  const auto pod = yaml::read_pod_manifest(into.executor_template, path);
  if (!pod) {
    for (const FieldError& error : pod.error()) {
      state.reading.error(*value, fmt::format("{}.{}", path, error.path), error.message);
    }
    return;
  }
  std::optional<std::string> container;
  if (into.conf.contains(std::string(kContainerKey))) container = conf_value(into, kContainerKey);
  if (std::string text = backend::container_warning(*pod, container); !text.empty()) {
    state.warn(std::string(kContainerKey), std::move(text));
  }
}

}  // namespace podramp::sim
