#include "backend/level_changes.h"

#include <algorithm>
#include <array>

namespace podramp::backend {
namespace {

constexpr std::array<LevelChange, 19> kChanges{{
    {Compat::spark_3_5, "spark.kubernetes.allocation.batch.delay is a time: a bare 5 is 5 ms, no longer 5 s.",
     "SPARK-22845"},
    {Compat::spark_3_5,
     "A pod that does not register in time is deleted and asked for again (before: waited for, for ever).",
     "SPARK-28487"},
    {Compat::spark_3_5, "Dynamic allocation needs no shuffle service: shuffle tracking keeps executors that hold data.",
     "02 5.1"},
    {Compat::spark_4_0, "Failed executors are counted by the lifecycle manager, each once, not by the allocator.",
     "SPARK-49868"},
    {Compat::spark_4_0, "The exit code of an executor is that of the Spark container, not of the first one that ended.",
     "SPARK-49804"},
    {Compat::spark_4_0, "Claims made on demand are ReadWriteOncePod instead of ReadWriteOnce.", "02 0.2"},
    {Compat::spark_4_0, "A claim is reused only when it is older than the pod creation time-out (before: batch.delay).",
     "apache/spark#47867"},
    {Compat::spark_4_1, "Watches skip pods that are labelled inactive.", "SPARK-54188"},
    {Compat::spark_4_1, "A pod is deleted at most once in a processing interval.", "SPARK-54198"},
    {Compat::spark_4_1, "The driver itself refuses a cpu request above its limit, and tries again for ever.",
     "SPARK-52933"},
    {Compat::spark_4_1, "{{SPARK_VERSION}} in image names is filled in.", "SPARK-52902"},
    {Compat::spark_4_1, "Executor pods carry terminationGracePeriodSeconds.", "SPARK-53096"},
    {Compat::spark_4_2, "A cpu request above its limit ends the driver.", "apache/spark#53948"},
    {Compat::spark_4_2, "Creations that fail count as executor failures.", "SPARK-55075"},
    {Compat::spark_4_2, "A claim larger than requested is reused.", "SPARK-55496"},
    {Compat::spark_4_2, "There is an allocator of Deployments, with pod deletion costs.", "SPARK-54173"},
    {Compat::spark_4_2, "After an executor ran out of memory, new ones run one task at a time (recovery mode).",
     "SPARK-55639"},
    {Compat::spark_4_2, "Executors get a NetworkPolicy and a resize policy.", "SPARK-55653, SPARK-55431"},
    {Compat::spark_4_4, "Recovery mode ends when allocation is resumed.", "SPARK-59331"},
}};

}  // namespace

std::span<const LevelChange> all_level_changes() { return kChanges; }

std::vector<LevelChange> level_changes(Compat from, Compat to) {
  const auto [low, high] = std::minmax(from, to);
  std::vector<LevelChange> found;
  for (const LevelChange& change : kChanges) {
    if (change.since > low && change.since <= high) found.push_back(change);
  }
  return found;
}

}  // namespace podramp::backend
