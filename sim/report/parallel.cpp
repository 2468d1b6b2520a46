#include "sim/report/parallel.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr double kAxisGap = 165;
constexpr double kAxisLeft = 84;
constexpr double kAxisRight = 84;
constexpr double kAxisTop = 78;
constexpr double kAxisBottom = 330;
constexpr double kAxisEnd = 350;
constexpr double kNeverAbove = 24;    // the place of "never" above the highest value
constexpr std::size_t kNameRow = 18;  // letters; longer names take two lines

struct AxisScale {
  double x = 0;
  double low = 0;
  double high = 1;
  bool has_never = false;
  double y(const std::optional<double>& value) const {
    if (!value) return kAxisTop;
    const double top = has_never ? kAxisTop + kNeverAbove : kAxisTop;
    if (high <= low) return (top + kAxisBottom) / 2;
    return kAxisBottom - (kAxisBottom - top) * (*value - low) / (high - low);
  }
};

AxisScale scale_of(const Parallel& parallel, std::size_t axis) {
  AxisScale scale{kAxisLeft + kAxisGap * static_cast<double>(axis), 1e300, -1e300, false};
  const ParallelAxis& of = parallel.axes[axis];
  for (const ParallelLine& line : parallel.lines) {
    scale.has_never = scale.has_never || !line.at[axis];
    if (!line.at[axis]) continue;
    scale.low = std::min(scale.low, *line.at[axis]);
    scale.high = std::max(scale.high, *line.at[axis]);
  }
  if (!of.values.empty()) {
    scale.low = 0;
    scale.high = static_cast<double>(of.values.size() - 1);
  }
  return scale;
}

// A name in one line or two, cut at a dot or a blank.
std::string name_svg(const std::string& name, double x, bool is_setting) {
  const auto line = [&](std::string_view text, double y) {
    return fmt::format("<text class=\"pl-name{}\" x=\"{:.0f}\" y=\"{:.0f}\">{}</text>", is_setting ? "" : " measure", x,
                       y, escaped(text));
  };
  if (name.size() <= kNameRow) return line(name, kAxisTop - 30);
  std::size_t cut = name.find_last_of(". _", name.size() / 2 + 4);
  if (cut == std::string::npos || cut < name.size() / 4) cut = name.size() / 2;
  return line(std::string_view(name).substr(0, cut + 1), kAxisTop - 48) +
         line(std::string_view(name).substr(cut + 1), kAxisTop - 30);
}

std::string axis_svg(const ParallelAxis& axis, const AxisScale& scale) {
  std::string out = fmt::format("<path class=\"axis\" d=\"M{:.0f} {:.0f}V{:.0f}\"/>", scale.x, kAxisTop, kAxisBottom);
  out += name_svg(axis.name, scale.x, !axis.values.empty());
  const auto mark = [&](double y, std::string_view text) {
    out += fmt::format("<text class=\"in pl-mark\" x=\"{:.0f}\" y=\"{:.1f}\">{}</text>", scale.x, y + 5, escaped(text));
  };
  if (scale.has_never) mark(kAxisTop, axis.values.empty() ? "never" : "not set");
  for (std::size_t i = 0; i < axis.values.size(); ++i) mark(scale.y(static_cast<double>(i)), axis.values[i]);
  if (axis.values.empty() && scale.high >= scale.low) {
    for (int i = 0; i < (scale.high > scale.low ? 5 : 1); ++i) {
      const double value = scale.low + (scale.high - scale.low) * i / 4;
      mark(scale.y(value), number_text(value));
    }
  }
  return out + "\n";
}

}  // namespace

std::string parallel_svg(const Parallel& parallel) {
  std::vector<AxisScale> scales;
  for (std::size_t i = 0; i < parallel.axes.size(); ++i) scales.push_back(scale_of(parallel, i));
  const double width = kAxisLeft + kAxisGap * static_cast<double>(parallel.axes.size() - 1) + kAxisRight;
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" style=\"min-width:{2:.0f}px\" role=\"img\" aria-labelledby=\"{3}-t "
      "{3}-d\"><title id=\"{3}-t\">{4}</title><desc id=\"{3}-d\">{5}</desc>\n",
      width, kAxisEnd, width * 0.82, parallel.id, escaped(parallel.title), escaped(parallel.says));
  for (const ParallelLine& line : parallel.lines) {
    std::string path;
    for (std::size_t i = 0; i < scales.size(); ++i) {
      path += fmt::format("{}{:.0f} {:.1f}", i == 0 ? "M" : "L", scales[i].x, scales[i].y(line.at[i]));
    }
    out += fmt::format("<path class=\"pl{}{}\" d=\"{}\"><title>{}</title></path>\n", line.kind.empty() ? "" : " ",
                       line.kind, path, escaped(line.label));
  }
  for (std::size_t i = 0; i < scales.size(); ++i) out += axis_svg(parallel.axes[i], scales[i]);
  return out + "</svg>\n";
}

}  // namespace podramp::sim
