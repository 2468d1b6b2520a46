// Reads "faults" (what is made to go wrong) and "expect" (what must hold at the end).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "backend/port/event.h"
#include "fakeapi/faults.h"
#include "sim/kpis.h"
#include "sim/properties.h"
#include "sim/scenario_read.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();

void read_fault_window(ReadState& state, ObjectReader& reader, fakeapi::FaultSpec& fault) {
  if (reader.read("from", fault.from_us, as_duration)) state.warn_if_late(reader.path_of("from"), fault.from_us);
  if (reader.read("until", fault.until_us, as_duration) && fault.until_us <= fault.from_us) {
    reader.error("until", fmt::format("must be after from ({})", format_time(fault.from_us)));
  }
}

// Which of the client's requests a fault hits, and what it answers.
void read_fault_calls(ObjectReader& reader, fakeapi::FaultSpec& fault) {
  reader.each_item("calls", [&](const JsonValue& item, const std::string& item_path) {
    const auto call = whole_between(1, kAny)(item);
    if (call)
      fault.calls.push_back(static_cast<std::uint64_t>(*call));
    else
      reader.error("calls", fmt::format("{}: {}", item_path, call.error().message));
  });
  if (!fault.calls.empty() && !fault.point.starts_with("api.") && fault.point != "client.crash") {
    reader.error("calls", fmt::format("goes only with points of the API, not with {}", fault.point));
  }
  const bool crash = fault.point == "pod.crash";
  std::int64_t code = crash ? 1 : fault.code;
  if (reader.read("code", code, crash ? whole_between(0, 255) : whole_between(400, 599)) && !crash &&
      fault.point != "api.answer") {
    reader.error("code", "goes only with the points api.answer and pod.crash");
  }
  fault.code = static_cast<int>(code);
  static constexpr std::array<std::string_view, 5> kWithTarget{"pull.fail", "registry.outage", "image.not_found",
                                                               "pod.crash", "disk.slow"};
  if (reader.read("target", fault.target, as_text) &&
      std::ranges::find(kWithTarget, fault.point) == kWithTarget.end()) {
    reader.error("target", fmt::format("goes only with {}", fmt::join(kWithTarget, ", ")));
  }
}

void read_fault(ReadState& state, const JsonValue& value, const std::string& path) {
  static const std::vector<std::string> kPoints(fakeapi::Faults::kPoints.begin(), fakeapi::Faults::kPoints.end());
  ObjectReader reader(state.reading, value, path);
  fakeapi::FaultSpec fault;
  if (reader.require("point", fault.point, as_text) && std::ranges::find(kPoints, fault.point) == kPoints.end()) {
    reader.error("point", fmt::format("unknown fault point \"{}\"{}; known are {}", fault.point,
                                      did_you_mean(fault.point, kPoints), fmt::join(kPoints, ", ")));
  }
  read_fault_window(state, reader, fault);
  Ratio ratio;
  if (reader.read("ratio", ratio, as_ratio)) {
    fault.numerator = ratio.numerator;
    fault.denominator = ratio.denominator;
  }
  DurationUs retry_after = 0;
  if (reader.read("retry_after", retry_after, as_duration)) {
    if (retry_after % kSecondUs != 0) reader.error("retry_after", "must be whole seconds, as in HTTP");
    fault.retry_after_s = retry_after / kSecondUs;
  }
  reader.read("delay", fault.delay_us, as_duration);
  static constexpr std::array<std::string_view, 5> kDelays{"api.slow", "watch.delay", "api.stale", "disk.slow",
                                                           "clock.skew"};
  const bool needs_delay = std::ranges::find(kDelays, fault.point) != kDelays.end();
  if (needs_delay && fault.delay_us == 0 && !reader.has("delay")) {
    reader.error("delay", fmt::format("is missing: {} needs one", fault.point));
  }
  read_fault_calls(reader, fault);
  std::vector<std::pair<std::string_view, Verb>> verbs;
  for (std::size_t i = 0; i < EnumText<Verb>::names.size(); ++i) {
    verbs.emplace_back(EnumText<Verb>::names[i], static_cast<Verb>(i));
  }
  Verb verb = Verb::get;
  if (reader.choose("verb", verb, verbs)) fault.verb = verb;
  const bool on_node = fakeapi::Faults::is_of_node(fault.point);
  if (reader.has("node") && !on_node) {
    reader.error("node", fmt::format("goes only with the points {}", fmt::join(fakeapi::Faults::kNodePoints, ", ")));
  }
  if (reader.has("application") && on_node) {
    reader.error("application", fmt::format("does not go with {}; name a node", fault.point));
  }
  if (reader.read("node", fault.client, as_text) && !state.nodes.contains(fault.client)) {
    reader.error("node",
                 fmt::format("unknown node \"{}\"{}", fault.client, did_you_mean(fault.client, names_of(state.nodes))));
  }
  if (reader.read("client", fault.client, as_text) && (on_node || reader.has("application"))) {
    reader.error("client", "names a program that talks to podramp serve, and goes with no application and no node");
  }
  if (reader.has("application")) {
    for (const std::size_t index : read_application_names(state, reader, "application")) {
      fault.client = state.scenario.applications[index].name;
      state.scenario.cluster.faults.push_back(fault);
    }
  } else {
    state.scenario.cluster.faults.push_back(std::move(fault));
  }
  reader.finish();
}

// A bound on a KPI: a whole number, or a duration when the KPI's name says its unit.
Result<std::int64_t> as_kpi_value(const JsonValue& value, std::string_view kpi) {
  if (value.kind == JsonKind::number) return whole_between(-kAny, kAny)(value);
  const Result<DurationUs> duration = as_duration(value);
  if (!duration) {
    return tl::unexpected(Error{fmt::format("must be a whole number or a duration (got {})", describe(value))});
  }
  if (kpi.ends_with("_us")) return *duration;
  if (kpi.ends_with("_ms")) return *duration / kMillisecondUs;
  if (kpi.ends_with("_s") || kpi.ends_with("_seconds")) return *duration / kSecondUs;
  return tl::unexpected(
      Error{fmt::format("\"{}\" is no time, so its bound must be a whole number (got {})", kpi, describe(value))});
}

// "time_to_90_ms", or "etl-3/time_to_90_ms" of one application.
void check_kpi_name(ReadState& state, const JsonValue& value, const std::string& path) {
  static const std::vector<std::string> kKpis = kpi_names();
  std::string_view name = value.key;
  if (const std::size_t slash = name.find('/'); slash != std::string_view::npos) {
    const std::string application(name.substr(0, slash));
    const bool known = std::ranges::any_of(state.scenario.applications,
                                           [&](const ApplicationSpec& spec) { return spec.name == application; });
    if (!known) {
      state.reading.error(value, path,
                          fmt::format("unknown application \"{}\"{}", application,
                                      did_you_mean(application, names_of(state.applications))));
    }
    name.remove_prefix(slash + 1);
  }
  if (std::ranges::find(kKpis, name) != kKpis.end()) return;
  const std::string question = did_you_mean(name, kKpis);
  state.reading.error(
      value, path,
      question.empty() ? fmt::format("unknown KPI; known are {}", fmt::join(kKpis, ", ")) : "unknown KPI" + question);
}

template <std::size_t... I>
std::vector<std::string> event_names(std::index_sequence<I...>) {
  return {std::string(std::variant_alternative_t<I, EventData>::kType)...};
}

// A list of names, each of which must be known.
std::vector<std::string> read_known(ObjectReader& reader, std::string_view key, std::string_view what,
                                    const std::vector<std::string>& known) {
  std::vector<std::string> names;
  reader.each_item(key, [&](const JsonValue& item, const std::string& path) {
    const Result<std::string> name = as_text(item);
    if (!name) {
      reader.reading().error(item, path, name.error().message);
    } else if (std::ranges::find(known, *name) == known.end()) {
      const std::string question = did_you_mean(*name, known);
      reader.reading().error(
          item, path,
          fmt::format("unknown {} \"{}\"{}", what, *name,
                      question.empty() ? fmt::format("; known are {}", fmt::join(known, ", ")) : question));
    } else {
      names.push_back(*name);
    }
  });
  return names;
}

void read_kpi(ReadState& state, const JsonValue& value, const std::string& path) {
  Budget budget;
  budget.kpi = value.key;
  check_kpi_name(state, value, path);
  const auto as_bound = [&](const JsonValue& bound) { return as_kpi_value(bound, budget.kpi); };
  if (value.kind != JsonKind::object) {
    const Result<std::int64_t> exact = as_bound(value);
    if (!exact) {
      state.reading.error(value, path, exact.error().message);
      return;
    }
    budget.min = budget.max = *exact;
    state.scenario.expect.budgets.push_back(std::move(budget));
    return;
  }
  ObjectReader reader(state.reading, value, path);
  std::int64_t bound = 0;
  if (reader.read("min", bound, as_bound)) budget.min = bound;
  if (reader.read("max", bound, as_bound)) budget.max = bound;
  if (reader.read("equals", bound, as_bound)) {
    if (reader.has("min") || reader.has("max")) reader.error("equals", "goes alone: no min or max beside it");
    budget.min = budget.max = bound;
  }
  reader.finish();
  if (budget.min && budget.max && *budget.min > *budget.max) reader.error("min", "must not be above max");
  if (!reader.has("min") && !reader.has("max") && !reader.has("equals")) {
    state.reading.error(value, path, "needs min, max or equals");
  }
  state.scenario.expect.budgets.push_back(std::move(budget));
}

}  // namespace

void read_faults(ReadState& state, ObjectReader& top) {
  top.each_item("faults", [&](const JsonValue& value, const std::string& path) { read_fault(state, value, path); });
}

void read_expect(ReadState& state, ObjectReader& top) {
  const JsonValue* value = top.find("expect");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, "expect");
  reader.each_member("kpis", [&](const JsonValue& kpi, const std::string& path) { read_kpi(state, kpi, path); });
  static const std::vector<std::string> kEvents =
      event_names(std::make_index_sequence<std::variant_size_v<EventData>>());
  static const std::vector<std::string> kProperties{std::string(kCreateWithinTarget),
                                                    std::string(kCreateWithinCaps),
                                                    std::string(kIdsNeverReused),
                                                    std::string(kQuotaNeverExceeded),
                                                    std::string(kNodeNeverOvercommitted),
                                                    std::string(kNothingLeftAfterStop),
                                                    std::string(kPodLife),
                                                    std::string(kQuotaCountsLivePods),
                                                    std::string(kWatchContract),
                                                    std::string(kTargetReached),
                                                    std::string(kCallsAnswered),
                                                    std::string(kPollingGoesOn),
                                                    std::string(kWatchGoesOn),
                                                    std::string(kStopEnds),
                                                    std::string(kBooksAgree),
                                                    std::string(kEndedPodsRemoved)};
  state.scenario.expect.sometimes = read_known(reader, "sometimes", "event", kEvents);
  state.scenario.expect.skip_properties = read_known(reader, "skip", "property", kProperties);
  DurationUs settles_by = 0;
  if (reader.read("settles_by", settles_by, as_duration)) {
    state.warn_if_late(reader.path_of("settles_by"), settles_by);
    state.scenario.expect.settles_by = settles_by;
  }
  reader.finish();
}

}  // namespace podramp::sim
