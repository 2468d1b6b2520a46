// Reads typed fields out of a JsonValue and writes down every mistake with file, line, path, reason and the nearest
// known name. A read that fails leaves its target alone and goes on, so that all mistakes are found at once.
// Not here: what a scenario is made of (scenario_read_*.cpp).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/kube.h"
#include "backend/port/status.h"
#include "backend/port/time.h"
#include "sim/json_tree.h"

namespace podramp::sim {

// Where a value can come from. A user's conf file is treated with more patience than a scenario.
enum class SourceKind : std::uint8_t { scenario, conf_file, option };
struct Source {
  std::string name;  // "scenarios/quota.json", "--set seed=x"
  SourceKind kind = SourceKind::scenario;
};

// The texts being read and the mistakes found so far.
struct Reading {
  std::vector<Source> sources;
  FieldErrors errors;

  int add_source(std::string name, SourceKind kind);
  SourceKind kind_of(const JsonValue& value) const { return sources.at(static_cast<std::size_t>(value.source)).kind; }
  void error(const JsonValue& at, std::string path, std::string message);
};

// The candidate that `word` most likely stands for, or "" when none is near (a third of its letters may differ).
std::string nearest(std::string_view word, std::span<const std::string_view> candidates);
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
// ` (did you mean "x"?)` or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// --- one value: the errors say what it must be and what was found ------------------------------------------------

Result<std::string> as_text(const JsonValue& value);
Result<bool> as_flag(const JsonValue& value);
Result<DurationUs> as_duration(const JsonValue& value);       // "250ms"
Result<std::int64_t> as_cpu_milli(const JsonValue& value);    // "500m", 2, "1.5"
Result<std::int64_t> as_bytes(const JsonValue& value);        // "16Gi", 1073741824
Result<std::int64_t> as_count(const JsonValue& value);        // a quantity without a unit: "50", 50, "2k"
Result<std::int64_t> as_bandwidth(const JsonValue& value);    // bits "10Gbps" or bytes "125M/s"; in bytes per second
Result<std::int64_t> as_thousandths(const JsonValue& value);  // "0.6", 0.6 -> 600
struct Ratio {
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
};
Result<Ratio> as_ratio(const JsonValue& value);                // "3/100", "1"; at most 1
Result<std::string> as_dns_label(const JsonValue& value);      // DNS-1123 label: names of namespaces, applications
Result<std::string> as_dns_subdomain(const JsonValue& value);  // DNS-1123 subdomain: names of nodes, pods, quotas
Result<std::string> as_image(const JsonValue& value);          // not empty, no spaces
std::function<Result<std::int64_t>(const JsonValue&)> whole_between(std::int64_t low, std::int64_t high);

std::string format_bandwidth(std::int64_t bytes_per_s);  // "10Gbps"; as_bandwidth reads it back exactly

// "" when it is one, else why not.
std::string why_not_dns_label(std::string_view name);
std::string why_not_dns_subdomain(std::string_view name);

// One object of the text. Ask for every key it may have, then finish().
class ObjectReader {
 public:
  // An error when value is no object; then every read finds nothing. The reader must not outlive reading and value.
  ObjectReader(Reading& reading, const JsonValue& value, std::string path);

  // True when the key is there and its value is fine; only then is `out` changed.
  template <class T, class Convert>
  bool read(std::string_view key, T& out, Convert&& convert) {
    const JsonValue* value = find(key);
    return value != nullptr && convert_into(*value, path_of(key), out, std::forward<Convert>(convert));
  }
  // Likewise, and an error when the key is not there.
  template <class T, class Convert>
  bool require(std::string_view key, T& out, Convert&& convert) {
    const JsonValue* value = find_required(key);
    return value != nullptr && convert_into(*value, path_of(key), out, std::forward<Convert>(convert));
  }
  // The value is one of these words.
  template <class E>
  bool choose(std::string_view key, E& out, const std::vector<std::pair<std::string_view, E>>& words) {
    return read(key, out, [&](const JsonValue& value) -> Result<E> {
      const Result<std::string> text = as_text(value);
      if (!text) return tl::unexpected(text.error());
      for (const auto& [word, meaning] : words) {
        if (word == *text) return meaning;
      }
      std::vector<std::string> known;
      for (const auto& entry : words) known.emplace_back(entry.first);
      return tl::unexpected(Error{not_one_of(*text, known)});
    });
  }

  const JsonValue* find(std::string_view key);           // nullptr when absent; marks the key as known
  const JsonValue* find_required(std::string_view key);  // an error when absent
  bool has(std::string_view key) const { return usable_ && value_.find(key) != nullptr; }

  using Visit = std::function<void(const JsonValue&, const std::string& path)>;
  void each_item(std::string_view key, const Visit& visit);    // of a list
  void each_member(std::string_view key, const Visit& visit);  // of an object
  std::vector<std::string> texts(std::string_view key);        // a list of strings
  // An object of strings; numbers and booleans are taken as written.
  std::vector<std::pair<std::string, std::string>> text_members(std::string_view key);

  std::string path_of(std::string_view key) const;
  const std::string& path() const { return path_; }
  const JsonValue& value() const { return value_; }
  Reading& reading() { return reading_; }
  void error(std::string_view key, std::string message);  // at this key, or at the object when it is absent

  // Every key that was not asked for is an error that offers the nearest one that was.
  void finish();

 private:
  template <class T, class Convert>
  bool convert_into(const JsonValue& value, const std::string& path, T& out, Convert&& convert) {
    auto result = convert(value);
    if (!result) {
      reading_.error(value, path, result.error().message);
      return false;
    }
    out = *std::move(result);
    return true;
  }
  static std::string not_one_of(std::string_view text, const std::vector<std::string>& known);

  Reading& reading_;
  const JsonValue& value_;
  std::string path_;
  bool usable_;
  std::vector<std::string_view> known_;
};

}  // namespace podramp::sim
