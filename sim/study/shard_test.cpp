// Shards from the option and from what Indexed Jobs, Slurm and MPI put into the environment; the progress estimate.
#include "sim/study/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/study/progress.h"

namespace podramp::sim::shard_test {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Result<std::optional<FoundShard>> found(const Variables& variables, const std::optional<std::string>& option = {},
                                        std::optional<std::int64_t> shards = {}) {
  return find_shard(option, shards, [&](const char* name) -> const char* {
    const auto at = variables.find(name);
    return at == variables.end() ? nullptr : at->second.c_str();
  });
}

std::string text(const Variables& variables, const std::optional<std::string>& option = {},
                 std::optional<std::int64_t> shards = {}) {
  const auto shard = found(variables, option, shards);
  if (!shard) return "error: " + shard.error().message;
  return *shard ? shard_text((*shard)->shard) + " " + (*shard)->from : "whole";
}

TEST(Shards, TheOptionCountsFromOneAndGoesBeforeTheEnvironment) {
  EXPECT_EQ(text({}), "whole");
  EXPECT_EQ(text({}, "1/1"), "1/1 --shard");
  EXPECT_EQ(text({{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "5"}}, "2/8"), "2/8 --shard");
  for (const char* bad : {"0/4", "5/4", "1/0", "1", "x/2", "1/x", "-1/2", ""}) {
    EXPECT_THAT(text({}, bad), HasSubstr("error: ")) << bad;
  }
}

TEST(Shards, AnIndexedJobCountsFromZeroAndHasToBeToldItsNumber) {
  EXPECT_EQ(text({{"JOB_COMPLETION_INDEX", "0"}}, {}, 3), "1/3 JOB_COMPLETION_INDEX");
  EXPECT_EQ(text({{"JOB_COMPLETION_INDEX", "2"}}, {}, 3), "3/3 JOB_COMPLETION_INDEX");
  EXPECT_THAT(text({{"JOB_COMPLETION_INDEX", "3"}}, {}, 3), HasSubstr("JOB_COMPLETION_INDEX says shard 4 of 3"));
  EXPECT_THAT(text({{"JOB_COMPLETION_INDEX", "0"}}), HasSubstr("give --shards N"));
  EXPECT_THAT(text({{"JOB_COMPLETION_INDEX", "zero"}}, {}, 3), HasSubstr("must be a whole number"));
  EXPECT_THAT(text({}, {}, 3), HasSubstr("--shards goes with"));
}

TEST(Shards, ASlurmArrayMayBeginAnywhereAndTakeSteps) {
  const auto slurm = [](const char* id, const char* count, const char* first, const char* step) {
    return text({{"SLURM_ARRAY_TASK_ID", id},
                 {"SLURM_ARRAY_TASK_COUNT", count},
                 {"SLURM_ARRAY_TASK_MIN", first},
                 {"SLURM_ARRAY_TASK_STEP", step}});
  };
  EXPECT_EQ(slurm("0", "5", "0", "1"), "1/5 SLURM_ARRAY_TASK_ID");
  EXPECT_EQ(slurm("5", "5", "1", "1"), "5/5 SLURM_ARRAY_TASK_ID");
  EXPECT_EQ(slurm("14", "3", "10", "2"), "3/3 SLURM_ARRAY_TASK_ID");
  EXPECT_THAT(slurm("9", "3", "1", "1"), HasSubstr("says shard 9 of 3"));  // an array with gaps
  EXPECT_THAT(text({{"SLURM_ARRAY_TASK_ID", "1"}}), HasSubstr("SLURM_ARRAY_TASK_COUNT"));
}

TEST(Shards, MpiRanksCountFromZeroAndALoneOneIsTheWhole) {
  EXPECT_EQ(text({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}}), "2/4 OMPI_COMM_WORLD_RANK");
  EXPECT_EQ(text({{"PMI_RANK", "3"}, {"PMI_SIZE", "4"}}), "4/4 PMI_RANK");
  EXPECT_EQ(text({{"PMI_RANK", "0"}, {"PMI_SIZE", "1"}}), "whole");
}

TEST(Progress, TheEstimateCountsRunsUnderWayAsHalfDone) {
  EXPECT_EQ(remaining_text(0, 2, 100, 5000), "");
  EXPECT_EQ(remaining_text(9, 2, 100, 10'000), "about 90 s left");  // ten runs' worth in ten seconds, ninety to go
  EXPECT_EQ(remaining_text(99, 1, 100, 99'500), "about 0.5 s left");
  EXPECT_EQ(remaining_text(100, 0, 100, 5000), "");
  EXPECT_EQ(duration_text(950), "0.9 s");
  EXPECT_EQ(duration_text(600'000), "10 min");
  EXPECT_EQ(duration_text(9'000'000), "2.5 h");
}

}  // namespace
}  // namespace podramp::sim::shard_test
