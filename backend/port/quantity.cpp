// Kubernetes quantities to whole numbers and back (declared in kube.h).
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "backend/port/kube.h"

namespace podramp {
namespace {

struct Suffix {
  std::string_view text;
  std::int64_t numerator;
  std::int64_t denominator;
};

constexpr std::array<Suffix, 14> kSuffixes{{{"", 1, 1},
                                            {"n", 1, 1'000'000'000},
                                            {"u", 1, 1'000'000},
                                            {"m", 1, 1'000},
                                            {"k", 1'000, 1},
                                            {"M", 1'000'000, 1},
                                            {"G", 1'000'000'000, 1},
                                            {"T", 1'000'000'000'000, 1},
                                            {"P", 1'000'000'000'000'000, 1},
                                            {"Ki", 1LL << 10, 1},
                                            {"Mi", 1LL << 20, 1},
                                            {"Gi", 1LL << 30, 1},
                                            {"Ti", 1LL << 40, 1},
                                            {"Pi", 1LL << 50, 1}}};

// The quantity times `scale`, rounded up. 128-bit arithmetic, so no digit is lost before the range check.
Result<std::int64_t> parse_scaled(std::string_view text, std::int64_t scale) {
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(Error{fmt::format("\"{}\" is not a Kubernetes quantity: {}", text, why)});
  };
  if (text.empty()) return fail("it is empty");
  if (text.front() == '-') return fail("it must not be negative");
  std::size_t i = text.front() == '+' ? 1 : 0;
  __int128 digits = 0;
  __int128 denominator = 1;
  bool any = false;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (denominator >= 1'000'000'000) continue;  // beyond nano nothing counts
    digits = digits * 10 + (c - '0');
    if (fraction) denominator *= 10;
    if (digits > __int128{INT64_MAX}) return fail("it is too large");
  }
  if (!any) return fail("it must start with a number");
  const std::string_view rest = text.substr(i);
  __int128 numerator = 1;
  if (rest.size() > 1 && (rest.front() == 'e' || rest.front() == 'E')) {
    int exponent = 0;
    const auto [end, code] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), exponent);
    if (code != std::errc{} || end != rest.data() + rest.size() || exponent < -9 || exponent > 18) {
      return fail("its exponent is not usable");
    }
    for (; exponent > 0; --exponent) numerator *= 10;
    for (; exponent < 0; ++exponent) denominator *= 10;
  } else {
    const Suffix* found = nullptr;
    for (const Suffix& suffix : kSuffixes) {
      if (suffix.text == rest) found = &suffix;
    }
    if (found == nullptr)
      return fail(fmt::format("the suffix \"{}\" is unknown (k, M, G, T, Ki, Mi, Gi, Ti, m)", rest));
    numerator = found->numerator;
    denominator *= found->denominator;
  }
  // digits <= 2^63 and numerator <= 2^60, so the product fits 128 bits; check before scaling further.
  __int128 value = digits * numerator;
  if (value / denominator > __int128{INT64_MAX} / scale) return fail("it is too large");
  value *= scale;
  return static_cast<std::int64_t>((value + denominator - 1) / denominator);
}

}  // namespace

Result<std::int64_t> parse_cpu_milli(std::string_view text) { return parse_scaled(text, 1000); }
Result<std::int64_t> parse_bytes(std::string_view text) { return parse_scaled(text, 1); }
Result<std::int64_t> parse_count(std::string_view text) { return parse_scaled(text, 1); }

std::string format_cpu_milli(std::int64_t milli) {
  return milli % 1000 == 0 ? fmt::format("{}", milli / 1000) : fmt::format("{}m", milli);
}

std::string format_bytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits{"", "Ki", "Mi", "Gi", "Ti", "Pi"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kUnits[unit]);
}

}  // namespace podramp
