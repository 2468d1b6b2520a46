// The page of a study: which variant to take and how sure that is, the trade-off, and how much each setting matters.
#pragma once

#include <string>

#include "sim/report/study_record.h"

namespace podramp::sim {

// A whole HTML file.
std::string study_page(const StudyRecord& study);

}  // namespace podramp::sim
