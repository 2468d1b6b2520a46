// A fact that others have measured, as a scenario under scenarios/published/ carries it in its member `published`:
// source, value, tolerance, and whether one of our defaults was set from it (fitted) or not (predicted). What the
// scenario may change of the cluster's defaults is what its source states. Next: published.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/port/fields.h"
#include "backend/port/placement.h"
#include "backend/port/time.h"

namespace podramp::sim {

enum class MeasureKind : std::uint8_t { pod_start, between, rate, count, kpi };
}  // namespace podramp::sim

namespace podramp {
template <>
struct EnumText<sim::MeasureKind> {
  static constexpr std::array<std::string_view, 5> names{"pod_start", "between", "rate", "count", "kpi"};
};
}  // namespace podramp

namespace podramp::sim {

// One figure.
//   pod_start  seconds from a pod's creation to Running, at this quantile (of those created in the run)
//   between    seconds from the first event `from` to the first, or last, event `to` after it
//   rate       events `event` a second, from the one numbered `skip` (from 0) to the last
//   count      events `event` until then
//   kpi        a KPI (kpis.h); one in ms is given in seconds
// An event is a type, optionally with a part of its key: "fact.pod_gone", "fact.pod_running batch/exec".
struct Measure {
  MeasureKind kind = MeasureKind::count;
  std::int64_t quantile_permille = 500;
  std::string event;  // rate, count; between: from
  std::string to;     // between
  bool last = false;  // between
  std::int64_t skip = 0;
  TimeUs until_us = kNever;  // count
  std::string kpi;
  friend bool operator==(const Measure&, const Measure&) = default;
};

enum class FactKind : std::uint8_t { predicted, fitted };
}  // namespace podramp::sim

namespace podramp {
template <>
struct EnumText<sim::FactKind> {
  static constexpr std::array<std::string_view, 2> names{"predicted", "fitted"};
};
}  // namespace podramp

namespace podramp::sim {

struct PublishedFigure {
  std::string what;  // "median pod start"
  Measure measure;
  std::int64_t value_milli = 0;  // as published
  std::int64_t low_milli = 0;    // what the source supports
  std::int64_t high_milli = 0;
  std::string unit;     // "s", "/s", ""
  std::string differs;  // why ours lies outside; "": it must not
  friend bool operator==(const PublishedFigure&, const PublishedFigure&) = default;
};

struct PublishedFact {
  std::string source;
  std::string says;
  FactKind kind = FactKind::predicted;
  StringMap stated;  // "cluster.latency.start" -> what the source says of it
  std::vector<PublishedFigure> figures;
  friend bool operator==(const PublishedFact&, const PublishedFact&) = default;
};

}  // namespace podramp::sim
