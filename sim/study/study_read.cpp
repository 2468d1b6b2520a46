// Reads a study's spec. Which scenario it is about, and whether its paths exist there, is found out by study_base.h.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include "sim/field_reader.h"
#include "sim/kpis.h"
#include "sim/study/study.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kWholeMax = 1'000'000'000'000;

// A value as it is typed after --set PATH=.
Result<std::string> as_setting(const JsonValue& value) {
  if (!value.is_scalar() || value.kind == JsonKind::null) {
    return tl::unexpected(Error{fmt::format("must be a string, a number, true or false (got {})", describe(value))});
  }
  if (value.text.empty()) return tl::unexpected(Error{"must not be empty"});
  return value.text;
}

// "250ms", 5, "4g": a whole number and what follows it.
struct Quantity {
  std::int64_t number = 0;
  std::string unit;
};
Result<Quantity> as_number_with_unit(const JsonValue& value) {
  Quantity quantity;
  const auto text = as_setting(value);
  if (!text) return tl::unexpected(text.error());
  const char* end = text->data() + text->size();
  const auto [rest, code] = std::from_chars(text->data(), end, quantity.number);
  quantity.unit.assign(rest, end);
  const bool fine = code == std::errc{} && std::abs(quantity.number) <= kWholeMax && quantity.unit.find('.') != 0;
  if (!fine) {
    return tl::unexpected(
        Error{fmt::format("must be a whole number, with or without a unit, such as \"2s\" (got {})", describe(value))});
  }
  return quantity;
}

class SpecReader {
 public:
  explicit SpecReader(Reading& reading) : reading_(reading) {}

  void read(const JsonValue& root, const std::string& file) {
    ObjectReader top(reading_, root, "");
    study.file = file;
    study.name = std::filesystem::path(file).stem().string();
    std::string schema;
    if (top.require("schema", schema, as_text) && schema != kStudySchema) {
      top.error("schema", fmt::format("must be \"{}\" (got \"{}\")", kStudySchema, schema));
    }
    top.read("name", study.name, as_text);
    top.read("about", study.about, as_text);
    top.require("scenario", study.scenario, as_text);
    std::int64_t seed = 1;
    top.read("seed", seed, whole_between(0, INT64_MAX));
    study.seed = static_cast<std::uint64_t>(seed);
    top.read("replicates", study.replicates, whole_between(1, kReplicatesMax));
    top.choose<EngineKind>("engine", study.engine, {{"simgrid", EngineKind::simgrid}, {"fluid", EngineKind::fluid}});
    top.choose<LogLevel>("log", study.log, {{"none", LogLevel::none}, {"decisions", LogLevel::decisions}});
    top.each_member("set", [&](const JsonValue& value, const std::string& path) {
      const auto text = as_setting(value);
      if (!text) return reading_.error(value, path, text.error().message);
      study.set.emplace_back(value.key, *text);
    });
    read_dimensions(top);
    read_wishes(top);
    read_search(top);
    top.finish();
  }

  Study study;

 private:
  void read_dimensions(ObjectReader& top) {
    top.find_required("dimensions");
    top.each_item("dimensions", [&](const JsonValue& value, const std::string& path) { read_dimension(value, path); });
    if (study.dimensions.empty() && top.has("dimensions")) top.error("dimensions", "needs at least one dimension");
  }

  void read_dimension(const JsonValue& value, const std::string& path) {
    ObjectReader reader(reading_, value, path);
    Dimension dimension;
    reader.require("path", dimension.path, as_text);
    dimension.name = short_name(dimension.path);
    reader.read("name", dimension.name, as_text);
    read_values(reader, dimension);
    read_conditions(reader, dimension);
    reader.finish();
    if (dimension.name.find_first_of(",\"\n\r") != std::string::npos) {
      reader.error("name", "must have no commas, quotes or line breaks: it heads a column");
    }
    for (const Dimension& other : study.dimensions) {
      if (other.name == dimension.name) {
        reader.error("name", fmt::format("\"{}\" is the name of another dimension already", dimension.name));
      } else if (other.path == dimension.path && other.when.empty() && dimension.when.empty()) {
        reader.error("path", fmt::format("dimension \"{}\" varies it already", other.name));
      }
    }
    study.dimensions.push_back(std::move(dimension));
  }

  // "applications.0.conf.spark.kubernetes.allocation.batch.size" -> "allocation.batch.size"
  static std::string short_name(const std::string& path) {
    for (const std::string_view head : {"conf.spark.kubernetes.", "conf.spark.", "conf."}) {
      if (const std::size_t at = path.find(head); at != std::string::npos) return path.substr(at + head.size());
    }
    return path;
  }

  void read_values(ObjectReader& reader, Dimension& dimension) {
    const int kinds =
        (reader.has("values") ? 1 : 0) + (reader.has("range") ? 1 : 0) + (reader.has("log_range") ? 1 : 0);
    if (kinds != 1) {
      reader.error("values", "needs one of values, range and log_range");
    }
    std::set<std::string> seen;
    reader.each_item("values", [&](const JsonValue& value, const std::string& path) {
      const auto text = as_setting(value);
      if (!text) return reading_.error(value, path, text.error().message);
      if (!seen.insert(*text).second) return reading_.error(value, path, "is in the list already");
      dimension.values.push_back(*text);
    });
    if (const JsonValue* range = reader.find("range")) read_range(*range, reader.path_of("range"), dimension);
    if (const JsonValue* range = reader.find("log_range"))
      read_log_range(*range, reader.path_of("log_range"), dimension);
    if (reader.has("values") && dimension.values.empty()) reader.error("values", "must not be empty");
  }

  // from and to of a range; false after an error.
  bool read_ends(ObjectReader& reader, Quantity& from, Quantity& to) {
    const bool both = reader.require("from", from, as_number_with_unit) & reader.require("to", to, as_number_with_unit);
    if (both && from.unit != to.unit) {
      reader.error("to", fmt::format("must have the unit of from, \"{}\" (got \"{}\")", from.unit, to.unit));
      return false;
    }
    if (both && from.number > to.number) reader.error("from", "must not be above to");
    return both && from.number <= to.number;
  }

  void read_range(const JsonValue& value, const std::string& path, Dimension& dimension) {
    ObjectReader reader(reading_, value, path);
    Quantity from, to, step;
    const bool ends = read_ends(reader, from, to);
    const bool has_step = reader.require("step", step, as_number_with_unit);
    reader.finish();
    if (!ends || !has_step) return;
    if (step.unit != from.unit || step.number <= 0) {
      return reader.error("step", fmt::format("must be above zero and in the unit of from, \"{}\"", from.unit));
    }
    if ((to.number - from.number) / step.number >= static_cast<std::int64_t>(kVariantsMax)) {
      return reader.error("step", fmt::format("gives more than {} values", kVariantsMax));
    }
    for (std::int64_t n = from.number; n <= to.number; n += step.number) {
      dimension.values.push_back(fmt::format("{}{}", n, from.unit));
    }
  }

  void read_log_range(const JsonValue& value, const std::string& path, Dimension& dimension) {
    ObjectReader reader(reading_, value, path);
    Quantity from, to;
    std::int64_t count = 0;
    const bool ends = read_ends(reader, from, to);
    const bool has_count = reader.require("count", count, whole_between(2, 1000));
    reader.finish();
    if (!ends || !has_count) return;
    if (from.number <= 0) return reader.error("from", "must be above zero on a logarithmic scale");
    const double ratio = static_cast<double>(to.number) / static_cast<double>(from.number);
    for (std::int64_t i = 0; i < count; ++i) {
      const double exponent = static_cast<double>(i) / static_cast<double>(count - 1);
      const std::int64_t n =
          i == count - 1 ? to.number : std::llround(static_cast<double>(from.number) * std::pow(ratio, exponent));
      std::string text = fmt::format("{}{}", n, from.unit);
      if (dimension.values.empty() || dimension.values.back() != text) dimension.values.push_back(std::move(text));
    }
  }

  void read_conditions(ObjectReader& reader, Dimension& dimension) {
    std::vector<std::string> names;
    for (const Dimension& other : study.dimensions) names.push_back(other.name);
    reader.each_member("when", [&](const JsonValue& value, const std::string& path) {
      const auto at = std::ranges::find(names, value.key);
      if (at == names.end()) {
        return reading_.error(
            value, path,
            fmt::format("\"{}\" is no dimension before this one{}", value.key, did_you_mean(value.key, names)));
      }
      Condition condition{static_cast<std::size_t>(at - names.begin()), {}};
      const std::vector<std::string>& known = study.dimensions[condition.dimension].values;
      const auto add = [&](const JsonValue& one, const std::string& where) {
        const auto text = as_setting(one);
        if (!text) return reading_.error(one, where, text.error().message);
        if (std::ranges::find(known, *text) == known.end()) {
          return reading_.error(
              one, where, fmt::format("\"{}\" is no value of \"{}\"{}", *text, value.key, did_you_mean(*text, known)));
        }
        condition.values.push_back(*text);
      };
      if (value.kind == JsonKind::array) {
        for (std::size_t i = 0; i < value.items.size(); ++i) add(value.items[i], fmt::format("{}[{}]", path, i));
      } else {
        add(value, path);
      }
      dimension.when.push_back(std::move(condition));
    });
  }

  void read_wishes(ObjectReader& top) {
    top.find_required("objectives");
    top.each_item("objectives", [&](const JsonValue& value, const std::string& path) {
      ObjectReader reader(reading_, value, path);
      Objective objective;
      read_figure(reader, objective.figure);
      reader.choose<Goal>("goal", objective.goal, {{"minimize", Goal::minimize}, {"maximize", Goal::maximize}});
      reader.finish();
      study.objectives.push_back(std::move(objective));
    });
    if (study.objectives.empty() && top.has("objectives")) top.error("objectives", "needs at least one objective");
    top.each_item("constraints", [&](const JsonValue& value, const std::string& path) {
      ObjectReader reader(reading_, value, path);
      Constraint constraint;
      read_figure(reader, constraint.figure);
      std::int64_t bound = 0;
      const auto as_bound = [&](const JsonValue& one) { return as_kpi_bound(one, constraint.figure.kpi); };
      if (reader.read("at_most", bound, as_bound)) constraint.at_most = bound;
      if (reader.read("at_least", bound, as_bound)) constraint.at_least = bound;
      reader.finish();
      if (!reader.has("at_most") && !reader.has("at_least")) reading_.error(value, path, "needs at_most or at_least");
      study.constraints.push_back(std::move(constraint));
    });
  }

  // 200, or "60s" of a KPI in milliseconds.
  static Result<std::int64_t> as_kpi_bound(const JsonValue& value, std::string_view kpi) {
    if (value.kind == JsonKind::string && kpi.ends_with("_ms")) {
      const auto duration = as_duration(value);
      if (!duration) return tl::unexpected(duration.error());
      return *duration / kMillisecondUs;
    }
    return whole_between(-kWholeMax, kWholeMax)(value);
  }

  void read_figure(ObjectReader& reader, Figure& figure) {
    if (reader.require("kpi", figure.kpi, as_text)) {
      static const std::vector<std::string> kKnown = kpi_names();
      const std::size_t slash = figure.kpi.find('/');
      const std::string name = slash == std::string::npos ? figure.kpi : figure.kpi.substr(slash + 1);
      if (std::ranges::find(kKnown, name) == kKnown.end()) {
        reader.error("kpi", fmt::format("unknown KPI \"{}\"{}", name, did_you_mean(name, kKnown)));
      }
    }
    reader.read("statistic", figure.statistic, [](const JsonValue& value) -> Result<Statistic> {
      const auto text = as_text(value);
      if (!text) return tl::unexpected(text.error());
      if (const auto statistic = statistic_of(*text)) return *statistic;
      static const std::vector<std::string> kWords{"mean", "median", "min", "max", "p90", "p99"};
      return tl::unexpected(
          Error{fmt::format("must be mean, median, min, max or a percentile such as p99 (got \"{}\"){}", *text,
                            did_you_mean(*text, kWords))});
    });
  }

  void read_search(ObjectReader& top) {
    const JsonValue* value = top.find("search");
    if (value == nullptr) return;
    ObjectReader reader(reading_, *value, "search");
    Search& search = study.search;
    reader.find_required("kind");
    reader.choose<SearchKind>(
        "kind", search.kind,
        {{"grid", SearchKind::grid}, {"sample", SearchKind::sample}, {"halving", SearchKind::halving}});
    const auto points = whole_between(1, static_cast<std::int64_t>(kVariantsMax));
    if (search.kind == SearchKind::sample) {
      reader.require("points", search.points, points);
    } else if (search.kind == SearchKind::halving) {
      reader.read("points", search.points, points);
      reader.read("first_replicates", search.first_replicates, whole_between(1, kReplicatesMax));
      reader.read("keep_one_in", search.keep_one_in, whole_between(2, 100));
      if (search.first_replicates > study.replicates) {
        reader.error("first_replicates", fmt::format("must not be above replicates ({})", study.replicates));
      }
    }
    reader.finish();
    static constexpr std::size_t kSampledMax = 16;  // dimensions that Halton's sequence has primes for
    if (search.points > 0 && study.dimensions.size() > kSampledMax) {
      reader.error("points", fmt::format("takes samples of at most {} dimensions", kSampledMax));
    }
  }

  Reading& reading_;
};

}  // namespace

std::optional<Statistic> statistic_of(std::string_view name) {
  Statistic statistic{std::string(name), name == "mean", 500};
  if (name == "mean" || name == "median") return statistic;
  if (name == "min" || name == "max") {
    statistic.permille = name == "min" ? 0 : 1000;
    return statistic;
  }
  if (!name.starts_with("p") || name.size() < 2) return std::nullopt;
  std::int64_t whole = 0;
  const char* end = name.data() + name.size();
  const auto [rest, code] = std::from_chars(name.data() + 1, end, whole);
  if (code != std::errc{} || whole < 0 || whole > 100) return std::nullopt;
  statistic.permille = whole * 10;
  if (rest != end) {
    const bool one_decimal = end - rest == 2 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9';
    if (!one_decimal) return std::nullopt;
    statistic.permille += rest[1] - '0';
  }
  return statistic.permille <= 1000 ? std::optional(statistic) : std::nullopt;
}

std::string figure_text(const Figure& figure) { return fmt::format("{} of {}", figure.statistic.name, figure.kpi); }

tl::expected<Study, FieldErrors> read_study(const NamedText& source) {
  Reading reading;
  ParseOptions options;
  options.source = reading.add_source(source.file, SourceKind::scenario);
  const Parsed parsed = parse_json(source.file, source.text, options);
  reading.errors = parsed.errors;
  SpecReader spec(reading);
  if (parsed.usable) spec.read(parsed.root, source.file);
  std::ranges::stable_sort(reading.errors, {}, &FieldError::line);
  if (!reading.errors.empty()) return tl::unexpected(reading.errors);
  return std::move(spec.study);
}

}  // namespace podramp::sim
