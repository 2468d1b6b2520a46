#include "sim/report/scatter.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr double kScatterWidth = 900;
constexpr double kScatterHeight = 420;
constexpr double kScatterLeft = 84;
constexpr double kScatterRight = 24;
constexpr double kScatterTop = 34;
constexpr double kScatterBottom = 56;

struct Plane {
  double x_top = 1;
  double y_top = 1;
  double x(double value) const { return kScatterLeft + (kScatterWidth - kScatterLeft - kScatterRight) * value / x_top; }
  double y(double value) const {
    return kScatterHeight - kScatterBottom - (kScatterHeight - kScatterTop - kScatterBottom) * value / y_top;
  }
};

std::string plane_axes(const Scatter& scatter, const Plane& plane, const std::vector<double>& xs,
                       const std::vector<double>& ys) {
  std::string out;
  for (std::size_t i = 0; i < ys.size(); ++i) {
    out += fmt::format("<path class=\"{}\" d=\"M{} {:.1f}H{}\"/><text class=\"y{}\" x=\"{}\" y=\"{:.1f}\">{}</text>\n",
                       i == 0 ? "axis" : "grid", kScatterLeft, plane.y(ys[i]), kScatterWidth - kScatterRight,
                       i % 2 == 0 ? "" : " minor", kScatterLeft - 8, plane.y(ys[i]) + 5, number_text(ys[i]));
  }
  for (std::size_t i = 0; i < xs.size(); ++i) {
    out += fmt::format("<path class=\"{}\" d=\"M{:.1f} {}V{}\"/><text class=\"x{}\" x=\"{:.1f}\" y=\"{}\">{}</text>\n",
                       i == 0 ? "axis" : "grid", plane.x(xs[i]), kScatterTop, kScatterHeight - kScatterBottom,
                       i % 2 == 0 ? "" : " minor", plane.x(xs[i]), kScatterHeight - kScatterBottom + 22,
                       number_text(xs[i]));
  }
  return out + fmt::format("<text x=\"{}\" y=\"{}\">{}</text><text class=\"end\" x=\"{}\" y=\"{}\">{}</text>\n",
                           kScatterLeft, kScatterTop - 12, escaped(scatter.y_name), kScatterWidth - kScatterRight,
                           kScatterHeight - 8, escaped(scatter.x_name));
}

}  // namespace

std::string scatter_svg(const Scatter& scatter) {
  double x_max = 0;
  double y_max = 0;
  for (const Dot& dot : scatter.dots) {
    x_max = std::max(x_max, dot.x);
    y_max = std::max(y_max, dot.y);
  }
  const auto xs = value_ticks(x_max, 8, 0.001);
  const auto ys = value_ticks(y_max, 6, 0.001);
  const Plane plane{std::max(xs.back(), x_max * 1.03), std::max(ys.back(), y_max * 1.03)};
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\"><title id=\"{}-t\">{}</title><desc "
      "id=\"{}-d\">{}</desc>\n",
      kScatterWidth, kScatterHeight, scatter.id, scatter.id, scatter.id, escaped(scatter.title), scatter.id,
      escaped(scatter.says));
  out += plane_axes(scatter, plane, xs, ys);
  std::string labels;
  for (const Dot& dot : scatter.dots) {
    out += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
                       dot.kind, plane.x(std::max(0.0, dot.x)), plane.y(std::max(0.0, dot.y)), dot.marked ? 8 : 6,
                       escaped(dot.label));
    if (!dot.marked) continue;
    const bool right = plane.x(dot.x) < kScatterWidth / 2;
    labels += fmt::format("<text class=\"in {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", right ? "begin" : "end",
                          plane.x(dot.x) + (right ? 14 : -14), plane.y(dot.y) + 5, escaped(dot.label));
  }
  return out + labels + "</svg>\n";
}

}  // namespace podramp::sim
