#include "backend/conf_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/conf_values.h"
#include "backend/key_hints.h"

namespace podramp::backend {
namespace {

bool is_duration(ValueType type) {
  return type == ValueType::milliseconds || type == ValueType::seconds || type == ValueType::minutes;
}

std::string_view unit_of(ValueType type) {
  switch (type) {
    case ValueType::milliseconds: return " ms";
    case ValueType::seconds: return " s";
    case ValueType::minutes: return " min";
    case ValueType::bytes: return " bytes";
    case ValueType::mebibytes: return " MiB";
    default: return "";
  }
}

std::string_view unit_name(ValueType type) {
  switch (type) {
    case ValueType::milliseconds: return "milliseconds";
    case ValueType::seconds: return "seconds";
    case ValueType::minutes: return "minutes";
    case ValueType::bytes: return "bytes";
    default: return "MiB";
  }
}

struct Parsed {
  std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>> value;
  bool bare = false;
  bool truncated = false;
};

template <class T>
Result<void> take(Result<T> result, Parsed& into) {
  if (!result) return tl::unexpected(std::move(result).error());
  into.value = *result;
  return {};
}

Result<void> take_unit(const Result<UnitValue>& result, Parsed& into) {
  if (!result) return tl::unexpected(result.error());
  into = Parsed{result->value, result->bare, result->truncated};
  return {};
}

Result<void> parse_value(ValueType type, const std::string& text, Parsed& into) {
  switch (type) {
    case ValueType::boolean: return take(parse_spark_boolean(text), into);
    case ValueType::integer: return take(parse_spark_int(text), into);
    case ValueType::task_cpus: return take(parse_spark_cpus(text), into);
    case ValueType::long_integer: return take(parse_spark_long(text), into);
    case ValueType::fraction: return take(parse_spark_double(text), into);
    case ValueType::text: into.value = text; return {};
    case ValueType::list: into.value = parse_spark_list(text); return {};
    case ValueType::milliseconds: return take_unit(parse_spark_time(text, TimeUnit::milliseconds), into);
    case ValueType::seconds: return take_unit(parse_spark_time(text, TimeUnit::seconds), into);
    case ValueType::minutes: return take_unit(parse_spark_time(text, TimeUnit::minutes), into);
    case ValueType::bytes: return take_unit(parse_spark_bytes(text, ByteUnit::bytes), into);
    case ValueType::mebibytes: return take_unit(parse_spark_bytes(text, ByteUnit::mebibytes), into);
    case ValueType::cpu: return take(parse_cpu_milli(text), into);
  }
  return tl::unexpected(Error{"unknown type"});
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (true) {
    const std::size_t end = choices.find(';');
    if (choices.substr(0, end) == value) return true;
    if (end == std::string_view::npos) return false;
    choices.remove_prefix(end + 1);
  }
}

std::string to_upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// The bounds in words: "> 100 ms and <= 200 ms", "0 or >= 1024 and <= 65535".
std::string describe_bounds(const Range& range, ValueType type) {
  std::string text;
  if (range.or_zero) text += "0 or ";
  if (range.low) text += fmt::format("{} {}{}", range.low_open ? ">" : ">=", *range.low, unit_of(type));
  if (range.low && range.high) text += " and ";
  if (range.high) text += fmt::format("{} {}{}", range.high_open ? "<" : "<=", *range.high, unit_of(type));
  if (range.multiple_of > 1) text += fmt::format(" and a multiple of {}", range.multiple_of);
  return text;
}

template <class Number>
bool in_bounds(const Range& range, Number value) {
  if (range.or_zero && value == Number{0}) return true;
  const auto low = range.low ? static_cast<Number>(*range.low) : Number{0};
  const auto high = range.high ? static_cast<Number>(*range.high) : Number{0};
  if (range.low && !(range.low_open ? value > low : value >= low)) return false;
  if (range.high && !(range.high_open ? value < high : value <= high)) return false;
  return true;
}

// "${spark.other}", "${env:HOME}", "${system:user.name}"; npos when there is none from `from` on.
struct Reference {
  std::size_t begin = std::string::npos;
  std::size_t end = std::string::npos;
  std::string name;
};

Reference next_reference(const std::string& text, std::size_t from) {
  const std::size_t begin = text.find("${", from);
  if (begin == std::string::npos) return {};
  const std::size_t close = text.find('}', begin);
  if (close == std::string::npos || close == begin + 2) return {};
  return {begin, close + 1, text.substr(begin + 2, close - begin - 2)};
}

std::string_view regex_of(const StringMap& raw) {
  const auto it = raw.find("spark.redaction.regex");
  return it == raw.end() ? std::string_view() : std::string_view(it->second);
}

}  // namespace

ConfReader::ConfReader(const StringMap& raw, Compat compat, const ConfOptions& options, ConfOutcome& outcome)
    : compat_(compat), options_(options), outcome_(outcome), values_(redacted(raw)), redactor_(regex_of(raw)) {
  for (const KeySpec& spec : all_keys()) {
    const auto text = spec.default_at(compat_);
    if (!text) continue;
    Parsed parsed;
    PODRAMP_CHECK(parse_value(spec.type_at(compat_), std::string(*text), parsed).has_value(), spec.name);
    defaults_.emplace(spec.name, std::move(parsed.value));
  }
  resolve_aliases();
  const StringMap before = values_;
  for (const auto& [key, value] : before) values_[key] = substitute(key, value, 0);
  if (const auto it = values_.find("spark.dynamicAllocation.enabled"); it != values_.end()) {
    dynamic_ = parse_spark_boolean(it->second).value_or(false);
  }
  for (const auto& [key, value] : values_) classify(key);
  if (!redactor_.readable()) {
    warn("spark.redaction.regex", ConfWarningKind::ignored,
         "podramp cannot read this pattern, so it hides every value that may hold a secret");
  }
}

void ConfReader::resolve_aliases() {
  const StringMap before = values_;
  for (const auto& [key, value] : before) {
    const std::string official(deprecated_alias_of(key));
    if (official.empty()) continue;
    if (!is_alias_read_at(key, compat_)) {
      warn(key, ConfWarningKind::ignored,
           fmt::format("{} does not read this old name; write {}", to_text(compat_), official));
      values_.erase(key);
      continue;
    }
    warn(key, ConfWarningKind::deprecated, fmt::format("an old name; write {}", official));
    values_.erase(key);
    if (values_.emplace(official, value).second) written_as_.emplace(official, key);
  }
}

std::string ConfReader::substitute(const std::string& key, const std::string& value, int depth) {
  // Only entries that Spark reads through its reader are substituted; families are taken as they stand.
  if (find_key(key) == nullptr || depth > 10) return value;
  std::string result;
  std::size_t done = 0;
  while (true) {
    const Reference ref = next_reference(value, done);
    if (ref.begin == std::string::npos) return result + value.substr(done);
    result += value.substr(done, ref.begin - done);
    done = ref.end;
    const auto it = values_.find(ref.name);
    const KeySpec* spec = find_key(ref.name);
    if (it != values_.end() && ref.name.starts_with("spark.")) {
      result += substitute(key, it->second, depth + 1);
    } else if (spec != nullptr && spec->default_at(compat_)) {
      result += *spec->default_at(compat_);
    } else {
      result += value.substr(ref.begin, ref.end - ref.begin);
      warn(key, ConfWarningKind::not_modelled,
           fmt::format("${{{}}} is known only where the driver runs; it is left as it stands", ref.name));
    }
  }
}

void ConfReader::classify(const std::string& key) {
  if (!key.starts_with("spark.")) {
    warn(key, ConfWarningKind::non_spark_key, "Spark reads only keys that begin with \"spark.\"");
    return;
  }
  if (const KeySpec* spec = find_key(key)) {
    if (!spec->exists_at(compat_)) {
      warn(key, ConfWarningKind::later_level,
           fmt::format("only Spark {}.{} and later know it; {} ignores it", spec->since / 100, spec->since % 100,
                       to_text(compat_)));
      return;
    }
    read(*spec, values_.at(key));
    return;
  }
  if (find_key_family(key) == nullptr) unknown(key);
}

void ConfReader::unknown(const std::string& key) {
  const std::string hint = hint_for_unknown_key(key);
  const std::string tail = hint.empty() ? "" : "; " + hint;
  if (!key.starts_with("spark.kubernetes.")) {
    warn(key, ConfWarningKind::unknown_spark_key, "podramp does not read it, it changes nothing here" + tail);
  } else if (options_.unknown_keys == UnknownKeys::kError) {
    error(key, "no Spark release knows this key" + tail);
  } else {
    warn(key, ConfWarningKind::unknown_kubernetes_key, "no Spark release knows this key and Spark ignores it" + tail);
  }
}

void ConfReader::read(const KeySpec& spec, const std::string& value) {
  const ValueType type = spec.type_at(compat_);
  Parsed parsed;
  if (const auto done = parse_value(type, value, parsed); !done) {
    error(spec.name, done.error().message);
    return;
  }
  if (const auto* number = std::get_if<std::int64_t>(&parsed.value)) {
    look_for_unit_traps(spec, *number, parsed.bare, parsed.truncated);
  }
  if (const auto fault = range_fault(spec, parsed.value, parsed.bare)) {
    error(spec.name, *fault);
    return;
  }
  parsed_.emplace(spec.name, std::move(parsed.value));
}

std::optional<std::string> ConfReader::range_fault(const KeySpec& spec, const Value& value, bool bare) const {
  const Range range = spec.range_at(compat_);
  if (spec.checked_by_dynamic && !dynamic_) return std::nullopt;
  if (!range.one_of.empty()) {
    const std::string& text_value = std::get<std::string>(value);
    if (is_choice(range.one_of, range.any_case ? to_upper(text_value) : text_value)) return std::nullopt;
    return fmt::format("must be one of {} (got \"{}\")", range.one_of, text_value);
  }
  const ValueType type = spec.type_at(compat_);
  std::string got;
  bool fine = true;
  if (const auto* whole_value = std::get_if<std::int64_t>(&value)) {
    fine = in_bounds(range, *whole_value) && *whole_value % range.multiple_of == 0;
    got = fmt::format("{}{}", *whole_value, unit_of(type));
  } else if (const auto* fraction_value = std::get_if<double>(&value)) {
    fine = in_bounds(range, *fraction_value);
    got = fmt::format("{}", *fraction_value);
  }
  if (fine) return std::nullopt;
  const std::string bounds = describe_bounds(range, type);
  if (bare) {
    return fmt::format("a bare number is {}: {}, must be {} at {}", unit_name(type), got, bounds, to_text(compat_));
  }
  return fmt::format("must be {} at {} (got {})", bounds, to_text(compat_), got);
}

void ConfReader::look_for_unit_traps(const KeySpec& spec, std::int64_t value, bool bare, bool truncated) {
  const std::string_view unit = unit_of(spec.type);
  if (truncated) {
    warn(spec.name, ConfWarningKind::unit_trap,
         fmt::format("the key counts in {} and the rest is cut off: {}{}", unit_name(spec.type), value, unit));
  }
  const auto latest = defaults_.find(spec.name);
  if (latest != defaults_.end() && std::get<std::int64_t>(latest->second) == value) return;
  if (!bare || value <= 0) return;
  const auto trap = [&](std::string_view meant) {
    warn(spec.name, ConfWarningKind::unit_trap,
         fmt::format("a bare number is {}: {}{}; write \"{}{}\" if that was meant", unit_name(spec.type), value, unit,
                     value, meant));
  };
  if (spec.type == ValueType::milliseconds && value < 1000) trap("s");
  if (is_duration(spec.type) && spec.type != ValueType::milliseconds && value >= 10'000) trap("ms");
  if (spec.type == ValueType::bytes && value < 1 << 20) trap("m");
  if (spec.type == ValueType::mebibytes && value >= 1 << 20) trap("k");
}

const ConfReader::Value* ConfReader::find(std::string_view key) const {
  PODRAMP_CHECK(find_key(key) != nullptr, key);
  if (const auto it = parsed_.find(key); it != parsed_.end()) return &it->second;
  const auto it = defaults_.find(key);
  return it == defaults_.end() ? nullptr : &it->second;
}

template <class T>
std::optional<T> ConfReader::maybe(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  PODRAMP_CHECK(std::holds_alternative<T>(*value), key);
  return std::get<T>(*value);
}

template <class T>
T ConfReader::required(std::string_view key) const {
  auto value = maybe<T>(key);
  PODRAMP_CHECK(value.has_value(), key);
  return std::move(*value);
}

bool ConfReader::boolean(std::string_view key) const { return required<bool>(key); }
std::int64_t ConfReader::whole(std::string_view key) const { return required<std::int64_t>(key); }
double ConfReader::number(std::string_view key) const { return required<double>(key); }
std::string ConfReader::text(std::string_view key) const { return maybe<std::string>(key).value_or(""); }
std::vector<std::string> ConfReader::list(std::string_view key) const {
  return required<std::vector<std::string>>(key);
}
std::optional<std::int64_t> ConfReader::maybe_whole(std::string_view key) const { return maybe<std::int64_t>(key); }
std::optional<double> ConfReader::maybe_number(std::string_view key) const { return maybe<double>(key); }
std::optional<std::string> ConfReader::maybe_text(std::string_view key) const { return maybe<std::string>(key); }

DurationUs ConfReader::us(std::string_view key) const {
  const auto value = maybe_us(key);
  PODRAMP_CHECK(value.has_value(), key);
  return *value;
}

std::optional<DurationUs> ConfReader::maybe_us(std::string_view key) const {
  const auto value = maybe<std::int64_t>(key);
  if (!value) return std::nullopt;
  const ValueType type = find_key(key)->type;
  PODRAMP_CHECK(is_duration(type), key);
  const DurationUs factor = type == ValueType::milliseconds ? kMillisecondUs
                            : type == ValueType::seconds    ? kSecondUs
                                                            : kMinuteUs;
  if (*value > kNever / factor) return kNever;
  if (*value < -(kNever / factor)) return -kNever;
  return *value * factor;
}

bool ConfReader::is_set(std::string_view key) const { return parsed_.contains(key); }

bool ConfReader::differs_from_default(std::string_view key) const {
  const auto it = parsed_.find(key);
  if (it == parsed_.end()) return false;
  const auto standard = defaults_.find(key);
  if (standard != defaults_.end()) return it->second != standard->second;
  const auto* text_value = std::get_if<std::string>(&it->second);
  return text_value == nullptr || !text_value->empty();
}

StringMap ConfReader::family(std::string_view prefix) const {
  StringMap tails;
  for (auto it = values_.lower_bound(std::string(prefix)); it != values_.end() && it->first.starts_with(prefix); ++it) {
    if (it->first.size() > prefix.size()) tails.emplace(it->first.substr(prefix.size()), it->second);
  }
  return tails;
}

void ConfReader::error(std::string_view key, std::string message) {
  std::string written(key);
  if (const auto it = written_as_.find(written); it != written_as_.end()) written = it->second;
  const auto place = options_.places.find(written);
  FieldError fault;
  if (place != options_.places.end()) {
    fault.file = place->second.file;
    fault.line = place->second.line;
  }
  fault.path = options_.path_prefix + written;
  fault.message = std::move(message);
  outcome_.errors.push_back(std::move(fault));
}

void ConfReader::warn(std::string_view key, ConfWarningKind kind, std::string text) {
  ConfWarning warning;
  warning.key = std::string(key);
  if (const auto it = written_as_.find(warning.key); it != written_as_.end()) warning.key = it->second;
  if (const auto it = values_.find(std::string(key)); it != values_.end()) {
    warning.value = redactor_.shown(key, it->second);
  }
  warning.kind = kind;
  warning.text = std::move(text);
  if (const auto place = options_.places.find(warning.key); place != options_.places.end()) {
    warning.file = place->second.file;
    warning.line = place->second.line;
  }
  outcome_.warnings.push_back(std::move(warning));
}

}  // namespace podramp::backend
