// Parallel coordinates as inline SVG: an axis for each setting and each measure, a line for each variant across all of
// them. It scrolls where it is wider than the page.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace podramp::sim {

struct ParallelAxis {
  std::string name;
  std::vector<std::string> values;  // of a setting, in their order; empty: a measure, from its lowest to its highest
};

struct ParallelLine {
  std::vector<std::optional<double>> at;  // by axis: the index of a value, or a measure; absent: "never", above all
  std::string label;                      // for hovering
  std::string kind;                       // classes of page.css beside "pl": "", "out", "front", "best"
};

struct Parallel {
  std::string id;
  std::string title;
  std::string says;
  std::vector<ParallelAxis> axes;   // at least two
  std::vector<ParallelLine> lines;  // drawn in this order
};

std::string parallel_svg(const Parallel& parallel);

}  // namespace podramp::sim
