#include "backend/key_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "backend/conf_keys.h"
#include "backend/conf_values.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kPrefix = "spark.kubernetes.";

// Lower case, without dots, dashes and underscores: what is left of a key when its spelling is a matter of taste.
std::string letters_of(std::string_view key) {
  std::string letters = to_lower(key);
  std::erase_if(letters, [](char c) { return c == '.' || c == '-' || c == '_'; });
  return letters;
}

std::string_view last_segment(std::string_view key) {
  if (key.ends_with('.')) key.remove_suffix(1);
  return key.substr(key.rfind('.') + 1);
}

// Segments too common to mean anything alone.
bool is_telling(std::string_view segment) { return segment.size() >= 8 && segment != "deployment"; }

std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const KeySpec& key : all_keys()) names.push_back(key.name);
  // Short prefixes such as "spark.ssl." are near to everything.
  for (const KeyFamily& family : all_key_families()) {
    if (family.prefix.size() > kPrefix.size()) names.push_back(family.prefix);
  }
  return names;
}

// What of `key` is to be compared with `name`: for a family as many segments as its prefix has.
std::string_view comparable(std::string_view key, std::string_view name) {
  if (!name.ends_with('.')) return key;
  std::size_t end = 0;
  for (auto dots = std::ranges::count(name, '.'); dots > 0; --dots) {
    end = key.find('.', end);
    if (end == std::string_view::npos) return key;
    ++end;
  }
  return key.substr(0, end);
}

// Of the names for which `accept` holds, the one with the smallest distance to `key`; the earliest wins ties.
template <class Accept>
std::string closest(std::string_view key, std::size_t limit, Accept accept) {
  const std::string wanted = to_lower(key);
  std::string best;
  std::size_t best_distance = limit + 1;
  for (const std::string_view name : all_names()) {
    if (!accept(name)) continue;
    const std::size_t distance = edit_distance(comparable(wanted, name), to_lower(name), limit);
    if (distance < best_distance) {
      best = std::string(name);
      best_distance = distance;
    }
  }
  return best;
}

std::string_view famous_invention(std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kExact{
      {{"spark.kubernetes.allocation.batch.concurrency",
        "no released Spark has it (apache/spark#54688 was closed); executors are created one after the other"},
       {"spark.kubernetes.executor.pod.snapshotSources",
        "no released Spark has it (apache/spark#51396 was closed); see executor.enableApiPolling and enableApiWatcher"},
       {"spark.executor.failureTracker.keepaliveOnMinLiveExecutors",
        "no released Spark has it (apache/spark#43746); see spark.executor.maxNumFailures"},
       {"spark.kubernetes.executor.lostCheck.maxAttempts",
        "only Spark 2.3 had it; lost executors are found by executor.missingPodDetectDelta today"}}};
  for (const auto& [name, text] : kExact) {
    if (key == name) return text;
  }
  const std::string letters = letters_of(key);
  if (letters.find("pendingtimeout") != std::string::npos || letters.find("pendingpodtimeout") != std::string::npos) {
    return "Spark has no time-out for Pending pods; spark.kubernetes.allocation.executor.timeout is about created pods "
           "that no list or watch has shown yet";
  }
  return "";
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) row[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    std::size_t diagonal = std::exchange(row[0], j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({replaced, row[i] + 1, row[i - 1] + 1});
    }
  }
  return std::min(row[a.size()], limit + 1);
}

std::string nearest_key(std::string_view key) {
  const std::string letters = letters_of(key);
  const std::string last = to_lower(last_segment(key));
  const bool kubernetes = key.starts_with(kPrefix);
  // Only punctuation or case is wrong.
  std::string found = closest(key, 1000, [&](std::string_view name) { return letters_of(name) == letters; });
  if (!found.empty()) return found;
  // A slip of the finger: one letter in eight, and at least two.
  found = closest(key, std::max<std::size_t>(2, (key.size() - std::min(key.size(), kPrefix.size())) / 8),
                  [](std::string_view) { return true; });
  if (!found.empty()) return found;
  // The kubernetes segment is too many: spark.kubernetes.executor.memory.
  if (kubernetes) {
    const std::string core = fmt::format("spark.{}", key.substr(kPrefix.size()));
    found = closest(core, 0, [](std::string_view) { return true; });
    if (!found.empty()) return found;
  }
  // The right word in the wrong place: spark.kubernetes.maxPendingPods.
  if (!is_telling(last)) return "";
  return closest(key, 1000, [&](std::string_view name) { return to_lower(last_segment(name)) == last; });
}

std::string hint_for_unknown_key(std::string_view key) {
  if (const std::string_view famous = famous_invention(key); !famous.empty()) return std::string(famous);
  const std::string nearest = nearest_key(key);
  return nearest.empty() ? "" : fmt::format("did you mean {}?", nearest);
}

}  // namespace podramp::backend
