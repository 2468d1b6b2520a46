#include "sim/scenario_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace podramp::sim {
namespace {

constexpr std::array<std::string_view, 5> kVerbatimKeys{"conf", "labels", "hard", "node_selector", "resources"};

JsonValue make_object(std::string key, int source, int line) {
  JsonValue value;
  value.kind = JsonKind::object;
  value.source = source;
  value.line = line;
  value.key = std::move(key);
  return value;
}

JsonValue& member(JsonValue& object, std::string_view key, int source) {
  if (JsonValue* found = object.find(key)) return *found;
  object.items.push_back(make_object(std::string(key), source, 0));
  return object.items.back();
}

// What was typed after '=': JSON when it reads as JSON, else a string.
JsonValue parse_option_value(const std::string& text, int source) {
  ParseOptions options;
  options.source = source;
  Parsed parsed = parse_json("", text, options);
  JsonValue value;
  if (parsed.usable) {
    value = std::move(parsed.root);
  } else {
    value.kind = JsonKind::string;
    value.text = text;
    value.source = source;
  }
  if (value.is_scalar()) {
    if (value.kind != JsonKind::string) value.text = text;
    value.from_option = true;
  }
  value.line = 0;
  return value;
}

// Takes the next step off the front of `rest`: up to a dot or an opening bracket.
std::string take_step(std::string_view& rest) {
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    std::string step(rest.substr(1, close == std::string_view::npos ? close : close - 1));
    rest = close == std::string_view::npos ? "" : rest.substr(close + 1);
    if (rest.starts_with('.')) rest.remove_prefix(1);
    return step;
  }
  const std::size_t end = rest.find_first_of(".[");
  std::string step(rest.substr(0, end));
  rest = end == std::string_view::npos ? "" : rest.substr(end + (rest[end] == '.' ? 1 : 0));
  return step;
}

}  // namespace

void merge_base(JsonValue& over, JsonValue base) {
  for (JsonValue& from : base.items) {
    JsonValue* into = over.find(from.key);
    if (into == nullptr) {
      over.items.push_back(std::move(from));
    } else if (into->kind == JsonKind::object && from.kind == JsonKind::object) {
      for (JsonValue& inner : from.items) {
        if (into->find(inner.key) == nullptr) into->items.push_back(std::move(inner));
      }
    }
  }
}

void merge_conf(JsonValue& root, const std::vector<ConfLine>& lines, int source, ConfLayer layer) {
  JsonValue* applications = root.find("applications");
  if (applications == nullptr || applications->kind != JsonKind::array) return;
  for (JsonValue& application : applications->items) {
    if (application.kind != JsonKind::object) continue;
    JsonValue& conf = member(application, "conf", source);
    if (conf.kind != JsonKind::object) continue;
    for (const ConfLine& line : lines) {
      JsonValue value;
      value.kind = JsonKind::string;
      value.source = source;
      value.line = line.line;
      value.key = line.key;
      value.text = line.value;
      JsonValue* there = conf.find(line.key);
      if (there == nullptr) {
        conf.items.push_back(std::move(value));
      } else if (layer == ConfLayer::above) {
        *there = std::move(value);
      }
    }
  }
}

void apply_set(Reading& reading, JsonValue& root, const std::string& set) {
  const int source = reading.add_source("--set " + set, SourceKind::option);
  JsonValue place;
  place.source = source;
  const std::size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0) {
    reading.error(place, "", "must be PATH=VALUE, such as applications.0.conf.spark.executor.cores=4");
    return;
  }
  std::string_view rest = std::string_view(set).substr(0, equals);
  std::string path;
  JsonValue* at = &root;
  bool verbatim = false;
  while (!rest.empty()) {
    std::string step = verbatim ? std::string(rest) : take_step(rest);
    if (verbatim) rest = "";
    if (at->kind == JsonKind::array) {
      std::size_t index = 0;
      const auto [end, code] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (code != std::errc{} || end != step.data() + step.size() || index >= at->items.size()) {
        reading.error(place, path,
                      at->items.empty()
                          ? fmt::format("is an empty list, so there is no \"{}\" in it", step)
                          : fmt::format("is a list, so what follows must be a number from 0 to {} (got \"{}\")",
                                        at->items.size() - 1, step));
        return;
      }
      path += fmt::format("[{}]", index);
      at = &at->items[index];
      continue;
    }
    if (at->kind != JsonKind::object) {
      reading.error(place, path, fmt::format("is {}, so there is no \"{}\" in it", describe(*at), step));
      return;
    }
    path += (path.empty() ? "" : ".") + step;
    at = &member(*at, step, source);
    verbatim = !verbatim && std::ranges::find(kVerbatimKeys, step) != kVerbatimKeys.end();
  }
  JsonValue value = parse_option_value(set.substr(equals + 1), source);
  value.key = at->key;
  *at = std::move(value);
}

}  // namespace podramp::sim
