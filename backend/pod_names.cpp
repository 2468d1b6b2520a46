#include "backend/pod_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/conf_values.h"

namespace podramp::backend {
namespace {

constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kSubdomainMax = 253;
constexpr std::size_t kExecutorSuffixMax = 16;  // "-exec-" and the ten digits of 2^31 - 1

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }
bool is_word(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// Trimmed and lower-cased, every character outside [a-z0-9-] replaced by a dash. Bytes of a longer UTF-8 sequence
// count as one character.
std::string dashed(std::string_view text) {
  std::string result;
  for (const char c : to_lower(trim(text))) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continuation) result += is_lower_alnum(c) ? c : '-';
  }
  return result;
}

std::string collapse_dashes(std::string text) {
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == '-' && b == '-'; }), text.end());
  return text;
}

bool is_dns_label(std::string_view label) {
  return !label.empty() && is_lower_alnum(label.front()) && is_lower_alnum(label.back()) &&
         std::ranges::all_of(label, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

}  // namespace

std::string unique_id(std::uint32_t random, std::int64_t clock_ms) {
  return fmt::format("{:06x}{:x}", random & 0xFFFFFFU, clock_ms & 0xFFFFFFFFFLL);
}

std::string resource_name_prefix(std::string_view app_name, std::string_view uid) {
  std::string name = collapse_dashes(dashed(fmt::format("{}-{}", app_name, uid)));
  if (name.starts_with('-')) name.erase(0, 1);
  if (!name.empty() && is_digit(name.front())) name.front() = 'x';
  return name;
}

bool is_valid_pod_name_prefix(std::string_view prefix) {
  if (prefix.size() + kExecutorSuffixMax > kSubdomainMax) return false;
  while (true) {
    const std::size_t dot = prefix.find('.');
    if (!is_dns_label(prefix.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    prefix.remove_prefix(dot + 1);
  }
}

std::string executor_pod_name(std::string_view prefix, ExecutorId id) { return fmt::format("{}-exec-{}", prefix, id); }

std::string executor_hostname(std::string_view pod_name) {
  pod_name = pod_name.substr(pod_name.size() - std::min(pod_name.size(), kLabelMax));
  while (!pod_name.empty() && !is_word(pod_name.front())) pod_name.remove_prefix(1);
  std::string host;
  bool replaced = false;  // a run of dangerous characters becomes one underscore
  for (const char c : pod_name) {
    const bool safe = is_word(c) || c == '-';
    if (safe) host += c;
    if (!safe && !replaced) host += '_';
    replaced = !safe;
  }
  return host;
}

std::string app_name_label(std::string_view app_name) {
  std::string label = dashed(app_name).substr(0, kLabelMax);
  const std::size_t first = label.find_first_not_of('-');
  if (first == std::string::npos) return "";
  return label.substr(first, label.find_last_not_of('-') - first + 1);
}

bool is_valid_env_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '-' || c == '.'; });
}

}  // namespace podramp::backend
