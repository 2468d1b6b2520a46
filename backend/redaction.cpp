// gcc 12 warns inside its own <regex> when sanitizers are on (PR 105562).
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "backend/redaction.h"

#include <array>
#include <regex>

#include "backend/conf_keys.h"
#include "backend/conf_values.h"
#include "backend/fork_conf.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kDefaultPattern = "(?i)secret|password|token|access[.]?key";

bool matches_default(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kWords{"secret", "password", "token", "accesskey", "access.key"};
  const std::string lower = to_lower(text);
  for (const std::string_view word : kWords) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

bool may_hold_secret(std::string_view key) {
  if (const KeySpec* spec = find_key(key)) return spec->may_hold_secret;
  if (const KeyFamily* family = find_key_family(key)) return family->may_hold_secret;
  if (is_fork_key(key)) return false;  // its own keys name secrets and hold none
  return deprecated_alias_of(key).empty();
}

}  // namespace

struct Redactor::Pattern {
  std::regex regex;
};

Redactor::Redactor(std::string_view pattern) : is_default_(pattern.empty() || pattern == kDefaultPattern) {
  if (is_default_) return;
  auto flags = std::regex::ECMAScript;
  if (pattern.starts_with("(?i)")) {
    flags |= std::regex::icase;
    pattern.remove_prefix(4);
  }
  try {
    pattern_ = std::make_shared<const Pattern>(Pattern{std::regex(std::string(pattern), flags)});
  } catch (const std::regex_error&) {
    readable_ = false;
  }
}

bool Redactor::matches(std::string_view text) const {
  if (!readable_) return true;
  if (is_default_) return matches_default(text);
  try {
    return std::regex_search(text.begin(), text.end(), pattern_->regex);
  } catch (const std::regex_error&) {
    return true;  // too complex for this text
  }
}

bool Redactor::hides(std::string_view key, std::string_view value) const { return matches(key) || matches(value); }

bool Redactor::redacts(std::string_view key, std::string_view value) const {
  return may_hold_secret(key) && hides(key, value);
}

std::string Redactor::shown(std::string_view key, const std::string& value) const {
  return redacts(key, value) ? std::string(kRedacted) : value;
}

StringMap redacted(const StringMap& conf) {
  const auto it = conf.find("spark.redaction.regex");
  const Redactor redactor(it == conf.end() ? "" : it->second);
  StringMap result = conf;
  for (auto& [key, value] : result) value = redactor.shown(key, value);
  return result;
}

}  // namespace podramp::backend
