// How settings and measures of a study go together: every variant as a line across all of them, and what each value of
// each setting comes to on average.
#pragma once

#include <string>

#include "sim/report/study_record.h"

namespace podramp::sim {

std::string study_parallel(const StudyRecord& study);
std::string study_value_means(const StudyRecord& study);

}  // namespace podramp::sim
