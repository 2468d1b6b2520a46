#include "sim/report/page_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "sim/report/run_page.h"

namespace podramp::sim {

Result<bool> may_write_page(const std::string& file, bool force) {
  std::error_code code;
  if (force || !std::filesystem::is_regular_file(file, code)) return true;
  return tl::unexpected(Error{fmt::format("{} exists already; give another name, or --force to replace it", file)});
}

Result<std::string> page_of_two(const std::string& a, const std::string& b, const Comparison& comparison) {
  const auto record_a = read_record(a, 0);
  if (!record_a) return tl::unexpected(record_a.error());
  const auto record_b = read_record(b, 0);
  if (!record_b) return tl::unexpected(record_b.error());
  const auto decision = first_different_decision(a, b);
  if (!decision) return tl::unexpected(decision.error());
  return compare_page(*record_a, *record_b, comparison, *decision);
}

}  // namespace podramp::sim
