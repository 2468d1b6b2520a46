// Points in a plane as inline SVG: what each variant of a study costs in two measures at once.
#pragma once

#include <string>
#include <vector>

namespace podramp::sim {

struct Dot {
  double x = 0;
  double y = 0;
  std::string label;    // for hovering and screen readers
  std::string kind;     // a CSS class of page.css: "dot", "dot out", "dot front"
  bool marked = false;  // its label is written beside it
};

struct Scatter {
  std::string id;
  std::string title;
  std::string says;
  std::string x_name;
  std::string y_name;
  std::vector<Dot> dots;  // drawn in this order
};

std::string scatter_svg(const Scatter& scatter);

}  // namespace podramp::sim
