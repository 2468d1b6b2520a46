// A finished part of a study: one file that says which study, version and shard it is of, with its runs and a hash of
// it all; and how parts are put together again. Whatever the split, the whole is the same.
#pragma once

#include <string>
#include <vector>

#include "sim/study/outcome.h"

namespace podramp::sim {

inline constexpr std::string_view kPartFile = "part.jsonl";
inline constexpr std::string_view kJournalFile = "study-journal.jsonl";

struct Part {
  std::string file;  // for messages
  std::string version;
  std::string plan;
  std::string scenario_hash;
  Shard shard;
  std::string study;  // its spec, as to_json_line gives it
  Outcomes outcomes;
};

std::string part_text(const Part& part);
// Errors: it is cut off, its hash is wrong, or it is no part.
Result<Part> part_from_text(const std::string& file, const std::string& text);

// The parts below these folders, and which of them are not finished: each folder is a part, or holds parts.
struct FoundParts {
  std::vector<Part> parts;
  std::vector<std::string> unfinished;  // folders with a journal and no part file
};
Result<FoundParts> find_parts(const std::vector<std::string>& folders);

// The study that they belong to, with every run there exactly once. Errors, a line each: parts of another plan or
// version (with the files), runs that two parts have, shards and runs that are missing.
struct Merged {
  Study study;
  std::string scenario_hash;
  std::vector<Variant> variants;
  Outcomes outcomes;
};
tl::expected<Merged, std::vector<std::string>> merge_parts(const FoundParts& found);

}  // namespace podramp::sim
