#include "fakeapi/faults.h"

#include <algorithm>
#include <string>

#include "backend/port/status.h"

namespace podramp::fakeapi {
namespace {

enum Kind : std::uint8_t { kOpens = 0, kCloses = 1 };

bool is_of(const FaultSpec& spec, std::string_view point, std::optional<Verb> verb) {
  if (spec.point == point) return true;
  return point == "api.commit_then_timeout" && spec.point == "api.create.commit_then_timeout" && verb == Verb::create;
}

}  // namespace

void Faults::start() {
  const std::vector<FaultSpec>& specs = context_.config().faults;
  for (std::uint32_t i = 0; i < specs.size(); ++i) {
    const FaultSpec& spec = specs[i];
    PODRAMP_CHECK(std::ranges::find(kPoints, spec.point) != kPoints.end(), "no fault point " + spec.point);
    PODRAMP_CHECK(spec.denominator > 0 && spec.numerator >= 0, "odds of " + spec.point);
    const TimeUs from_us = std::max(spec.from_us, context_.now());
    if (spec.until_us <= from_us) continue;
    context_.timer(from_us, 0, {Part::faults, kOpens, i, 0});
    if (spec.until_us != kNever) context_.timer(spec.until_us, 0, {Part::faults, kCloses, i, 0});
  }
}

// In its window, for this one, and by its odds.
bool Faults::hits(const FaultSpec& spec, std::string_view who, std::optional<Verb> verb, std::string_view key,
                  std::uint64_t ordinal) const {
  if (context_.now() < spec.from_us || context_.now() >= spec.until_us) return false;
  if (!spec.client.empty() && spec.client != who) return false;
  if (spec.verb && verb && *spec.verb != *verb) return false;
  if (!spec.calls.empty() && std::ranges::find(spec.calls, ordinal) == spec.calls.end()) return false;
  if (spec.numerator >= spec.denominator) return true;
  return Draw(context_.seed(), "fault." + spec.point, key, ordinal).chance(spec.numerator, spec.denominator);
}

const FaultSpec* Faults::find(std::string_view point, std::string_view who, std::optional<Verb> verb,
                              std::string_view key, std::uint64_t ordinal) const {
  for (const FaultSpec& spec : context_.config().faults) {
    if (is_of(spec, point, verb) && hits(spec, who, verb, key, ordinal)) return &spec;
  }
  return nullptr;
}

const FaultSpec* Faults::find_target(std::string_view point, std::string_view who, std::string_view what,
                                     std::string_view key, std::uint64_t ordinal) const {
  for (const FaultSpec& spec : context_.config().faults) {
    if (spec.point != point || what.find(spec.target) == std::string_view::npos) continue;
    if (hits(spec, who, std::nullopt, key, ordinal)) return &spec;
  }
  return nullptr;
}

DurationUs Faults::skew() const {
  const FaultSpec* spec = find("clock.skew", "", std::nullopt, "", 0);
  return spec == nullptr ? 0 : spec->delay_us;
}

bool Faults::configured(std::string_view point) const {
  return std::ranges::any_of(context_.config().faults, [&](const FaultSpec& spec) { return spec.point == point; });
}

Faults::Window Faults::window(const ClusterTimer& timer) const {
  return {&context_.config().faults.at(timer.index), timer.kind == kOpens};
}

}  // namespace podramp::fakeapi
