#include "backend/port/fields_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace podramp {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  constexpr std::size_t kShownMax = 60;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "...";
  return text;
}

void merge_objects(json& into, const json& extra) {
  for (const auto& [name, value] : extra.items()) {
    const auto there = into.find(name);
    if (there == into.end()) {
      into[name] = value;
    } else if (there->is_object() && value.is_object()) {
      merge_objects(*there, value);
    }
  }
}

}  // namespace

JsonFields::JsonFields(const json& value, std::string path, JsonReading& reading)
    : value_(&value), name_(std::move(path)), reading_(reading) {
  if (value.is_object()) return;
  reading_.errors.push_back({"", 0, name_, fmt::format("must be an object (got {})", shown(value))});
  value_ = nullptr;
}

JsonFields::JsonFields(JsonFields& around, std::string_view name)
    : value_(around.take(name)), around_(&around), name_(name), reading_(around.reading_) {
  if (value_ == nullptr || value_->is_object()) return;
  around.wrong_type(name, "an object", *value_);
  value_ = nullptr;
}

JsonFields::~JsonFields() {
  if (around_ == nullptr || value_ == nullptr) return;
  json left = rest();
  if (!left.empty()) around_->keep(name_, left);
}

void JsonFields::keep(std::string_view name, const json& value) {
  if (put_back_ == nullptr) put_back_ = std::make_unique<json>(json::object());
  (*put_back_)[std::string(name)] = value;
}

std::string JsonFields::path_of(std::string_view name) const {
  std::string path = around_ == nullptr ? name_ : around_->path_of(name_);
  if (!path.empty()) path += '.';
  return path.append(name);
}

void JsonFields::error(std::string_view name, std::string message) {
  reading_.errors.push_back({"", 0, path_of(name), std::move(message)});
}

void JsonFields::wrong_type(std::string_view name, std::string_view expected, const json& got) {
  error(name, fmt::format("must be {} (got {})", expected, shown(got)));
}

bool JsonFields::has(std::string_view name) const {
  if (value_ == nullptr) return false;
  const auto found = value_->find(name);
  return found != value_->end() && !found->is_null();
}

const json* JsonFields::take(std::string_view name) {
  if (value_ == nullptr) return nullptr;
  const auto found = value_->find(name);
  if (found == value_->end()) return nullptr;
  taken_.emplace_back(name);
  return found->is_null() ? nullptr : &*found;
}

std::string JsonFields::text(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return "";
  if (const auto* text = member->get_ptr<const std::string*>()) return *text;
  wrong_type(name, "a string", *member);
  return "";
}

std::string JsonFields::quantity(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return "";
  if (const auto* text = member->get_ptr<const std::string*>()) return *text;
  if (member->is_number()) return member->dump();
  wrong_type(name, "a quantity", *member);
  return "";
}

bool JsonFields::flag(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return false;
  if (const auto* flag = member->get_ptr<const bool*>()) return *flag;
  wrong_type(name, "true or false", *member);
  return false;
}

std::optional<std::int64_t> JsonFields::whole(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return std::nullopt;
  const bool fits = member->is_number_integer() &&
                    (!member->is_number_unsigned() || member->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (fits) return member->get<std::int64_t>();
  wrong_type(name, "a whole number", *member);
  return std::nullopt;
}

std::optional<TimeUs> JsonFields::time(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->get_ptr<const std::string*>();
  const auto time = text == nullptr ? std::nullopt : parse_wall_time(*text, reading_.zero);
  if (!time) wrong_type(name, "a time such as \"2026-01-01T00:00:00Z\"", *member);
  return time;
}

std::uint64_t JsonFields::version(std::string_view name) {
  const json* member = take(name);
  if (member == nullptr) return 0;
  std::uint64_t version = 0;
  if (const auto* text = member->get_ptr<const std::string*>()) {
    const char* end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, version);
    if (text->empty() || (code == std::errc{} && stop == end)) return version;
  }
  wrong_type(name, "a resource version, digits in a string", *member);
  return 0;
}

std::vector<std::string> JsonFields::texts(std::string_view name) {
  std::vector<std::string> all;
  each(name, [&](const json& item, const std::string& path) {
    if (const auto* text = item.get_ptr<const std::string*>()) {
      all.push_back(*text);
    } else {
      reading_.errors.push_back({"", 0, path, fmt::format("must be a string (got {})", shown(item))});
    }
  });
  return all;
}

StringMap JsonFields::texts_by_name(std::string_view name, bool numbers) {
  StringMap all;
  const json* member = take(name);
  if (member == nullptr) return all;
  if (!member->is_object()) {
    wrong_type(name, "an object", *member);
    return all;
  }
  for (const auto& [key, item] : member->items()) {
    if (const auto* text = item.get_ptr<const std::string*>()) {
      all.emplace(key, *text);
    } else if (item.is_null()) {
      all.emplace(key, "");
    } else if (numbers && item.is_number()) {
      all.emplace(key, item.dump());
    } else {
      wrong_type(fmt::format("{}.{}", name, key), numbers ? "a quantity" : "a string", item);
    }
  }
  return all;
}

StringMap JsonFields::map(std::string_view name) { return texts_by_name(name, false); }
StringMap JsonFields::quantities(std::string_view name) { return texts_by_name(name, true); }

void JsonFields::each(std::string_view name, const std::function<void(const json&, std::string path)>& visit) {
  const json* member = take(name);
  if (member == nullptr) return;
  if (!member->is_array()) {
    wrong_type(name, "a list", *member);
    return;
  }
  const std::string path = path_of(name);
  for (std::size_t i = 0; i < member->size(); ++i) visit((*member)[i], fmt::format("{}[{}]", path, i));
}

json JsonFields::rest() const {
  json left = put_back_ == nullptr ? json::object() : *put_back_;
  if (value_ == nullptr) return left;
  for (const auto& [name, value] : value_->items()) {
    if (std::ranges::find(taken_, name) == taken_.end()) left[name] = value;
  }
  return left;
}

std::string JsonFields::extra() const {
  const json left = rest();
  return left.empty() ? "" : left.dump(-1, ' ', false, json::error_handler_t::replace);
}

void merge_extra(json& into, const std::string& extra_json) {
  if (extra_json.empty()) return;
  const json extra = json::parse(extra_json, nullptr, false);
  if (extra.is_object()) merge_objects(into, extra);
}

}  // namespace podramp
