#include "sim/import/conf_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "backend/conf.h"
#include "backend/conf_keys.h"
#include "backend/redaction.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kOfThatRun = "belongs to that one run";

struct OfThatRun {
  std::string_view key;  // or the beginning of keys, when it ends with '.'
  std::string_view why;
};
constexpr std::array<OfThatRun, 12> kOfThatRunOnly{
    {{"spark.master", "here everything runs on Kubernetes"},
     {"spark.submit.", kOfThatRun},
     {"spark.app.id", kOfThatRun},
     {"spark.app.attempt.id", kOfThatRun},
     {"spark.driver.host", kOfThatRun},
     {"spark.driver.port", kOfThatRun},
     {"spark.driver.bindAddress", kOfThatRun},
     {"spark.driver.blockManager.port", kOfThatRun},
     {"spark.kubernetes.driver.pod.name", kOfThatRun},
     {"spark.kubernetes.executor.podNamePrefix", kOfThatRun},
     {"spark.kubernetes.driver.podTemplateFile", "its file is not here; --template of podramp run lays one over"},
     {"spark.kubernetes.executor.podTemplateFile", "its file is not here; --template of podramp run lays one over"}}};

std::string_view why_not(const std::string& key, const std::string& value) {
  for (const OfThatRun& one : kOfThatRunOnly) {
    if (one.key.ends_with('.') ? key.starts_with(one.key) : key == one.key) return one.why;
  }
  if (value.find(backend::kRedacted) != std::string::npos) return "its value was hidden (spark.redaction.regex)";
  const bool known = backend::find_key(key) != nullptr || backend::find_key_family(key) != nullptr ||
                     !backend::deprecated_alias_of(key).empty();
  return known ? "" : "podramp does not know it; no scaling decision that it makes depends on it";
}

std::optional<int> release_of(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.' || major > 99) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  return second.ec == std::errc{} ? std::optional(major * 100 + minor) : std::nullopt;
}

}  // namespace

StringMap choose_conf(const StringMap& all, backend::Compat level, ImportNotes& notes) {
  StringMap chosen;
  for (const auto& [key, value] : backend::redacted(all)) {
    if (const std::string_view why = why_not(key, value); !why.empty()) {
      notes.left_out("conf " + key, why);
    } else {
      chosen[key] = value;
    }
  }
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;
  const backend::ConfOutcome outcome = backend::make_conf(chosen, level, options);
  for (const backend::ConfWarning& warning : outcome.warnings) {
    const bool later = warning.kind == backend::ConfWarningKind::later_level;
    if (!later && warning.kind != backend::ConfWarningKind::unknown_kubernetes_key) continue;
    if (chosen.erase(warning.key) > 0) notes.left_out("conf " + warning.key, warning.text);
  }
  for (const FieldError& error : outcome.errors) {
    if (chosen.erase(error.path) > 0) notes.left_out("conf " + error.path, error.message);
  }
  return chosen;
}

backend::Compat level_of_version(std::string_view version, ImportNotes& notes) {
  constexpr std::array<backend::Compat, 5> kLevels{backend::Compat::spark_4_4, backend::Compat::spark_4_2,
                                                   backend::Compat::spark_4_1, backend::Compat::spark_4_0,
                                                   backend::Compat::spark_3_5};
  const std::optional<int> release = release_of(version);
  const auto level = std::ranges::find_if(
      kLevels, [&](backend::Compat one) { return release && backend::spark_release(one) <= *release; });
  const backend::Compat chosen = level == kLevels.end() ? kLevels.back() : *level;
  if (!release || backend::spark_release(chosen) != *release) {
    notes.assumed("Spark version", fmt::format("\"{}\" is run as {}", version, to_text(chosen)));
  }
  return chosen;
}

void need_image(StringMap& conf, const std::string& base_image, std::string_view version, ImportNotes& notes) {
  constexpr std::string_view kImage = "spark.kubernetes.container.image";
  if (conf.contains(std::string(kImage)) || conf.contains("spark.kubernetes.executor.container.image")) return;
  const std::string image =
      base_image.empty() ? fmt::format("apache/spark:{}", version.empty() ? "latest" : version) : base_image;
  notes.assumed("image", fmt::format("none is named: {}{}", image, base_image.empty() ? "" : ", as in the base"));
  conf[std::string(kImage)] = image;
}

}  // namespace podramp::sim
