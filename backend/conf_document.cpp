#include "backend/conf_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "backend/conf_keys.h"
#include "backend/level_changes.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Configuration keys

<!-- Printed by `podramp lint --document` from backend/conf_key_table.h; edit the table and print it anew. -->

Every Spark setting that podramp knows, for the levels `spark-3.5` to `spark-4.4`. Keys are Spark's own, verbatim. A
bare number is in the unit that the type names. A value outside the range is refused, as Spark refuses it; the *since*
column is the first Spark that has the key, and an older level ignores it. "Here" says whether podramp's decisions
depend on the key as Spark's do: **yes**, **no** (no scaling decision depends on it), or **not yet**, with what a run
does instead. `podramp lint FILE --compat LEVEL` says the same about a file of yours. (int) marks keys that Spark does
not document.
)";

struct Section {
  std::string_view first_key;
  std::string_view title;
};
constexpr std::array<Section, 6> kSections{{
    {"spark.kubernetes.allocation.pods.allocator", "Allocation and pod tracking"},
    {"spark.kubernetes.namespace", "Executor pods, volumes, images, placement"},
    {"spark.kubernetes.context", "Driver, submission, client, plugins"},
    {"spark.dynamicAllocation.enabled", "Core keys: executors, dynamic allocation, memory"},
    {"spark.locality.wait", "Core keys: task scheduling, locality, exclusion"},
    {"spark.app.name", "Also read"},
}};

std::string release(int since) { return fmt::format("{}.{}", since / 100, since % 100); }

std::string cell(std::string_view value) { return value.empty() ? "empty" : fmt::format("`{}`", value); }

std::string default_text(const KeySpec& key) {
  if (!key.latest_default) return "";
  std::string text = cell(*key.latest_default);
  for (const LevelDefault& row : key.older) {
    if (!row.value.empty()) text += fmt::format("; {} up to {}", cell(row.value), release(spark_release(row.up_to)));
  }
  return text;
}

std::string bounds(const Range& range) {
  std::string text;
  if (range.or_zero) text = "0 or ";
  if (range.low) text += fmt::format("{} {}", range.low_open ? ">" : ">=", *range.low);
  if (range.low && range.high) text += ", ";
  if (range.high) text += fmt::format("{} {}", range.high_open ? "<" : "<=", *range.high);
  if (range.multiple_of > 1) text += fmt::format(", multiple of {}", range.multiple_of);
  return text;
}

std::string range_text(const KeySpec& key) {
  std::string text = bounds(key.range);
  for (std::string_view rest = key.range.one_of; !rest.empty();) {
    const std::size_t end = rest.find(';');
    text += fmt::format("{}`{}`", text.empty() ? "" : " ", rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  const Range oldest = key.range_at(Compat::spark_3_5);
  if (oldest != key.range) text += fmt::format("; {} up to 3.5", bounds(oldest));
  if (key.checked_by_dynamic && !text.empty()) text += " with dynamic allocation";
  return text;
}

std::string here(Influence influence, std::string_view note) {
  switch (influence) {
    case Influence::none: return "no";
    case Influence::modelled: return "yes";
    case Influence::not_modelled: return fmt::format("not yet: {}", note);
    case Influence::with_dynamic: return fmt::format("not yet, with dynamic allocation: {}", note);
    case Influence::with_claims: return fmt::format("not yet, with claims: {}", note);
  }
  return "";
}

void add_key(std::string& text, const KeySpec& key) {
  for (const Section& section : kSections) {
    if (section.first_key != key.name) continue;
    text += fmt::format("\n## {}\n\n| key | type | default | range | since | here |\n|---|---|---|---|---|---|\n",
                        section.title);
  }
  text +=
      fmt::format("| `{}`{} | {} | {} | {} | {} | {} |\n", key.name, key.internal ? " (int)" : "", describe(key.type),
                  default_text(key), range_text(key), release(key.since), here(key.influence, key.note));
}

void add_level_changes(std::string& text) {
  text += "\n## What changes between levels without a key\n\n| from | change | source |\n|---|---|---|\n";
  for (const LevelChange& change : all_level_changes()) {
    text += fmt::format("| {} | {} | {} |\n", to_text(change.since), change.text, change.source);
  }
}

}  // namespace

std::string configuration_document() {
  std::string text(kIntroduction);
  for (const KeySpec& key : all_keys()) add_key(text, key);
  text += "\n## Families\n\nThe rest of the key is a name of yours.\n\n| prefix | here |\n|---|---|\n";
  for (const KeyFamily& family : all_key_families()) {
    text += fmt::format("| `{}` | {} |\n", family.prefix, here(family.influence, family.note));
  }
  text += "\n## Old names\n\n| old name | stands for | read |\n|---|---|---|\n";
  for (const KeyAlias& alias : all_key_aliases()) {
    const bool always = alias.up_to == Compat::spark_4_4;
    text += fmt::format("| `{}` | `{}` | {} |\n", alias.old_name, alias.official,
                        always ? "always" : fmt::format("up to {}", release(spark_release(alias.up_to))));
  }
  add_level_changes(text);
  return text;
}

}  // namespace podramp::backend
