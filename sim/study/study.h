// A tuning study as its spec says it: a base scenario, dimensions that vary, replicates, what is wanted, how to search.
// Plain data; read from JSON by study_read.cpp and written back by study_json.cpp. What it unfolds to is variants.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/live/event_log.h"
#include "sim/engine.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

inline constexpr std::string_view kStudySchema = "podramp/study/v1";
inline constexpr std::size_t kVariantsMax = 100'000;
inline constexpr std::int64_t kReplicatesMax = 10'000;

// What becomes of the values of the replicates: their mean, or the value of which so many thousandths are not above it.
// The median of an even number of values is the middle of the two in the middle.
struct Statistic {
  std::string name = "median";  // "mean", "median", "min", "max", "p90"; as the spec says it
  bool mean = false;
  std::int64_t permille = 500;
};
// "p99", "p99.9" and the words above, or nullopt.
std::optional<Statistic> statistic_of(std::string_view name);

struct Figure {
  std::string kpi;  // of the run, or "application/kpi" (kpis.h)
  Statistic statistic;
};
std::string figure_text(const Figure& figure);  // "median of time_to_95_ms"

enum class Goal : std::uint8_t { minimize, maximize };
struct Objective {
  Figure figure;
  Goal goal = Goal::minimize;
};
struct Constraint {
  Figure figure;
  std::optional<std::int64_t> at_most, at_least;  // in the KPI's unit
};

// It applies only where an earlier dimension has one of these values.
struct Condition {
  std::size_t dimension = 0;
  std::vector<std::string> values;
};
struct Dimension {
  std::string name;
  std::string path;                 // as in --set
  std::vector<std::string> values;  // as they are typed there
  std::vector<Condition> when;      // all of them
};

enum class SearchKind : std::uint8_t { grid, sample, halving };
struct Search {
  SearchKind kind = SearchKind::grid;
  std::int64_t points = 0;            // sample; halving: 0 is the whole grid
  std::int64_t first_replicates = 1;  // halving: seeds of the first rung,
  std::int64_t keep_one_in = 2;       // of whose variants one in so many goes on, with so many times the seeds
};

struct Study {
  std::string name;
  std::string about;
  std::string file;      // of the spec, for messages
  std::string scenario;  // as written: relative to the spec
  std::vector<std::pair<std::string, std::string>> set;
  std::uint64_t seed = 1;
  std::int64_t replicates = 1;
  EngineKind engine = EngineKind::simgrid;
  LogLevel log = LogLevel::none;  // what is fingerprinted; nothing is written
  std::vector<Dimension> dimensions;
  std::vector<Objective> objectives;
  std::vector<Constraint> constraints;
  Search search;
};

// Every mistake at once, with line, path and the nearest known word. Opens no other file.
tl::expected<Study, FieldErrors> read_study(const NamedText& source);
// All defaults filled in; read_study of it gives the same study. No line breaks.
std::string to_json_line(const Study& study);

}  // namespace podramp::sim

namespace podramp {
template <>
struct EnumText<sim::Goal> {
  static constexpr std::array<std::string_view, 2> names{"minimize", "maximize"};
};
template <>
struct EnumText<sim::SearchKind> {
  static constexpr std::array<std::string_view, 3> names{"grid", "sample", "halving"};
};
}  // namespace podramp
