#include "sim/study/shard.h"

#include <fmt/format.h>

#include <charconv>

namespace podramp::sim {
namespace {

constexpr std::int64_t kShardsMax = 1'000'000;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
  const bool fine = code == std::errc{} && end == text.data() + text.size() && n >= 0 && n <= kShardsMax * 1000;
  return fine ? std::optional(n) : std::nullopt;
}

Result<FoundShard> checked(std::int64_t index, std::int64_t count, std::string from) {
  if (count < 1 || count > kShardsMax || index < 1 || index > count) {
    return tl::unexpected(
        Error{fmt::format("{} says shard {} of {}: shards count from 1 to their number", from, index, count)});
  }
  return FoundShard{{index, count}, std::move(from)};
}

Result<FoundShard> from_option(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto index = whole(std::string_view(text).substr(0, slash));
  const auto count = slash == std::string::npos ? std::nullopt : whole(std::string_view(text).substr(slash + 1));
  if (!index || !count) return tl::unexpected(Error{fmt::format("--shard \"{}\": I/N is expected, such as 1/8", text)});
  return checked(*index, *count, "--shard");
}

class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}
  bool has(const char* name) const { return environment_(name) != nullptr; }
  // Errors: it is not there, or no whole number.
  Result<std::int64_t> number(const char* name) const {
    const char* text = environment_(name);
    const auto n = whole(text == nullptr ? "" : text);
    if (n) return *n;
    return tl::unexpected(
        Error{fmt::format("the variable {} must be a whole number (got \"{}\")", name, text == nullptr ? "" : text)});
  }

 private:
  const Environment& environment_;
};

Result<FoundShard> from_indexed_job(const Variables& variables, std::optional<std::int64_t> shards) {
  const auto index = variables.number("JOB_COMPLETION_INDEX");
  if (!index) return tl::unexpected(index.error());
  if (!shards) {
    return tl::unexpected(
        Error{"JOB_COMPLETION_INDEX is set, but an Indexed Job does not say how many completions it "
              "has: give --shards N, or --shard 1/1 for the whole study"});
  }
  return checked(*index + 1, *shards, "JOB_COMPLETION_INDEX");
}

Result<FoundShard> from_slurm(const Variables& variables) {
  const auto id = variables.number("SLURM_ARRAY_TASK_ID");
  if (!id) return tl::unexpected(id.error());
  const auto count = variables.number("SLURM_ARRAY_TASK_COUNT");
  if (!count) return tl::unexpected(count.error());
  const std::int64_t first = variables.number("SLURM_ARRAY_TASK_MIN").value_or(0);
  const std::int64_t step = std::max<std::int64_t>(1, variables.number("SLURM_ARRAY_TASK_STEP").value_or(1));
  return checked((*id - first) / step + 1, *count, "SLURM_ARRAY_TASK_ID");
}

Result<FoundShard> from_mpi(const Variables& variables, const char* rank, const char* size) {
  const auto index = variables.number(rank);
  if (!index) return tl::unexpected(index.error());
  const auto count = variables.number(size);
  if (!count) return tl::unexpected(count.error());
  return checked(*index + 1, *count, rank);
}

Result<std::optional<FoundShard>> some(Result<FoundShard> found) {
  if (!found) return tl::unexpected(found.error());
  return std::optional(std::move(*found));
}

}  // namespace

Result<std::optional<FoundShard>> find_shard(const std::optional<std::string>& option,
                                             std::optional<std::int64_t> shards, const Environment& environment) {
  if (option) return some(from_option(*option));
  const Variables variables(environment);
  if (variables.has("JOB_COMPLETION_INDEX")) return some(from_indexed_job(variables, shards));
  if (shards)
    return tl::unexpected(Error{"--shards goes with an Indexed Job's JOB_COMPLETION_INDEX; else give --shard I/N"});
  if (variables.has("SLURM_ARRAY_TASK_ID")) return some(from_slurm(variables));
  for (const auto& [rank, size] :
       {std::pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), {"PMI_RANK", "PMI_SIZE"}}) {
    if (!variables.has(rank)) continue;
    auto found = some(from_mpi(variables, rank, size));
    if (found && (*found)->shard.count == 1) return std::optional<FoundShard>{};
    return found;
  }
  return std::optional<FoundShard>{};
}

std::string shard_text(const Shard& shard) { return fmt::format("{}/{}", shard.index, shard.count); }
std::string part_folder(const Shard& shard) { return fmt::format("part-{}-of-{}", shard.index, shard.count); }

}  // namespace podramp::sim
