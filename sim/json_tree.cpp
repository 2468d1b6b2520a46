#include "sim/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace podramp::sim {
namespace {

using nlohmann::json;

// How far the parser has read. The library gives its callbacks no position, but it pulls its characters through
// this iterator, and a key or string ends with the last character pulled.
struct Progress {
  const char* begin;
  const char* at;
};

class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, Progress* progress) : at_(at), progress_(progress) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    progress_->at = ++at_;
    return *this;
  }
  TrackingIterator operator++(int) {
    TrackingIterator before = *this;
    ++*this;
    return before;
  }
  [[maybe_unused]] friend bool operator==(const TrackingIterator& a, const TrackingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const TrackingIterator& a, const TrackingIterator& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  Progress* progress_;
};

class LineTable {
 public:
  explicit LineTable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') ends_.push_back(i);
    }
  }
  int line_of(std::size_t offset) const {
    return static_cast<int>(std::ranges::lower_bound(ends_, offset) - ends_.begin()) + 1;
  }

 private:
  std::vector<std::size_t> ends_;
};

class TreeBuilder : public nlohmann::json_sax<json> {
 public:
  TreeBuilder(std::string_view file, std::string_view text, const ParseOptions& options, const Progress& progress)
      : file_(file), options_(options), progress_(progress), lines_(text) {}

  bool null() override { return scalar(JsonKind::null, "null"); }
  bool boolean(bool value) override { return scalar(JsonKind::boolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return number(fmt::format("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(fmt::format("{}", value)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& value) override { return scalar(JsonKind::string, std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonKind::object); }
  bool start_array(std::size_t) override { return open(JsonKind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    key_ = std::move(name);
    key_line_ = line_here(1);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& e) override {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..." -> from "column" on
    std::string words = e.what();
    int line = line_here(1);
    if (const std::size_t at = words.find(" at line "); at != std::string::npos) {
      line = std::atoi(words.c_str() + at + 9);
      const std::size_t column = words.find("column ", at);
      if (column != std::string::npos) words.erase(0, column);
    } else if (const std::size_t bracket = words.find("] "); bracket != std::string::npos) {
      words.erase(0, bracket + 2);
    }
    parsed_.errors = {{file_, line, "", "not JSON: " + words}};
    return false;
  }

  Parsed take(bool complete) {
    parsed_.usable = complete;
    std::ranges::stable_sort(parsed_.errors, {}, &FieldError::line);
    return std::move(parsed_);
  }

 private:
  int line_here(std::size_t back) const {
    const auto read = static_cast<std::size_t>(progress_.at - progress_.begin);
    return lines_.line_of(read >= back ? read - back : 0);
  }
  // The character after a number has been read too.
  bool number(std::string text) { return add(make(JsonKind::number, std::move(text), line_here(2))); }
  bool scalar(JsonKind kind, std::string text) { return add(make(kind, std::move(text), line_here(1))); }

  JsonValue make(JsonKind kind, std::string text, int line) {
    JsonValue value;
    value.kind = kind;
    value.source = options_.source;
    value.line = line;
    value.text = std::move(text);
    if (!stack_.empty() && stack_.back().kind == JsonKind::object) {
      value.key = std::move(key_);
      value.line = key_line_;
    }
    return value;
  }

  bool open(JsonKind kind) {
    JsonValue value = make(kind, "", line_here(1));
    if (static_cast<int>(stack_.size()) >= options_.depth_max) {
      parsed_.errors = {{file_, value.line, path(""), fmt::format("nested deeper than {} levels", options_.depth_max)}};
      return false;
    }
    stack_.push_back(std::move(value));
    return true;
  }

  bool close() {
    JsonValue value = std::move(stack_.back());
    stack_.pop_back();
    if (value.kind == JsonKind::object) drop_duplicates(value);
    return add(std::move(value));
  }

  bool add(JsonValue value) {
    if (stack_.empty()) {
      parsed_.root = std::move(value);
      return true;
    }
    JsonValue& around = stack_.back();
    if (around.kind == JsonKind::object && std::ranges::find(options_.skip, value.key) != options_.skip.end()) {
      return true;
    }
    around.items.push_back(std::move(value));
    return true;
  }

  void drop_duplicates(JsonValue& object) {
    std::map<std::string_view, int> first_line;
    std::vector<bool> again(object.items.size());
    for (std::size_t i = 0; i < object.items.size(); ++i) {
      const JsonValue& item = object.items[i];
      const auto [at, is_new] = first_line.emplace(item.key, item.line);
      if (is_new) continue;
      again[i] = true;
      stack_.push_back(std::move(object));  // for its place in the path
      parsed_.errors.push_back(
          {file_, item.line, path(item.key), fmt::format("duplicate key; it is also on line {}", at->second)});
      object = std::move(stack_.back());
      stack_.pop_back();
    }
    if (first_line.size() == object.items.size()) return;
    std::vector<JsonValue> kept;
    for (std::size_t i = 0; i < object.items.size(); ++i) {
      if (!again[i]) kept.push_back(std::move(object.items[i]));
    }
    object.items = std::move(kept);
  }

  // Where the innermost open value stands: keys with dots, list positions in brackets.
  std::string path(std::string_view last) const {
    std::string text;
    const auto dotted = [&](std::string_view name) {
      if (!text.empty() && !name.empty()) text += '.';
      text += name;
    };
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      if (i > 0 && stack_[i - 1].kind == JsonKind::array) {
        text += fmt::format("[{}]", stack_[i - 1].items.size());
      } else {
        dotted(stack_[i].key);
      }
    }
    dotted(last);
    return text;
  }

  std::string file_;
  const ParseOptions& options_;
  const Progress& progress_;
  LineTable lines_;
  std::vector<JsonValue> stack_;
  std::string key_;
  int key_line_ = 0;
  Parsed parsed_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto at = std::ranges::find(items, name, &JsonValue::key);
  return at == items.end() ? nullptr : &*at;
}

JsonValue* JsonValue::find(std::string_view name) {
  const auto at = std::ranges::find(items, name, &JsonValue::key);
  return at == items.end() ? nullptr : &*at;
}

Parsed parse_json(std::string_view file, std::string_view text, const ParseOptions& options) {
  Progress progress{text.data(), text.data()};
  TreeBuilder builder(file, text, options, progress);
  const bool complete =
      json::sax_parse(TrackingIterator(text.data(), &progress), TrackingIterator(text.data() + text.size(), &progress),
                      &builder, json::input_format_t::json, true, true);
  return builder.take(complete);
}

std::string describe(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::null: return "null";
    case JsonKind::boolean: return value.text;
    case JsonKind::number: return "the number " + value.text;
    case JsonKind::string: return fmt::format("the string \"{}\"", value.text);
    case JsonKind::array: return "a list";
    case JsonKind::object: return "an object";
  }
  return "";
}

}  // namespace podramp::sim
