#include "backend/conf_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace podramp::backend {
namespace {

tl::unexpected<Error> fail(std::string message) { return tl::unexpected(Error{std::move(message)}); }

// "-12ms" -> sign and digits in `number`, letters in `suffix`; nothing else may stand there.
struct Split {
  std::string number;
  std::string suffix;
};

std::optional<Split> split_number(std::string_view text) {
  const std::string lower = to_lower(trim(text));
  std::size_t i = !lower.empty() && lower.front() == '-' ? 1 : 0;
  const std::size_t first_digit = i;
  while (i < lower.size() && lower[i] >= '0' && lower[i] <= '9') ++i;
  if (i == first_digit) return std::nullopt;
  const std::string suffix = lower.substr(i);
  if (!std::ranges::all_of(suffix, [](char c) { return c >= 'a' && c <= 'z'; })) return std::nullopt;
  return Split{lower.substr(0, i), suffix};
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value = 0;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool looks_fractional(std::string_view text) { return text.find('.') != std::string_view::npos; }

template <std::size_t N>
std::optional<std::int64_t> factor_of(const std::array<std::pair<std::string_view, std::int64_t>, N>& units,
                                      std::string_view suffix) {
  const auto it = std::ranges::find(units, suffix, [](const auto& unit) { return unit.first; });
  if (it == units.end()) return std::nullopt;
  return it->second;
}

constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kTimeUnits{{{"us", 1},
                                                                               {"ms", 1'000},
                                                                               {"s", 1'000'000},
                                                                               {"m", 60'000'000},
                                                                               {"min", 60'000'000},
                                                                               {"h", 3'600'000'000},
                                                                               {"d", 86'400'000'000}}};
constexpr std::array<std::pair<std::string_view, std::int64_t>, 11> kByteUnits{{{"b", 1},
                                                                                {"k", 1LL << 10},
                                                                                {"kb", 1LL << 10},
                                                                                {"m", 1LL << 20},
                                                                                {"mb", 1LL << 20},
                                                                                {"g", 1LL << 30},
                                                                                {"gb", 1LL << 30},
                                                                                {"t", 1LL << 40},
                                                                                {"tb", 1LL << 40},
                                                                                {"p", 1LL << 50},
                                                                                {"pb", 1LL << 50}}};

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<UnitValue> parse_spark_time(std::string_view text, TimeUnit unit) {
  static constexpr std::array<std::int64_t, 3> kFactors{1'000, 1'000'000, 60'000'000};
  static constexpr std::array<std::string_view, 3> kNames{"milliseconds", "seconds", "minutes"};
  const auto index = static_cast<std::size_t>(unit);
  const std::string expected = fmt::format(
      "expected a whole number with a unit, such as 250ms, 5s, 2min or 1h (a bare number is {}), got \"{}\"",
      kNames.at(index), text);
  const auto split = split_number(text);
  if (!split) return fail(looks_fractional(text) ? expected + ": fractions are not allowed" : expected);
  const auto value = whole_number<std::int64_t>(split->number);
  if (!value) return fail(expected + ": the number is too large");
  if (split->suffix.empty()) return UnitValue{*value, true, false};
  const auto factor = factor_of(kTimeUnits, split->suffix);
  if (!factor) return fail(fmt::format("{}: the unit \"{}\" is unknown", expected, split->suffix));
  // Through 128 bits, so that only the result saturates, as java.util.concurrent.TimeUnit.convert does.
  const __int128 us = __int128{*value} * *factor;
  const __int128 result = us / kFactors.at(index);
  const bool truncated = us % kFactors.at(index) != 0;
  if (result > INT64_MAX) return UnitValue{INT64_MAX, false, truncated};
  if (result < INT64_MIN) return UnitValue{INT64_MIN, false, truncated};
  return UnitValue{static_cast<std::int64_t>(result), false, truncated};
}

Result<UnitValue> parse_spark_bytes(std::string_view text, ByteUnit unit) {
  const std::int64_t unit_factor = unit == ByteUnit::bytes ? 1 : 1LL << 20;
  const std::string expected =
      fmt::format("expected a whole number with a size suffix, such as 512m or 4g (a bare number is {}), got \"{}\"",
                  unit == ByteUnit::bytes ? "bytes" : "MiB", text);
  const auto split = split_number(text);
  if (!split) return fail(looks_fractional(text) ? expected + ": fractions are not allowed" : expected);
  const auto value = whole_number<std::int64_t>(split->number);
  if (!value) return fail(expected + ": the number is too large");
  if (split->suffix.empty()) return UnitValue{*value, true, false};
  const auto factor = factor_of(kByteUnits, split->suffix);
  if (!factor) {
    const bool kubernetes = split->suffix.size() == 2 && split->suffix.back() == 'i';
    return fail(fmt::format(
        "{}: the suffix \"{}\" is unknown{}", expected, split->suffix,
        kubernetes ? fmt::format(" to Spark; write \"{}\", which is binary already", split->suffix.front()) : ""));
  }
  const __int128 bytes = __int128{*value} * *factor;
  const __int128 result = bytes / unit_factor;
  if (result > INT64_MAX || result < -INT64_MAX) return fail(expected + ": the size is too large");
  return UnitValue{static_cast<std::int64_t>(result), false, bytes % unit_factor != 0};
}

Result<std::int64_t> parse_spark_int(std::string_view text) {
  const auto value = whole_number<std::int32_t>(trim(text));
  if (!value) return fail(fmt::format("expected a whole number of at most 32 bits, got \"{}\"", text));
  return std::int64_t{*value};
}

Result<std::int64_t> parse_spark_long(std::string_view text) {
  const auto value = whole_number<std::int64_t>(trim(text));
  if (!value) return fail(fmt::format("expected a whole number of at most 64 bits, got \"{}\"", text));
  return *value;
}

Result<double> parse_spark_double(std::string_view text) {
  std::string_view rest = trim(text);
  if (rest.starts_with('+') && !rest.starts_with("+-")) rest.remove_prefix(1);
  // Java allows one type suffix; words such as "inf", which from_chars knows and Java does not, are refused.
  if (rest.size() > 1 && std::string_view("dDfF").find(rest.back()) != std::string_view::npos) rest.remove_suffix(1);
  const bool numeric = rest.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
  double value = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (!numeric || code != std::errc{} || end != rest.data() + rest.size()) {
    return fail(fmt::format("expected a number, such as 0.1, got \"{}\"", text));
  }
  return value;
}

Result<std::int64_t> parse_spark_cpus(std::string_view text) {
  constexpr std::int64_t kDecimals = 9;
  constexpr std::int64_t kMost = INT32_MAX * kCpu;
  std::string_view rest = trim(text);
  std::int64_t scale = kDecimals;
  if (const std::size_t e = rest.find_first_of("eE"); e != std::string_view::npos) {
    const auto exponent = whole_number<std::int32_t>(rest.substr(e + 1));
    if (!exponent) return fail(fmt::format("expected a number of cpus, such as 0.5, got \"{}\"", text));
    scale += *exponent;
    rest = rest.substr(0, e);
  }
  std::string digits(rest);
  if (const std::size_t dot = digits.find('.'); dot != std::string::npos) {
    scale -= static_cast<std::int64_t>(digits.size() - dot - 1);
    digits.erase(dot, 1);
  }
  while (scale < 0 && digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    ++scale;
  }
  auto value = whole_number<std::int64_t>(digits);
  if (!value) return fail(fmt::format("expected a number of cpus, such as 0.5, got \"{}\"", text));
  for (; scale > 0 && *value > 0 && *value <= kMost / 10; --scale) *value *= 10;
  if (scale != 0 || *value < 1 || *value > kMost) {
    return fail(fmt::format("must be from 1e-9 to 2147483647 with at most 9 decimals (got {})", text));
  }
  return *value;
}

Result<bool> parse_spark_boolean(std::string_view text) {
  const std::string lower = to_lower(trim(text));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return fail(fmt::format("expected true or false, got \"{}\"", text));
}

std::vector<std::string> parse_spark_list(std::string_view text) {
  std::vector<std::string> items;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trim(text.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace podramp::backend
