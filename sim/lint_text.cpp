#include "sim/lint_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::sim {
namespace {

using backend::ConfWarning;
using backend::ConfWarningKind;
using backend::KeyEffect;
using backend::KeyReport;
using backend::LintReport;

constexpr std::size_t kNamesMax = 3;

// "spark.a, spark.b, spark.c and 4 more".
std::string names(const LintReport& report, KeyEffect effect) {
  std::string text;
  std::size_t seen = 0;
  for (const KeyReport& key : report.keys) {
    if (key.effect != effect) continue;
    if (++seen <= kNamesMax) text += fmt::format("{}{}", text.empty() ? "" : ", ", key.key);
  }
  if (seen > kNamesMax) text += fmt::format(" and {} more", seen - kNamesMax);
  return text;
}

std::string plural(std::size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

std::string shown(const KeyReport& key) {
  std::string text = fmt::format("{} = {}", key.key, key.value);
  if (key.is_default) {
    text += " (the default)";
  } else if (!key.default_value.empty()) {
    text += fmt::format(" (default {})", key.default_value);
  }
  return fmt::format("{}: {}", text, key.text);
}

void add_section(std::vector<std::string>& lines, std::string title, std::vector<std::string> items) {
  if (items.empty()) return;
  lines.emplace_back();
  lines.push_back(std::move(title));
  for (std::string& item : items) lines.push_back("  " + std::move(item));
}

std::vector<std::string> warnings(const LintReport& report, bool worth_a_look) {
  std::vector<std::string> all;
  for (const ConfWarning& warning : report.warnings) {
    const bool shown_here = worth_a_look ? is_worth_a_look(warning) : warning.kind == ConfWarningKind::not_modelled;
    if (shown_here) all.push_back(to_string(warning));
  }
  return all;
}

}  // namespace

std::vector<std::string> lint_summary(const LintReport& report, const std::string& file) {
  std::vector<std::string> lines{fmt::format(
      "{} at {}: {}, {}, {} worth a look", file, to_text(report.level), plural(report.keys.size(), "key", "keys"),
      plural(report.errors.size(), "mistake", "mistakes"), report.worth_a_look())};
  const auto add = [&](KeyEffect effect, std::string_view what, bool name_them) {
    const std::size_t count = report.count(effect);
    if (count == 0) return;
    lines.push_back(fmt::format("{:>5} {}{}", count, what, name_them ? ": " + names(report, effect) : ""));
  };
  add(KeyEffect::modelled, "decide here as in Spark", false);
  add(KeyEffect::not_modelled, "decide in Spark, not yet here", true);
  add(KeyEffect::idle, "count only with something that is off", true);
  add(KeyEffect::later, "of later Sparks only, ignored", true);
  add(KeyEffect::unknown, "unknown, Spark ignores them", true);
  add(KeyEffect::other, "have no part in scaling", false);
  if (report.against) {
    const auto breaks = static_cast<std::size_t>(std::ranges::count(report.drift, true, &backend::Drift::breaks));
    lines.push_back(fmt::format("against {}: {}, {} refused on one side", to_text(*report.against),
                                plural(report.drift.size(), "difference", "differences"), breaks));
  }
  return lines;
}

std::vector<std::string> lint_details(const LintReport& report) {
  std::vector<std::string> lines;
  std::vector<std::string> errors;
  for (const FieldError& error : report.errors) errors.push_back(to_string(error));
  add_section(lines, "mistakes, Spark refuses them:", std::move(errors));
  add_section(lines, "worth a look:", warnings(report, true));
  add_section(lines, "not modelled:", warnings(report, false));
  std::vector<std::string> drift;
  for (const backend::Drift& d : report.drift)
    drift.push_back(d.key.empty() ? d.text : fmt::format("{} {}", d.key, d.text));
  if (report.against) add_section(lines, fmt::format("at {}:", to_text(*report.against)), std::move(drift));
  std::vector<std::string> keys;
  for (const KeyReport& key : report.keys) keys.push_back(shown(key));
  add_section(lines, "every key:", std::move(keys));
  return lines;
}

}  // namespace podramp::sim
