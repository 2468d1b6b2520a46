// What `podramp report` and `podramp compare --html` share: the page of two runs, and where a page may be written.
#pragma once

#include <string>

#include "sim/compare.h"

namespace podramp::sim {

// Errors: the file is there, and force is not given.
Result<bool> may_write_page(const std::string& file, bool force);
// a, b: results folders or logs, of which this is the comparison. Errors: they cannot be read.
Result<std::string> page_of_two(const std::string& a, const std::string& b, const Comparison& comparison);

}  // namespace podramp::sim
