#include "backend/recovery_mode.h"

#include <gtest/gtest.h>

#include "backend/test_pods.h"

namespace podramp::backend::recovery_mode_test {
namespace {

Conf conf_at(Compat level, std::optional<bool> enabled = std::nullopt) {
  Conf conf;
  conf.compat = level;
  conf.recovery_mode = enabled;
  conf.recovery_cores = 2;
  return conf;
}

PodPtr pod_with_cores(const std::string& cores) {
  Pod pod = executor_pod(1, PodPhase::pending);
  PodTemplate tmpl = *pod.tmpl;
  Container container;
  container.requests.cpu_milli = 8000;
  EnvVar env;
  env.name = "SPARK_EXECUTOR_CORES";
  env.value = cores;
  container.env = {env};
  tmpl.containers = {container};
  pod.tmpl = share(std::move(tmpl));
  return stored(std::move(pod));
}

std::string cores(RecoveryMode& mode) {
  const PodPtr pod = mode.applied(pod_with_cores("8"));
  EXPECT_EQ(pod->tmpl->containers.at(0).requests.cpu_milli, 8000) << "requests stay";
  return pod->tmpl->containers.at(0).env.at(0).value;
}

TEST(RecoveryMode, TurnsOnWithTheFirstOomAndStaysOn) {
  RecoveryMode mode(conf_at(Compat::spark_4_2));
  EXPECT_EQ(cores(mode), "8");
  mode.on_oom();
  EXPECT_EQ(cores(mode), "2");
  EXPECT_EQ(cores(mode), "2");
  EXPECT_TRUE(mode.on());
}

TEST(RecoveryMode, ObeysItsKey) {
  RecoveryMode never(conf_at(Compat::spark_4_2, false));
  never.on_oom();
  EXPECT_EQ(cores(never), "8");
  RecoveryMode always(conf_at(Compat::spark_4_4, true));
  EXPECT_EQ(cores(always), "2");
}

TEST(RecoveryMode, DoesNotExistBefore42) {
  for (const Compat level : {Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1}) {
    RecoveryMode mode(conf_at(level, true));
    mode.on_oom();
    EXPECT_EQ(cores(mode), "8");
  }
}

TEST(RecoveryMode, AllPodsOfAProfileShareOneTemplate) {
  RecoveryMode mode(conf_at(Compat::spark_4_2, true));
  EXPECT_EQ(mode.applied(pod_with_cores("8"))->tmpl, mode.applied(pod_with_cores("8"))->tmpl);
}

}  // namespace
}  // namespace podramp::backend::recovery_mode_test
