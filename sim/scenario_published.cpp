// Reads and writes "published": a fact that others have measured, and what of the cluster it may change (published.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/published.h"
#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

// A number with at most three decimals, in thousandths: a published figure may be larger than a share or a sigma.
Result<std::int64_t> as_figure(const JsonValue& value) {
  const Result<std::int64_t> milli = as_cpu_milli(value);  // the same notation: "1.08", "1800"
  if (milli && value.is_scalar() && !value.text.ends_with('m')) return *milli;
  return tl::unexpected(Error{fmt::format("must be a number with at most three decimals (got {})", describe(value))});
}

void read_measure(ReadState& state, ObjectReader& figure, Measure& into) {
  const JsonValue* value = figure.find_required("measure");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, figure.path_of("measure"));
  std::vector<std::pair<std::string_view, MeasureKind>> kinds;
  for (std::size_t i = 0; i < EnumText<MeasureKind>::names.size(); ++i) {
    kinds.emplace_back(EnumText<MeasureKind>::names[i], static_cast<MeasureKind>(i));
  }
  if (!reader.choose("kind", into.kind, kinds) && !reader.has("kind")) reader.error("kind", "is missing");
  if (into.kind == MeasureKind::pod_start) {
    std::int64_t percent_milli = 0;
    if (reader.require("percent", percent_milli, as_thousandths)) into.quantile_permille = percent_milli / 100;
  } else if (into.kind == MeasureKind::between) {
    reader.require("from", into.event, as_text);
    reader.require("to", into.to, as_text);
    reader.read("last", into.last, as_flag);
  } else if (into.kind == MeasureKind::kpi) {
    reader.require("name", into.kpi, as_text);
  } else {
    reader.require("event", into.event, as_text);
    if (into.kind == MeasureKind::rate) reader.read("skip", into.skip, whole_between(0, 1'000'000'000));
    if (into.kind == MeasureKind::count) reader.read("until", into.until_us, as_duration);
  }
  reader.finish();
}

Json measure_json(const Measure& measure) {
  Json object{{"kind", std::string(to_text(measure.kind))}};
  switch (measure.kind) {
    case MeasureKind::pod_start:
      object["percent"] = fmt::format("{}.{}", measure.quantile_permille / 10, measure.quantile_permille % 10);
      break;
    case MeasureKind::between:
      object["from"] = measure.event;
      object["to"] = measure.to;
      object["last"] = measure.last;
      break;
    case MeasureKind::kpi: object["name"] = measure.kpi; break;
    case MeasureKind::rate: object["skip"] = measure.skip; [[fallthrough]];
    case MeasureKind::count:
      object["event"] = measure.event;
      if (measure.until_us != kNever) object["until"] = duration(measure.until_us);
      break;
  }
  return object;
}

std::string thousandths(std::int64_t milli) { return fmt::format("{}.{:03}", milli / 1000, milli % 1000); }

}  // namespace

void read_published(ReadState& state, ObjectReader& top) {
  const JsonValue* value = top.find("published");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, "published");
  PublishedFact& fact = state.scenario.published.emplace();
  reader.require("source", fact.source, as_text);
  reader.require("says", fact.says, as_text);
  const bool chosen =
      reader.choose<FactKind>("kind", fact.kind, {{"predicted", FactKind::predicted}, {"fitted", FactKind::fitted}});
  if (!chosen && !reader.has("kind")) reader.error("kind", "is missing: predicted or fitted");
  for (auto& [path, why] : reader.text_members("stated")) fact.stated.emplace(path, std::move(why));
  reader.each_item("figures", [&](const JsonValue& item, const std::string& path) {
    ObjectReader figure(state.reading, item, path);
    PublishedFigure& into = fact.figures.emplace_back();
    figure.require("what", into.what, as_text);
    read_measure(state, figure, into.measure);
    figure.require("value", into.value_milli, as_figure);
    figure.require("low", into.low_milli, as_figure);
    figure.require("high", into.high_milli, as_figure);
    figure.read("unit", into.unit, as_text);
    figure.read("differs", into.differs, as_text);
    if (into.low_milli > into.high_milli) figure.error("low", "must not be above high");
    figure.finish();
  });
  if (fact.figures.empty()) reader.error("figures", "needs at least one figure");
  for (const std::string& changed : overridden_defaults(state.scenario)) {
    if (fact.stated.contains(changed)) continue;
    reader.error("stated",
                 fmt::format("{} differs from the profile's default, and the source does not state it", changed));
  }
  reader.finish();
}

Json published_json(const PublishedFact& fact) {
  Json object{{"source", fact.source}, {"says", fact.says}, {"kind", std::string(to_text(fact.kind))}};
  for (const auto& [path, why] : fact.stated) object["stated"][path] = why;
  for (const PublishedFigure& figure : fact.figures) {
    Json entry{{"what", figure.what},
               {"measure", measure_json(figure.measure)},
               {"value", thousandths(figure.value_milli)},
               {"low", thousandths(figure.low_milli)},
               {"high", thousandths(figure.high_milli)}};
    if (!figure.unit.empty()) entry["unit"] = figure.unit;
    if (!figure.differs.empty()) entry["differs"] = figure.differs;
    object["figures"].push_back(std::move(entry));
  }
  return object;
}

std::string fidelity_json(const std::vector<FactResult>& results) {
  Json list = Json::array();
  for (const FactResult& result : results) {
    Json entry{{"scenario", result.scenario},
               {"kind", std::string(to_text(result.fact.kind))},
               {"source", result.fact.source},
               {"figures", Json::array()}};
    for (const FigureResult& row : result.figures) {
      Json figure{{"what", row.figure.what},
                  {"published", thousandths(row.figure.value_milli)},
                  {"low", thousandths(row.figure.low_milli)},
                  {"high", thousandths(row.figure.high_milli)},
                  {"ours", row.ours_milli ? Json(thousandths(*row.ours_milli)) : Json(nullptr)},
                  {"unit", row.figure.unit},
                  {"within", row.within()}};
      entry["figures"].push_back(std::move(figure));
    }
    list.push_back(std::move(entry));
  }
  return list.dump(2) + "\n";
}

}  // namespace podramp::sim
