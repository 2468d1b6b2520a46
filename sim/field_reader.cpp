#include "sim/field_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace podramp::sim {
namespace {

// Levenshtein distance with swapped neighbours counted as one change.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> older(b.size() + 1);
  std::vector<std::size_t> old(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    older.swap(old);
    old.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], older[j - 2] + 1);
    }
  }
  return row[b.size()];
}

template <class Candidates>
std::string nearest_of(std::string_view word, const Candidates& candidates) {
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::string found;
  if (word.size() > 200) return found;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best || distance >= std::string_view(candidate).size()) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

std::string quoted_question(const std::string& found) {
  return found.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", found);
}

tl::unexpected<Error> expected_but(std::string_view what, const JsonValue& value) {
  return tl::unexpected(Error{fmt::format("must be {} (got {})", what, describe(value))});
}

// What was typed, if the value can stand for a quantity: a string, a number, or an option's text.
bool is_quantity_like(const JsonValue& value) {
  return value.kind == JsonKind::string || value.kind == JsonKind::number || (value.from_option && value.is_scalar());
}

template <class Parse>
Result<std::int64_t> as_quantity(const JsonValue& value, std::string_view what, Parse parse) {
  if (!is_quantity_like(value)) return expected_but(what, value);
  Result<std::int64_t> amount = parse(value.text);
  if (!amount) return tl::unexpected(Error{fmt::format("must be {}: {}", what, amount.error().message)});
  return amount;
}

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string why_not_dns(std::string_view name, std::size_t length_max, bool dots) {
  if (name.empty()) return "it is empty";
  if (name.size() > length_max) return fmt::format("it is longer than {} characters", length_max);
  for (const char c : name) {
    if (!is_lower_alnum(c) && c != '-' && !(dots && c == '.')) {
      return fmt::format("'{}' is not allowed: only a-z, 0-9{} and '-'", c, dots ? ", '.'" : "");
    }
  }
  if (!is_lower_alnum(name.front()) || !is_lower_alnum(name.back())) return "it must begin and end with a-z or 0-9";
  return "";
}

}  // namespace

int Reading::add_source(std::string name, SourceKind kind) {
  sources.push_back({std::move(name), kind});
  return static_cast<int>(sources.size()) - 1;
}

void Reading::error(const JsonValue& at, std::string path, std::string message) {
  errors.push_back(
      {sources.at(static_cast<std::size_t>(at.source)).name, at.line, std::move(path), std::move(message)});
}

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest_of(word, candidates);
}
std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  return nearest_of(word, candidates);
}
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  return quoted_question(nearest_of(word, candidates));
}
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  return quoted_question(nearest_of(word, candidates));
}

// ------------------------------------------------------------------------------------------------------------ values

Result<std::string> as_text(const JsonValue& value) {
  if (value.kind != JsonKind::string && !(value.from_option && value.is_scalar())) {
    return expected_but("a string", value);
  }
  return value.text;
}

Result<bool> as_flag(const JsonValue& value) {
  if (value.kind != JsonKind::boolean) return expected_but("true or false", value);
  return value.text == "true";
}

Result<DurationUs> as_duration(const JsonValue& value) {
  if (value.kind != JsonKind::string && !(value.from_option && value.is_scalar())) {
    return expected_but("a duration with a unit, such as \"250ms\"", value);
  }
  Result<DurationUs> duration = parse_duration(value.text);
  // Sums of times must fit; nobody simulates longer.
  static constexpr DurationUs kLongestUs = kHourUs * 24 * 3650;
  if (duration && *duration > kLongestUs) {
    return tl::unexpected(Error{fmt::format("must be at most ten years, 3650d (got \"{}\")", value.text)});
  }
  return duration;
}

Result<std::int64_t> as_cpu_milli(const JsonValue& value) {
  return as_quantity(value, "an amount of cpu, such as \"500m\" or 2", parse_cpu_milli);
}
Result<std::int64_t> as_bytes(const JsonValue& value) {
  return as_quantity(value, "a size in bytes, such as \"16Gi\"", parse_bytes);
}
Result<std::int64_t> as_count(const JsonValue& value) { return as_quantity(value, "a count", parse_count); }

Result<std::int64_t> as_bandwidth(const JsonValue& value) {
  static constexpr std::string_view kWhat = "a bandwidth: bits as \"10Gbps\" or bytes as \"125M/s\"";
  const Result<std::string> text = as_text(value);
  if (!text) return expected_but(kWhat, value);
  std::string_view amount = *text;
  const bool bits = amount.ends_with("bps");
  if (bits) {
    amount.remove_suffix(3);
  } else if (amount.ends_with("/s")) {
    amount.remove_suffix(2);
  } else {
    return expected_but(kWhat, value);
  }
  const Result<std::int64_t> parsed = parse_bytes(amount);
  if (!parsed) return tl::unexpected(Error{fmt::format("must be {}: {}", kWhat, parsed.error().message)});
  const std::int64_t bytes = bits ? *parsed / 8 : *parsed;
  if (bytes <= 0) return tl::unexpected(Error{fmt::format("must be above zero (got {})", describe(value))});
  return bytes;
}

std::string format_bandwidth(std::int64_t bytes_per_s) {
  static constexpr std::pair<std::int64_t, std::string_view> kUnits[] = {
      {125'000'000, "Gbps"}, {125'000, "Mbps"}, {125, "kbps"}};
  for (const auto& [unit, name] : kUnits) {
    if (bytes_per_s % unit == 0) return fmt::format("{}{}", bytes_per_s / unit, name);
  }
  return fmt::format("{}/s", bytes_per_s);
}

Result<std::int64_t> as_thousandths(const JsonValue& value) {
  return as_quantity(value, "a number with at most three decimals", [](std::string_view text) {
    // A quantity in thousandths is what cpu amounts are.
    Result<std::int64_t> milli = parse_cpu_milli(text);
    if (milli && *milli > 1'000'000) return Result<std::int64_t>(tl::unexpected(Error{"it is above 1000"}));
    return milli;
  });
}

Result<Ratio> as_ratio(const JsonValue& value) {
  static constexpr std::string_view kWhat = "a ratio such as \"3/100\", between 0 and 1";
  const Result<std::string> text = as_text(value);
  if (!text) return expected_but(kWhat, value);
  const std::size_t slash = text->find('/');
  const auto whole = [](std::string_view digits) -> std::int64_t {
    std::int64_t n = -1;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    return code == std::errc{} && end == digits.data() + digits.size() ? n : -1;
  };
  Ratio ratio;
  ratio.numerator = whole(std::string_view(*text).substr(0, slash));
  ratio.denominator = slash == std::string::npos ? 1 : whole(std::string_view(*text).substr(slash + 1));
  if (ratio.numerator < 0 || ratio.denominator <= 0 || ratio.numerator > ratio.denominator) {
    return expected_but(kWhat, value);
  }
  return ratio;
}

std::string why_not_dns_label(std::string_view name) { return why_not_dns(name, 63, false); }
std::string why_not_dns_subdomain(std::string_view name) { return why_not_dns(name, 253, true); }

Result<std::string> as_dns_label(const JsonValue& value) {
  Result<std::string> text = as_text(value);
  if (!text) return text;
  const std::string why = why_not_dns_label(*text);
  if (!why.empty()) return tl::unexpected(Error{fmt::format("\"{}\" is not a DNS-1123 label: {}", *text, why)});
  return text;
}

Result<std::string> as_dns_subdomain(const JsonValue& value) {
  Result<std::string> text = as_text(value);
  if (!text) return text;
  const std::string why = why_not_dns_subdomain(*text);
  if (!why.empty()) return tl::unexpected(Error{fmt::format("\"{}\" is not a DNS-1123 name: {}", *text, why)});
  return text;
}

Result<std::string> as_image(const JsonValue& value) {
  Result<std::string> text = as_text(value);
  if (!text) return text;
  if (text->empty()) return tl::unexpected(Error{"must not be empty"});
  if (text->find_first_of(" \t\n") != std::string::npos) {
    return tl::unexpected(Error{fmt::format("an image's name has no spaces (got \"{}\")", *text)});
  }
  return text;
}

std::function<Result<std::int64_t>(const JsonValue&)> whole_between(std::int64_t low, std::int64_t high) {
  return [low, high](const JsonValue& value) -> Result<std::int64_t> {
    if (value.kind != JsonKind::number) return expected_but("a whole number", value);
    std::int64_t n = 0;
    const auto [end, code] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), n);
    const bool huge = code == std::errc::result_out_of_range;
    if (!huge && end != value.text.data() + value.text.size()) return expected_but("a whole number", value);
    if (huge || n < low || n > high) {
      const std::string range = high == std::numeric_limits<std::int64_t>::max()
                                    ? fmt::format("at least {}", low)
                                    : fmt::format("between {} and {}", low, high);
      return tl::unexpected(Error{fmt::format("must be {} (got {})", range, value.text)});
    }
    return n;
  };
}

// ----------------------------------------------------------------------------------------------------- ObjectReader

ObjectReader::ObjectReader(Reading& reading, const JsonValue& value, std::string path)
    : reading_(reading), value_(value), path_(std::move(path)), usable_(value.kind == JsonKind::object) {
  if (!usable_) reading_.error(value, path_, fmt::format("must be an object (got {})", describe(value)));
}

std::string ObjectReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const JsonValue* ObjectReader::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  return usable_ ? value_.find(key) : nullptr;
}

const JsonValue* ObjectReader::find_required(std::string_view key) {
  const JsonValue* value = find(key);
  if (value == nullptr && usable_) reading_.error(value_, path_of(key), "is missing");
  return value;
}

void ObjectReader::error(std::string_view key, std::string message) {
  const JsonValue* value = find(key);
  reading_.error(value == nullptr ? value_ : *value, path_of(key), std::move(message));
}

void ObjectReader::each_item(std::string_view key, const Visit& visit) {
  const JsonValue* list = find(key);
  if (list == nullptr) return;
  if (list->kind != JsonKind::array) {
    reading_.error(*list, path_of(key), fmt::format("must be a list (got {})", describe(*list)));
    return;
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    visit(list->items[i], fmt::format("{}[{}]", path_of(key), i));
  }
}

void ObjectReader::each_member(std::string_view key, const Visit& visit) {
  const JsonValue* object = find(key);
  if (object == nullptr) return;
  if (object->kind != JsonKind::object) {
    reading_.error(*object, path_of(key), fmt::format("must be an object (got {})", describe(*object)));
    return;
  }
  for (const JsonValue& member : object->items) visit(member, fmt::format("{}.{}", path_of(key), member.key));
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> list;
  each_item(key, [&](const JsonValue& item, const std::string& path) {
    std::string text;
    if (convert_into(item, path, text, as_text)) list.push_back(std::move(text));
  });
  return list;
}

std::vector<std::pair<std::string, std::string>> ObjectReader::text_members(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> members;
  each_member(key, [&](const JsonValue& member, const std::string& path) {
    if (member.is_scalar() && member.kind != JsonKind::null) {
      members.emplace_back(member.key, member.text);
    } else {
      reading_.error(member, path, fmt::format("must be a string (got {})", describe(member)));
    }
  });
  return members;
}

std::string ObjectReader::not_one_of(std::string_view text, const std::vector<std::string>& known) {
  return fmt::format("must be one of {} (got \"{}\"){}", fmt::join(known, ", "), text, did_you_mean(text, known));
}

void ObjectReader::finish() {
  if (!usable_) return;
  for (const JsonValue& member : value_.items) {
    if (std::ranges::find(known_, std::string_view(member.key)) != known_.end()) continue;
    const std::string question = did_you_mean(member.key, known_);
    std::vector<std::string_view> sorted = known_;
    std::ranges::sort(sorted);
    reading_.error(member, path_of(member.key),
                   question.empty() ? fmt::format("unknown key; known are {}", fmt::join(sorted, ", "))
                                    : "unknown key" + question);
  }
}

}  // namespace podramp::sim
