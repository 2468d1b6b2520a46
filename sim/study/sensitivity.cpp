#include "sim/study/sensitivity.h"

#include <algorithm>
#include <cmath>

namespace podramp::sim {
namespace {

struct Point {
  std::size_t variant = 0;
  std::int64_t milli = 0;
};

double mean_of(const std::vector<Point>& points) {
  double sum = 0;
  for (const Point& point : points) sum += static_cast<double>(point.milli);
  return points.empty() ? 0 : sum / static_cast<double>(points.size());
}

Sensitivity sensitivity_of(const Study& study, const std::vector<Variant>& variants, const std::vector<Point>& points,
                           std::size_t dimension) {
  Sensitivity found;
  found.dimension = dimension;
  const double mean = mean_of(points);
  double total = 0;
  for (const Point& point : points) total += std::pow(static_cast<double>(point.milli) - mean, 2);
  std::vector<std::string> values = study.dimensions[dimension].values;
  values.emplace_back();
  double explained = 0;
  for (const std::string& value : values) {
    std::vector<Point> there;
    for (const Point& point : points) {
      if (variants[point.variant].values[dimension] == value) there.push_back(point);
    }
    if (there.empty()) continue;
    const double level = mean_of(there);
    explained += static_cast<double>(there.size()) * std::pow(level - mean, 2);
    found.effects.push_back({value, static_cast<std::int64_t>(there.size()), std::llround(level)});
  }
  if (total > 0) found.share_permille = std::llround(1000 * explained / total);
  return found;
}

}  // namespace

std::vector<Sensitivity> sensitivities(const Study& study, const std::vector<Variant>& variants,
                                       const std::vector<Assessed>& assessed) {
  std::vector<Sensitivity> all;
  for (std::size_t objective = 0; objective < study.objectives.size(); ++objective) {
    std::vector<Point> points;
    for (const Assessed& one : assessed) {
      if (const auto milli = one.objectives[objective].milli) points.push_back({one.variant, *milli});
    }
    std::ranges::sort(points, {}, &Point::variant);  // sums of doubles have an order
    std::vector<Sensitivity> here;
    for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
      here.push_back(sensitivity_of(study, variants, points, d));
      here.back().objective = objective;
    }
    std::ranges::stable_sort(here, std::greater{}, &Sensitivity::share_permille);
    all.insert(all.end(), here.begin(), here.end());
  }
  return all;
}

}  // namespace podramp::sim
