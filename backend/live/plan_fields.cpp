#include "backend/live/plan_fields.h"

#include <fmt/format.h>

#include <charconv>

namespace podramp::live {

using yaml::YamlKind;
using yaml::YamlValue;

PlanFields::PlanFields(const YamlValue& object, std::string path, PlanErrors& errors)
    : object_(object), path_(std::move(path)), errors_(errors) {
  if (object.kind != YamlKind::map) {
    errors_.add(object.line, path_, fmt::format("must be an object (got {})", yaml::describe(object)));
  }
}

std::string PlanFields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void PlanFields::error(const YamlValue& at, std::string_view name, std::string message) {
  errors_.add(at.line, path_of(name), std::move(message));
}

const YamlValue* PlanFields::take(std::string_view name) {
  taken_.emplace(name);
  const YamlValue* value = object_.kind == YamlKind::map ? object_.find(name) : nullptr;
  return value == nullptr || value->kind == YamlKind::null ? nullptr : value;
}

std::string PlanFields::text(std::string_view name, std::string otherwise) {
  const YamlValue* value = take(name);
  if (value == nullptr) return otherwise;
  if (value->kind == YamlKind::text) return value->text;
  error(*value, name, fmt::format("must be a string (got {})", yaml::describe(*value)));
  return otherwise;
}

bool PlanFields::flag(std::string_view name, bool otherwise) {
  const YamlValue* value = take(name);
  if (value == nullptr) return otherwise;
  if (value->kind == YamlKind::boolean) return value->text == "true";
  error(*value, name, fmt::format("must be true or false (got {})", yaml::describe(*value)));
  return otherwise;
}

std::optional<DurationUs> PlanFields::duration(std::string_view name) {
  const YamlValue* value = take(name);
  if (value == nullptr) return std::nullopt;
  const auto duration = parse_duration(value->text);
  if (value->kind == YamlKind::text && duration) return *duration;
  error(*value, name, fmt::format("must be a duration such as \"30s\" (got {})", yaml::describe(*value)));
  return std::nullopt;
}

std::optional<std::int64_t> PlanFields::whole(std::string_view name) {
  const YamlValue* value = take(name);
  if (value == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const std::string& text = value->text;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (value->kind == YamlKind::number && code == std::errc{} && end == text.data() + text.size() && number >= 0) {
    return number;
  }
  error(*value, name, fmt::format("must be a whole number, 0 or more (got {})", yaml::describe(*value)));
  return std::nullopt;
}

std::vector<std::string> PlanFields::texts(std::string_view name) {
  std::vector<std::string> all;
  for (const YamlValue& item : list(name)) {
    if (item.kind != YamlKind::text) error(item, name, "must be a list of strings");
    all.push_back(item.text);
  }
  return all;
}

StringMap PlanFields::map(std::string_view name) {
  StringMap all;
  const YamlValue* value = take(name);
  if (value == nullptr) return all;
  if (value->kind != YamlKind::map) error(*value, name, "must be an object of strings");
  for (const YamlValue& item : value->items) {
    if (item.kind != YamlKind::text) error(item, fmt::format("{}.{}", name, item.key), "must be a string");
    all[item.key] = item.text;
  }
  return all;
}

const std::vector<YamlValue>& PlanFields::list(std::string_view name) {
  static const std::vector<YamlValue> kNone;
  const YamlValue* value = take(name);
  if (value == nullptr) return kNone;
  if (value->kind == YamlKind::list) return value->items;
  error(*value, name, fmt::format("must be a list (got {})", yaml::describe(*value)));
  return kNone;
}

std::vector<std::string> PlanFields::finish(const std::set<std::string, std::less<>>& passed_over) {
  std::vector<std::string> passed;
  for (const YamlValue& member : object_.kind == YamlKind::map ? object_.items : std::vector<YamlValue>{}) {
    if (taken_.contains(member.key)) continue;
    if (passed_over.contains(member.key)) {
      passed.push_back(member.key);
    } else {
      error(member, member.key, "is not a field that podramp-live knows; podramp live reads all of a scenario");
    }
  }
  return passed;
}

}  // namespace podramp::live
