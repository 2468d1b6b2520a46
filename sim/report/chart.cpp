#include "sim/report/chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 380;
constexpr double kLeft = 74;
constexpr double kRight = 14;
constexpr double kTop = 30;
constexpr double kBottom = 46;
constexpr std::size_t kLinePoints = 300;  // slices of a line: at most four points each
constexpr std::size_t kRows = 400;        // for dygraphs
constexpr std::size_t kTableRows = 16;
constexpr double kHeadroom = 1.04;    // above the highest value
constexpr double kLabelShare = 0.05;  // an area with that part of the picture is named in it

struct Frame {
  Window window;
  double top = 1;
  double x(TimeUs t) const {
    const TimeUs inside = std::clamp(t, window.from_us, window.to_us);
    return kLeft + (kWidth - kLeft - kRight) * static_cast<double>(inside - window.from_us) /
                       static_cast<double>(window.to_us - window.from_us);
  }
  double y(double value) const { return kHeight - kBottom - (kHeight - kTop - kBottom) * value / top; }
};

std::string at(double value) { return fmt::format("{:.4g}", value); }

// Steps as a path that moves along, then up or down.
std::string step_path(const Steps& steps, const Frame& frame) {
  std::string path;
  double before = 0;
  for (const Point& point : steps) {
    if (point.t > frame.window.to_us) break;
    const double y = frame.y(point.value);
    if (path.empty()) {
      path = fmt::format("M{} {}", at(frame.x(point.t)), at(y));
    } else if (y != before) {
      path += fmt::format("H{}V{}", at(frame.x(point.t)), at(y));
    }
    before = y;
  }
  return path.empty() ? path : path + fmt::format("H{}", at(frame.x(frame.window.to_us)));
}

std::string axes(const Chart& chart, const Frame& frame, const std::vector<double>& ticks) {
  std::string out;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const double y = frame.y(ticks[i]);
    out += fmt::format("<path class=\"{}\" d=\"M{} {}H{}\"/><text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n",
                       i == 0 ? "axis" : "grid", at(kLeft), at(y), at(kWidth - kRight), i % 2 == 0 ? "y" : "y minor",
                       at(kLeft - 8), at(y + 5), number_text(ticks[i]));
  }
  const auto times = time_ticks(frame.window.from_us, frame.window.to_us, 9);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double x = frame.x(times[i]);
    out += fmt::format("<path class=\"axis\" d=\"M{} {}v5\"/><text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", at(x),
                       at(kHeight - kBottom), i % 2 == 0 ? "x" : "x minor", at(x), at(kHeight - kBottom + 22),
                       tick_text(times[i]));
  }
  return out + fmt::format(
                   "<text class=\"unit\" x=\"{}\" y=\"{}\">{}</text><text class=\"unit end\" x=\"{}\" y=\"{}\">"
                   "time since the start</text>\n",
                   at(kLeft), at(kTop - 12), escaped(chart.unit), at(kWidth - kRight), at(kHeight - 5));
}

// The name of an area where it is thickest, if it is large enough to hold it.
std::string area_label(const Curve& area, const std::vector<double>& low, const Frame& frame) {
  double sum = 0;
  std::size_t best = 0;
  double best_value = 0;
  constexpr std::size_t kNear = 6;  // slices around that have to hold the name as well
  for (std::size_t i = 0; i < area.steps.size(); ++i) {
    sum += area.steps[i].value;
    double least = area.steps[i].value;
    const std::size_t from = i < kNear ? 0 : i - kNear;
    for (std::size_t k = from; k < std::min(area.steps.size(), i + kNear); ++k) {
      least = std::min(least, area.steps[k].value);
    }
    if (least > best_value) {
      best = i;
      best_value = least;
    }
  }
  const double room = frame.y(0) - frame.y(best_value);
  if (sum < kLabelShare * frame.top * static_cast<double>(area.steps.size()) || room < 20) return "";
  const double half = 7.5 * static_cast<double>(area.name.size());
  const double x = std::clamp(frame.x(area.steps[best].t), kLeft + half, kWidth - kRight - half);
  return fmt::format("<text class=\"in\" x=\"{}\" y=\"{}\">{}</text>\n", at(x),
                     at(frame.y(low[best] + area.steps[best].value / 2) + 5), escaped(area.name));
}

struct AreasSvg {
  std::string shapes;
  std::string labels;  // above grid and lines
};

AreasSvg areas_svg(const Chart& chart, const Frame& frame) {
  AreasSvg out;
  std::vector<double> low(chart.areas.empty() ? 0 : chart.areas.front().steps.size(), 0);
  for (const Curve& area : chart.areas) {
    Steps upper = area.steps;
    Steps lower = area.steps;
    for (std::size_t i = 0; i < upper.size(); ++i) {
      lower[i].value = low[i];
      upper[i].value += low[i];
    }
    std::string path = step_path(upper, frame);
    for (std::size_t i = lower.size(); i-- > 0;) {  // back along the lower edge
      const TimeUs until = i + 1 < lower.size() ? lower[i + 1].t : frame.window.to_us;
      if (i + 1 == lower.size() || lower[i].value != lower[i + 1].value) {
        path += fmt::format("{}{}V{}", path.empty() ? "M" : "H", at(frame.x(until)), at(frame.y(lower[i].value)));
      }
    }
    out.shapes += fmt::format("<path class=\"area\" style=\"fill:var(--{})\" d=\"{}H{}Z\"><title>{}</title></path>\n",
                              area.color, path, at(frame.x(lower.empty() ? 0 : lower.front().t)), escaped(area.name));
    out.labels += area_label(area, low, frame);
    for (std::size_t i = 0; i < low.size(); ++i) low[i] = upper[i].value;
  }
  return out;
}

std::string legend_html(const Chart& chart) {
  std::string out = "<ul class=\"legend\" aria-label=\"Legend\">";
  const auto item = [&](const Curve& curve, std::string_view kind) {
    out += fmt::format("<li><span class=\"key {}\" style=\"--k:var(--{})\"></span>{}</li>", kind, curve.color,
                       escaped(curve.name));
  };
  for (const Curve& line : chart.lines) item(line, line.dashed ? "line dashed" : "line");
  for (auto area = chart.areas.rbegin(); area != chart.areas.rend(); ++area) item(*area, "");  // as they are stacked
  return out + "</ul>\n";
}

std::vector<const Curve*> all_curves(const Chart& chart) {
  std::vector<const Curve*> all;
  for (const Curve& line : chart.lines) all.push_back(&line);
  for (const Curve& area : chart.areas) all.push_back(&area);
  return all;
}

std::string values_table(const Chart& chart) {
  std::vector<std::string> heads{"time"};
  for (const Curve* curve : all_curves(chart)) heads.push_back(curve->name);
  std::vector<TableRow> rows;
  for (const TimeUs t : time_ticks(chart.window.from_us, chart.window.to_us, kTableRows)) {
    TableRow row{text_cell(format_time(t))};
    for (const Curve* curve : all_curves(chart)) row.push_back(number_cell(number_text(value_at(curve->steps, t))));
    rows.push_back(std::move(row));
  }
  return details_html("Values as a table", table_html(chart.title + " (" + chart.unit + ")", heads, rows));
}

std::string values_json(const Chart& chart) {
  std::string out = fmt::format("{{\"unit\":{},\"areas\":{},\"names\":[", json_quoted(chart.unit), chart.areas.size());
  const auto curves = all_curves(chart);
  const auto comma = [&](std::size_t i) { return i == 0 ? "" : ","; };
  for (std::size_t i = 0; i < curves.size(); ++i) out += comma(i) + json_quoted(curves[i]->name);
  out += "],\"colors\":[";
  for (std::size_t i = 0; i < curves.size(); ++i) out += comma(i) + json_quoted("--" + curves[i]->color);
  out += "],\"dashed\":[";
  for (std::size_t i = 0; i < curves.size(); ++i) out += fmt::format("{}{}", comma(i), curves[i]->dashed ? 1 : 0);
  std::vector<TimeUs> times{chart.window.from_us, chart.window.to_us};
  for (const Curve* curve : curves) {
    for (const Point& p : thinned(curve->steps, chart.window, kRows / 4)) {
      if (p.t > chart.window.from_us && p.t < chart.window.to_us) times.push_back(p.t);
    }
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  out += "],\"rows\":[";
  for (std::size_t r = 0; r < times.size(); ++r) {
    out += fmt::format("{}[{}", comma(r), times[r] / kMillisecondUs);
    for (const Curve* curve : curves) out += fmt::format(",{:.6g}", value_at(curve->steps, times[r]));
    out += "]";
  }
  return out + "]}";
}

}  // namespace

double chart_top(const Chart& chart) {
  double top = 0;
  for (const Curve& line : chart.lines) {
    for (const Point& point : line.steps) top = std::max(top, point.value);
  }
  const std::size_t slices = chart.areas.empty() ? 0 : chart.areas.front().steps.size();
  for (std::size_t i = 0; i < slices; ++i) {
    double sum = 0;
    for (const Curve& area : chart.areas) sum += area.steps[i].value;
    top = std::max(top, sum);
  }
  return top;
}

std::string chart_svg(const Chart& chart) {
  const double highest = std::max(chart.top, chart_top(chart));
  const auto ticks = value_ticks(highest, 6, chart.tick);
  const Frame frame{chart.window, std::max(ticks.back(), highest * kHeadroom)};
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\"><title id=\"{}-t\">{}</title><desc "
      "id=\"{}-d\">{}</desc>\n",
      kWidth, kHeight, chart.id, chart.id, chart.id, escaped(chart.title), chart.id, escaped(chart.says));
  const AreasSvg areas = areas_svg(chart, frame);
  out += areas.shapes + axes(chart, frame, ticks);
  for (const Curve& line : chart.lines) {
    out += fmt::format("<path class=\"line{}\" style=\"stroke:var(--{})\" d=\"{}\"><title>{}</title></path>\n",
                       line.dashed ? " dashed" : "", line.color,
                       step_path(thinned(line.steps, chart.window, kLinePoints), frame), escaped(line.name));
  }
  return out + areas.labels + "</svg>\n";
}

std::string chart_html(const Chart& chart) {
  std::string out = fmt::format("<figure id=\"{}\"><figcaption>{}</figcaption>\n", chart.id, escaped(chart.title));
  out += legend_html(chart) + "<div class=\"plot\">" + chart_svg(chart) + "</div>\n";
  if (chart.zooms) {
    out += "<script type=\"application/json\" class=\"values\">" + values_json(chart) + "</script>\n";
  }
  return out + values_table(chart) + "</figure>\n";
}

}  // namespace podramp::sim
