#include "backend/port/status.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace podramp {
namespace {

std::string& check_context() {
  static std::string context;
  return context;
}

}  // namespace

std::string to_string(const FieldError& error) {
  std::string where = error.file;
  if (error.line > 0) where += fmt::format("{}{}", where.empty() ? "line " : ":", error.line);
  std::string text;
  if (!where.empty()) text += where + ": ";
  if (!error.path.empty()) text += error.path + ": ";
  return text + error.message;
}

void set_check_context(std::string_view context) { check_context() = context; }

void check_failed(const char* file, int line, const char* condition, std::string_view detail) {
  const std::string text = fmt::format(
      "podramp: a bug of ours: {}:{}: {} does not hold{}{}\n{}{}please report this with the scenario and seed\n", file,
      line, condition, detail.empty() ? "" : ": ", detail, check_context(), check_context().empty() ? "" : "\n");
  std::fputs(text.c_str(), stderr);
  std::fflush(nullptr);
  std::_Exit(kExitBug);
}

}  // namespace podramp
