// Finds parts and puts them together (part.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/results.h"
#include "sim/study/part.h"
#include "sim/study/shard.h"
#include "sim/study/study_base.h"

namespace podramp::sim {
namespace {

namespace fs = std::filesystem;
using Complaints = std::vector<std::string>;

constexpr std::size_t kListedMax = 8;

// "v001/1, v002/1 and 7 more": replicates from 1.
std::string list_runs(const std::vector<RunKey>& runs, std::size_t variants) {
  std::vector<std::string> names;
  for (const RunKey& key : runs) {
    if (names.size() == kListedMax) break;
    names.push_back(fmt::format("{}/{}", variant_id(key.variant, variants), key.replicate + 1));
  }
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (runs.size() > kListedMax) text += fmt::format(" and {} more", runs.size() - kListedMax);
  return text;
}

Result<bool> look_into(const std::string& folder, bool must_have, FoundParts& found, std::set<std::string>& seen) {
  std::error_code code;
  const std::string file = fmt::format("{}/{}", folder, kPartFile);
  if (!fs::exists(file, code)) {
    if (fs::exists(fmt::format("{}/{}", folder, kJournalFile), code) && must_have) found.unfinished.push_back(folder);
    return false;
  }
  if (!seen.insert(fs::weakly_canonical(file, code).string()).second) return true;  // named twice
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  auto part = part_from_text(file, *text);
  if (!part) return tl::unexpected(part.error());
  found.parts.push_back(std::move(*part));
  return true;
}

Complaints foreign_parts(const std::vector<Part>& parts) {
  Complaints complaints;
  const Part& first = parts.front();
  for (const Part& part : parts) {
    if (part.version != kPodrampVersion) {
      complaints.push_back(
          fmt::format("{} was made by podramp {}, this is {}", part.file, part.version, kPodrampVersion));
    } else if (part.plan != first.plan) {
      complaints.push_back(fmt::format("{} is of another study than {}: plan {}, not {} (spec or scenario differ)",
                                       part.file, first.file, part.plan, first.plan));
    }
  }
  return complaints;
}

// Puts the runs of all parts into `merged`.
Complaints gather(const std::vector<Part>& parts, Merged& merged) {
  Complaints complaints;
  std::map<RunKey, const Part*> owners;
  for (const Part& part : parts) {
    for (const auto& [key, outcome] : part.outcomes) {
      const auto [owner, is_new] = owners.emplace(key, &part);
      if (is_new) {
        merged.outcomes[key] = outcome;
      } else {
        complaints.push_back(fmt::format("run {} is in {} and in {}", list_runs({key}, merged.variants.size()),
                                         owner->second->file, part.file));
        break;
      }
    }
  }
  return complaints;
}

Complaints missing_runs(const FoundParts& found, const Merged& merged) {
  Complaints complaints;
  const std::int64_t count = found.parts.front().shard.count;
  const bool one_split = std::ranges::all_of(found.parts, [&](const Part& part) { return part.shard.count == count; });
  const std::size_t variants = merged.variants.size();
  for (std::int64_t index = 1; index <= (one_split ? count : 1); ++index) {
    const Shard shard = one_split ? Shard{index, count} : Shard{};
    std::vector<RunKey> missing;
    for (const RunKey& key : runs_of(merged.study, variants, shard)) {
      if (!merged.outcomes.contains(key)) missing.push_back(key);
    }
    if (missing.empty()) continue;
    std::string what = one_split ? fmt::format("shard {} is missing", shard_text(shard)) : "runs are missing";
    for (const std::string& folder : found.unfinished) {
      if (one_split && fs::path(folder).filename() == part_folder(shard)) {
        what = fmt::format("shard {} is not finished ({})", shard_text(shard), folder);
      }
    }
    complaints.push_back(fmt::format("{}: {} runs, {}", what, missing.size(), list_runs(missing, variants)));
  }
  return complaints;
}

Complaints unplanned_runs(const Merged& merged) {
  std::vector<RunKey> strange;
  for (const auto& [key, outcome] : merged.outcomes) {
    const bool is_planned =
        key.variant < merged.variants.size() && key.replicate >= 0 && key.replicate < merged.study.replicates;
    if (!is_planned) strange.push_back(key);
  }
  if (strange.empty()) return {};
  return {fmt::format("runs that are not in the plan: {}", list_runs(strange, merged.variants.size()))};
}

}  // namespace

Result<FoundParts> find_parts(const std::vector<std::string>& folders) {
  FoundParts found;
  std::set<std::string> seen;
  for (const std::string& folder : folders) {
    std::error_code code;
    if (!fs::is_directory(folder, code)) return tl::unexpected(Error{fmt::format("there is no folder {}", folder)});
    const auto itself = look_into(folder, fs::path(folder).filename().string().starts_with("part-"), found, seen);
    if (!itself) return tl::unexpected(itself.error());
    std::vector<std::string> below;
    for (auto it = fs::directory_iterator(folder, code); it != fs::directory_iterator(); ++it) {
      if (it->is_directory()) below.push_back(it->path().string());
    }
    std::ranges::sort(below);
    for (const std::string& one : below) {
      if (auto looked = look_into(one, true, found, seen); !looked) return tl::unexpected(looked.error());
    }
  }
  std::ranges::stable_sort(found.parts, {}, [](const Part& part) { return part.shard.index; });
  if (found.parts.empty()) {
    return tl::unexpected(Error{fmt::format("there is no finished part of a study in {}: a part is a folder with {}",
                                            fmt::join(folders, ", "), kPartFile)});
  }
  return found;
}

tl::expected<Merged, std::vector<std::string>> merge_parts(const FoundParts& found) {
  Complaints complaints = foreign_parts(found.parts);
  if (!complaints.empty()) return tl::unexpected(std::move(complaints));
  const Part& first = found.parts.front();
  Merged merged;
  auto study = read_study({first.file, first.study});
  if (!study) {
    for (const FieldError& error : study.error()) complaints.push_back(to_string(error));
    return tl::unexpected(std::move(complaints));
  }
  merged.study = std::move(*study);
  merged.scenario_hash = first.scenario_hash;
  auto variants = variants_of(merged.study);
  if (!variants) return tl::unexpected(Complaints{variants.error().message});
  merged.variants = std::move(*variants);
  if (plan_hash(merged.study, merged.scenario_hash) != first.plan) {
    return tl::unexpected(Complaints{fmt::format("{}: its plan is not that of the study in it", first.file)});
  }
  complaints = gather(found.parts, merged);
  for (Complaints more : {unplanned_runs(merged), missing_runs(found, merged)}) {
    complaints.insert(complaints.end(), more.begin(), more.end());
  }
  if (!complaints.empty()) return tl::unexpected(std::move(complaints));
  return merged;
}

}  // namespace podramp::sim
