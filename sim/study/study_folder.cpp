#include "sim/study/study_folder.h"

#include <fmt/format.h>

#include <filesystem>

#include "sim/results.h"

namespace podramp::sim {

Result<bool> make_study_folder(const std::string& folder, const std::string& plan, bool force) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return tl::unexpected(Error{fmt::format("cannot make the folder {}: {}", folder, code.message())});
  const auto there = read_file(folder + "/study.json");
  const auto part = read_file(fmt::format("{}/{}", folder, kPartFile));
  const std::string ours = fmt::format("\"plan\": \"{}\"", plan);
  const bool is_foreign_study = there && there->find(ours) == std::string::npos;
  const bool is_foreign_part = part && !is_finished_part(folder, plan);
  if ((is_foreign_study || is_foreign_part) && !force) {
    return tl::unexpected(Error{fmt::format(
        "{} holds another study, or the spec, its scenario or podramp changed since; give another --out, or --force to "
        "replace it",
        folder)});
  }
  return true;
}

bool is_finished_part(const std::string& folder, const std::string& plan) {
  const std::string file = fmt::format("{}/{}", folder, kPartFile);
  const auto text = read_file(file);
  if (!text) return false;
  const auto part = part_from_text(file, *text);
  return part && part->plan == plan;
}

Part part_of(const Prepared& prepared, const Shard& shard, Outcomes outcomes) {
  return {"",    std::string(kPodrampVersion), prepared.plan,      prepared.base.hash(),
          shard, to_json_line(prepared.study), std::move(outcomes)};
}

}  // namespace podramp::sim
