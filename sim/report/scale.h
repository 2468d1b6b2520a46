// Where axes have their marks, and how numbers are written on them.
#pragma once

#include <string>
#include <vector>

#include "backend/port/time.h"

namespace podramp::sim {

// 0, step, 2 step, ... up to the first that is not below `highest`; step is 1, 2 or 5 times a power of ten, and at
// least `smallest`. About `wanted` of them. highest >= 0.
std::vector<double> value_ticks(double highest, std::size_t wanted, double smallest = 1);
// Instants at whole seconds, minutes or hours (below a second: milliseconds) within [from, to].
std::vector<TimeUs> time_ticks(TimeUs from_us, TimeUs to_us, std::size_t wanted);

// "12,500", "0.25"
std::string number_text(double value);
std::string count_text(std::int64_t value);
// As short as an axis wants it: "250ms", "40s", "2m30s", "1h".
std::string tick_text(TimeUs t);

}  // namespace podramp::sim
