// A text as its lines. Not part of the library.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace podramp::sim {

// The lines of a text, without their newlines.
inline std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace podramp::sim
