#include "backend/conf_lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "backend/executor_volumes.h"
#include "backend/fork_conf.h"
#include "backend/key_hints.h"
#include "backend/level_changes.h"
#include "backend/redaction.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kOnlyDynamic = "counts only with spark.dynamicAllocation.enabled";
constexpr std::string_view kNoDecision = "no scaling decision depends on it";

std::string release_text(int since) { return fmt::format("{}.{}", since / 100, since % 100); }

std::string as_text(const std::optional<std::string_view>& value) { return std::string(value.value_or("")); }

// What only counts together with something that the user has not switched on.
struct Switches {
  bool dynamic = false;
  bool claims = false;
};

Switches switches_of(const StringMap& raw) {
  Switches on;
  const auto it = raw.find("spark.dynamicAllocation.enabled");
  on.dynamic = it != raw.end() && (it->second == "true" || it->second == "TRUE" || it->second == "True");
  const std::string claim = fmt::format("spark.kubernetes.executor.volumes.{}.", kClaimType);
  const auto volume = raw.lower_bound(claim);
  on.claims = volume != raw.end() && volume->first.starts_with(claim);
  return on;
}

// The idle time-out is also the allocator's protection of pending pods (02 5.4).
bool needs_dynamic(std::string_view key) {
  return key.starts_with("spark.dynamicAllocation.") && key != "spark.dynamicAllocation.enabled" &&
         key != "spark.dynamicAllocation.executorIdleTimeout";
}

void say(KeyReport& report, KeyEffect effect, std::string text) {
  report.effect = effect;
  report.text = std::move(text);
}

void judge(Influence influence, std::string_view note, const Switches& on, KeyReport& report) {
  switch (influence) {
    case Influence::none: return say(report, KeyEffect::other, std::string(kNoDecision));
    case Influence::modelled: return say(report, KeyEffect::modelled, "decides here as in Spark");
    case Influence::not_modelled: return say(report, KeyEffect::not_modelled, std::string(note));
    case Influence::with_dynamic:
      if (on.dynamic) return say(report, KeyEffect::not_modelled, std::string(note));
      return say(report, KeyEffect::idle, std::string(kOnlyDynamic));
    case Influence::with_claims:
      if (on.claims) return say(report, KeyEffect::not_modelled, std::string(note));
      return say(report, KeyEffect::idle, "counts only with a persistentVolumeClaim volume");
  }
}

// What the fork's own table has; false when that is nothing and the key is a later Spark's, or no one's.
bool judge_at_fork(const Switches& on, KeyReport& report) {
  const std::optional<ForkKey> known = find_fork_key(report.key);
  if (!known) return false;
  report.default_value = std::string(known->default_value);
  report.is_default = !known->in_family && report.value == known->default_value;
  const bool dynamic =
      report.key.starts_with("spark.dynamicAllocation.") && report.key != "spark.dynamicAllocation.enabled";
  if (dynamic && !on.dynamic) {
    say(report, KeyEffect::idle, std::string(kOnlyDynamic));
  } else if (known->read) {
    say(report, KeyEffect::modelled, "decides here as in the fork");
  } else {
    say(report, KeyEffect::other, std::string(kNoDecision));
  }
  return true;
}

bool is_known_at(const KeySpec& spec, Compat level) {
  return spec.exists_at(level) || (level == Compat::fork_2_2 && is_fork_key(spec.name));
}

KeyReport report_key(const std::string& key, const std::string& value, Compat level, const Switches& on) {
  KeyReport report;
  report.key = key;
  report.value = value;
  if (level == Compat::fork_2_2 && judge_at_fork(on, report)) return report;
  const std::string_view alias = deprecated_alias_of(key);
  const KeySpec* spec = find_key(alias.empty() ? std::string_view(key) : alias);
  if (!alias.empty() && !is_alias_read_at(key, level)) {
    say(report, KeyEffect::unknown, fmt::format("{} does not read this old name; write {}", to_text(level), alias));
  } else if (spec != nullptr) {
    report.since = spec->since;
    report.default_value = as_text(spec->default_at(level));
    report.is_default = spec->default_at(level) == value;
    if (!spec->exists_at(level)) {
      say(report, KeyEffect::later, fmt::format("only Spark {} and later know it", release_text(spec->since)));
    } else if (!on.dynamic && needs_dynamic(spec->name)) {
      say(report, KeyEffect::idle, std::string(kOnlyDynamic));
    } else {
      judge(spec->influence, spec->note, on, report);
    }
  } else if (const KeyFamily* family = find_key_family(key)) {
    judge(family->influence, family->note, on, report);
  } else if (!key.starts_with("spark.")) {
    say(report, KeyEffect::unknown, "Spark reads only keys that begin with \"spark.\"");
  } else {
    const bool fork = level == Compat::fork_2_2;
    const std::string hint = fork ? hint_for_fork_key(key) : hint_for_unknown_key(key);
    const bool kubernetes = key.starts_with("spark.kubernetes.");
    std::string text = kubernetes ? fmt::format("no {} knows this key", fork ? "release of the fork" : "Spark release")
                                  : "podramp does not read it";
    if (!hint.empty()) text += "; " + hint;
    say(report, kubernetes ? KeyEffect::unknown : KeyEffect::other, std::move(text));
  }
  return report;
}

std::vector<KeyReport> report_keys(const StringMap& raw, Compat level, const ConfOptions& options) {
  std::vector<KeyReport> keys;
  const Switches on = switches_of(raw);
  for (const auto& [key, value] : redacted(raw)) {
    keys.push_back(report_key(key, value, level, on));
    const auto place = options.places.find(key);
    if (place != options.places.end()) keys.back().line = place->second.line;
  }
  std::ranges::stable_sort(keys, {}, &KeyReport::line);
  return keys;
}

// Written keys that only the fork has, when one side is the fork.
void add_fork_drift(const StringMap& raw, LintReport& report) {
  const bool leaving = report.level == Compat::fork_2_2;
  if (!leaving && *report.against != Compat::fork_2_2) return;
  for (const auto& [key, value] : raw) {
    if (!find_fork_key(key) || find_key(key) != nullptr || find_key_family(key) != nullptr) continue;
    report.drift.push_back(
        {key,
         fmt::format("is known to the fork only: {} ignores it", to_text(leaving ? *report.against : report.level)),
         false});
  }
}

// Defaults that a user gets without having written the key.
void add_default_drift(const StringMap& raw, LintReport& report) {
  for (const KeySpec& spec : all_keys()) {
    const std::string key(spec.name);
    const bool written = raw.contains(key);
    const bool here = is_known_at(spec, report.level);
    const bool there = is_known_at(spec, *report.against);
    if (written && here != there) {
      report.drift.push_back({key,
                              fmt::format("is known from Spark {} on: {} ignores it", release_text(spec.since),
                                          to_text(here ? *report.against : report.level)),
                              false});
    }
    const auto before = spec.default_at(report.level);
    const auto after = spec.default_at(*report.against);
    if (!written && here && there && before != after) {
      report.drift.push_back(
          {key, fmt::format("is not set: its default changes from {} to {}", as_text(before), as_text(after)), false});
    }
  }
}

void add_drift(const StringMap& raw, const ConfOptions& options, LintReport& report) {
  const ConfOutcome there = make_conf(raw, *report.against, options);
  std::set<std::string> broken_here;
  for (const FieldError& error : report.errors) broken_here.insert(error.path);
  std::set<std::string> broken_there;
  for (const FieldError& error : there.errors) {
    broken_there.insert(error.path);
    if (broken_here.contains(error.path)) continue;
    report.drift.push_back(
        {error.path, fmt::format("is refused by {}: {}", to_text(*report.against), error.message), true});
  }
  for (const FieldError& error : report.errors) {
    if (broken_there.contains(error.path)) continue;
    report.drift.push_back({error.path, fmt::format("is fine at {}", to_text(*report.against)), true});
  }
  add_default_drift(raw, report);
  add_fork_drift(raw, report);
  for (const ConfWarning& warning : there.warnings) {
    const auto same = [&](const ConfWarning& other) { return other.key == warning.key && other.text == warning.text; };
    const bool known = std::ranges::any_of(report.warnings, same);
    if (warning.kind == ConfWarningKind::contradiction && !known) {
      report.drift.push_back({warning.key, fmt::format("at {}: {}", to_text(*report.against), warning.text), false});
    }
  }
  for (const LevelChange& change : level_changes(report.level, *report.against)) {
    report.drift.push_back(
        {"", fmt::format("from {}: {} ({})", to_text(change.since), change.text, change.source), false});
  }
}

}  // namespace

std::size_t LintReport::count(KeyEffect effect) const {
  return static_cast<std::size_t>(std::ranges::count(keys, effect, &KeyReport::effect));
}

bool is_worth_a_look(const ConfWarning& warning) {
  switch (warning.kind) {
    case ConfWarningKind::unknown_spark_key:
    case ConfWarningKind::not_modelled:
    case ConfWarningKind::assumed: return false;
    default: return true;
  }
}

std::size_t LintReport::worth_a_look() const {
  return static_cast<std::size_t>(std::ranges::count_if(warnings, is_worth_a_look));
}

LintReport lint(const StringMap& raw, Compat level, std::optional<Compat> against, const ConfOptions& options) {
  ConfOptions lenient = options;
  lenient.unknown_keys = UnknownKeys::kWarn;
  LintReport report;
  report.level = level;
  ConfOutcome outcome = make_conf(raw, level, lenient);
  report.errors = std::move(outcome.errors);
  report.warnings = std::move(outcome.warnings);
  std::ranges::stable_sort(report.warnings, {}, &ConfWarning::line);
  report.keys = report_keys(raw, level, lenient);
  report.against = against;
  if (against && *against != level) add_drift(raw, lenient, report);
  return report;
}

}  // namespace podramp::backend
