#include "sim/report/series.h"

#include <algorithm>
#include <set>

namespace podramp::sim {
namespace {

TimeUs slice_begin(const Window& window, std::size_t buckets, std::size_t i) {
  const auto span = static_cast<__int128>(window.to_us - window.from_us);
  return window.from_us + static_cast<TimeUs>(span * static_cast<__int128>(i) / static_cast<__int128>(buckets));
}

std::size_t slice_of(const Window& window, std::size_t buckets, TimeUs t) {
  if (t <= window.from_us) return 0;
  if (t >= window.to_us) return buckets - 1;
  const auto offset = static_cast<__int128>(t - window.from_us) * static_cast<__int128>(buckets);
  auto i = static_cast<std::size_t>(offset / (window.to_us - window.from_us));
  while (i + 1 < buckets && slice_begin(window, buckets, i + 1) <= t) ++i;
  return std::min(i, buckets - 1);
}

}  // namespace

Steps thinned(const Steps& steps, const Window& window, std::size_t buckets) {
  Steps out;
  for (std::size_t i = 0; i < steps.size();) {
    const std::size_t bucket = slice_of(window, buckets, steps[i].t);
    std::size_t end = i;
    std::size_t low = i;
    std::size_t high = i;
    for (; end < steps.size() && slice_of(window, buckets, steps[end].t) == bucket; ++end) {
      if (steps[end].value < steps[low].value) low = end;
      if (steps[end].value > steps[high].value) high = end;
    }
    for (const std::size_t kept : std::set<std::size_t>{i, low, high, end - 1}) out.push_back(steps[kept]);
    i = end;
  }
  return out;
}

double value_at(const Steps& steps, TimeUs t) {
  const auto after = std::ranges::upper_bound(steps, t, {}, &Point::t);
  return after == steps.begin() ? 0 : std::prev(after)->value;
}

Steps sum_of(const std::vector<Steps>& all) {
  std::vector<Point> changes;  // value: by how much
  for (const Steps& steps : all) {
    double before = 0;
    for (const Point& point : steps) {
      changes.push_back({point.t, point.value - before});
      before = point.value;
    }
  }
  std::ranges::stable_sort(changes, {}, &Point::t);
  Steps sum;
  double now = 0;
  for (const Point& change : changes) {
    now += change.value;
    if (!sum.empty() && sum.back().t == change.t) {
      sum.back().value = now;
    } else {
      sum.push_back({change.t, now});
    }
  }
  return sum;
}

Occupancy::Occupancy(const Window& window, std::size_t buckets)
    : window_(window), buckets_(buckets), part_(buckets, 0), whole_(buckets + 1, 0) {}

void Occupancy::add(TimeUs from_us, TimeUs to_us) {
  from_us = std::max(from_us, window_.from_us);
  to_us = std::min(to_us, window_.to_us);
  if (from_us >= to_us) return;
  const std::size_t first = slice_of(window_, buckets_, from_us);
  const std::size_t last = slice_of(window_, buckets_, to_us - 1);
  const auto begin = [&](std::size_t i) { return slice_begin(window_, buckets_, i); };
  const auto share = [&](std::size_t i, TimeUs a, TimeUs b) {
    part_[i] += static_cast<double>(b - a) / static_cast<double>(std::max<TimeUs>(1, begin(i + 1) - begin(i)));
  };
  if (first == last) return share(first, from_us, to_us);
  share(first, from_us, begin(first + 1));
  share(last, begin(last), to_us);
  whole_[first + 1] += 1;
  whole_[last] -= 1;
}

Steps Occupancy::means() const {
  Steps means;
  double full = 0;
  for (std::size_t i = 0; i < buckets_; ++i) {
    full += whole_[i];
    means.push_back({slice_begin(window_, buckets_, i), full + part_[i]});
  }
  return means;
}

Steps smoothed(const Steps& exact) {
  Steps smooth = exact;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double before = exact[i == 0 ? 0 : i - 1].value;
    const double after = exact[std::min(i + 1, exact.size() - 1)].value;
    smooth[i].value = (before + exact[i].value + after) / 3;
  }
  return smooth;
}

Steps rate_per_s(const std::vector<TimeUs>& times, const Window& window, std::size_t buckets) {
  std::vector<std::int64_t> counts(buckets, 0);
  for (const TimeUs t : times) {
    if (t >= window.from_us && t <= window.to_us) ++counts[slice_of(window, buckets, t)];
  }
  Steps rate;
  for (std::size_t i = 0; i < buckets; ++i) {
    const TimeUs width = std::max<TimeUs>(1, slice_begin(window, buckets, i + 1) - slice_begin(window, buckets, i));
    rate.push_back({slice_begin(window, buckets, i),
                    static_cast<double>(counts[i]) * static_cast<double>(kSecondUs) / static_cast<double>(width)});
  }
  return rate;
}

}  // namespace podramp::sim
