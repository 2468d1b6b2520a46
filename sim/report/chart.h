// A chart over time as data, and as inline SVG that needs no script: stacked areas, lines in steps above them, axes
// with units, a legend in HTML, a title and a description for screen readers, and its values as a table and for
// dygraphs.
#pragma once

#include <string>
#include <vector>

#include "sim/report/series.h"

namespace podramp::sim {

struct Curve {
  std::string name;
  std::string color;  // "--" and a name of page.css, without "--": "target", "r-batch"
  Steps steps;
  bool dashed = false;
};

struct Chart {
  std::string id;  // unique in its page; [a-z0-9-]
  std::string title;
  std::string says;  // one sentence for those who do not see it
  std::string unit;  // "executors"
  Window window;
  std::vector<Curve> areas;  // stacked, the first at the bottom; all with the same instants
  std::vector<Curve> lines;
  double top = 0;     // at least so high: for charts side by side
  double tick = 1;    // smallest distance of marks on the value axis
  bool zooms = true;  // its values are in the page for dygraphs as well
};

// <figure> with all of it.
std::string chart_html(const Chart& chart);
// The SVG alone.
std::string chart_svg(const Chart& chart);
// The highest value that is drawn.
double chart_top(const Chart& chart);

}  // namespace podramp::sim
