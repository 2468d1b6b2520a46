// podramp lint's findings in words and as JSON. What was found is backend/conf_lint.h's.
#pragma once

#include <string>
#include <vector>

#include "backend/conf_lint.h"

namespace podramp::sim {

// At most ten lines: how many keys do what, which ones deserve a look.
std::vector<std::string> lint_summary(const backend::LintReport& report, const std::string& file);
// Then mistakes, what is worth a look, what is not modelled, every key, and the differences to the other level.
std::vector<std::string> lint_details(const backend::LintReport& report);
std::string lint_json(const backend::LintReport& report, const std::string& file);  // lint_json.cpp

}  // namespace podramp::sim
