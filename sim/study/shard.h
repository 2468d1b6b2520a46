// Which part of a study this process is to run: --shard I/N, or what Kubernetes' Indexed Jobs, Slurm's arrays and MPI
// say in the environment (spec/06 3.3).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/study/variants.h"

namespace podramp::sim {

using Environment = std::function<const char*(const char* name)>;  // getenv

struct FoundShard {
  Shard shard;
  std::string from;  // "--shard", "SLURM_ARRAY_TASK_ID"
};

// nullopt: the whole study. shards: --shards N, which an Indexed Job needs, because it does not tell how many it has.
// A lone MPI process is no shard. Errors: malformed, out of range, or a number without the other.
Result<std::optional<FoundShard>> find_shard(const std::optional<std::string>& option,
                                             std::optional<std::int64_t> shards, const Environment& environment);

std::string shard_text(const Shard& shard);   // "3/8"
std::string part_folder(const Shard& shard);  // "part-3-of-8"

}  // namespace podramp::sim
