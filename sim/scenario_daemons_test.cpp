// Tests of scenario_daemons.cpp: DaemonSets of a scenario. What they do: fakeapi/daemon_sets_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario_json.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_daemons_test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string with_daemons(const std::string& daemons, const std::string& timeline = "") {
  std::string text = small_with("\"images\"", "\"daemon_sets\": [" + daemons + "], \"images\"");
  return text.insert(text.find("\"applications\""), "\"timeline\": [" + timeline + "], ");
}

const char* const kTwo = R"(
    {"name": "shuffle", "namespace": "spark", "labels": {"app": "shuffle"}, "image": "spark:4", "cpu": "1",
     "memory": "1Gi", "node_selector": {"disk": "ssd"}, "tolerations": [{"key": "gpu", "operator": "Exists"}],
     "grace": "5s", "start": "20s", "shuffle_service": {"fixes": ["Q29"]}},
    {"name": "logs"})";

std::string errors_of(const std::string& text) {
  const auto loaded = load_scenario({"small.json", text}, {}, {});
  return loaded ? "" : all_errors(loaded.error());
}

TEST(ScenarioDaemons, AreReadWithTheirDefaults) {
  const auto loaded = load_scenario({"small.json", with_daemons(kTwo)}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const auto& daemons = loaded->scenario.cluster.daemon_sets;
  ASSERT_THAT(daemons, SizeIs(2));
  EXPECT_EQ(daemons[0].ns, "spark");
  EXPECT_EQ(daemons[0].starts_us, 20 * kSecondUs);
  EXPECT_EQ(daemons[0].pod.labels, (StringMap{{"app", "shuffle"}}));
  EXPECT_EQ(daemons[0].pod.termination_grace_s, 5);
  EXPECT_EQ(daemons[0].pod.containers.at(0).requests.cpu_milli, 1000);
  EXPECT_EQ(daemons[1].ns, "default");
  EXPECT_EQ(daemons[1].starts_us, 0);
  EXPECT_EQ(daemons[1].pod.labels, (StringMap{{"app", "logs"}}));
  EXPECT_EQ(daemons[1].pod.restart_policy, "Always");
  EXPECT_EQ(loaded->scenario.shuffle_services, (std::vector<ShuffleServiceSpec>{{"spark/shuffle", {"Q29"}}}));
}

TEST(ScenarioDaemons, AreWrittenAsTheyAreRead) {
  const std::string deletion = R"({"at": "3m", "do": "delete_pods", "daemon_set": "spark/shuffle", "group": "worker",
                                   "count": 2, "grace": "3s"})";
  const auto loaded = load_scenario({"small.json", with_daemons(kTwo, deletion)}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error());
  EXPECT_TRUE(again->scenario == loaded->scenario) << to_json(loaded->scenario);
}

TEST(ScenarioDaemons, MistakesAreToldWithWhatIsKnown) {
  EXPECT_THAT(
      errors_of(with_daemons(R"({"name": "a", "shuffle_service": {"fixes": ["Q28"]}})")),
      HasSubstr("cluster.daemon_sets[0].shuffle_service.fixes: unknown fix \"Q28\"; a shuffle service has Q29"));
  EXPECT_THAT(errors_of(with_daemons(R"({"name": "a", "label": {}})")), HasSubstr("did you mean \"labels\"?"));
  EXPECT_THAT(errors_of(with_daemons(R"({"name": "a", "shuffle_service": "yes"})")), HasSubstr("shuffle_service"));
  EXPECT_THAT(errors_of(with_daemons(R"({"name": "a"}, {"name": "a"})")),
              HasSubstr("namespace \"default\" has a DaemonSet \"a\" already"));
  EXPECT_THAT(errors_of(with_daemons(R"({"name": "a", "labels": {"app": "no spaces"}})")),
              HasSubstr("metadata.labels: Invalid value: \"no spaces\""));
}

std::string with_sidecar(const std::string& compat, const std::string& enabled, const std::string& sidecar) {
  return small_with(R"("conf": {"spark.executor.instances": "10", "spark.kubernetes.container.image": "spark:4"})",
                    R"("compat": ")" + compat + R"(", "shuffle_sidecar": )" + sidecar +
                        R"(, "conf": {"spark.executor.instances": "10", "spark.local.dir": "/tmp",
                            "spark.kubernetes.executor.docker.image": "spark:4",
                            "spark.kubernetes.driver.pod.name": "driver",
                            "spark.kubernetes.container.image": "spark:4", "spark.kubernetes.shuffle.labels": "a=b",
                            "spark.shuffle.service.enabled": ")" +
                        enabled + "\"}");
}

TEST(ScenarioDaemons, AnApplicationOfTheForkMayHaveItsShuffleServiceInItsExecutorsPods) {
  const std::string text = with_sidecar("fork-2.2", "true", R"({"image": "spark:4", "cpu": "500m"})");
  const auto loaded = load_scenario({"small.json", text}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const auto& sidecar = loaded->scenario.applications[0].shuffle_sidecar;
  ASSERT_TRUE(sidecar);
  EXPECT_EQ(sidecar->name, "shuffle-service");
  EXPECT_EQ(sidecar->requests.cpu_milli, 500);
  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error());
  EXPECT_TRUE(again->scenario == loaded->scenario) << to_json(loaded->scenario);
  EXPECT_THAT(errors_of(with_sidecar("fork-2.2", "false", "{}")), HasSubstr("needs spark.shuffle.service.enabled"));
  EXPECT_THAT(errors_of(with_sidecar("spark-4.0", "true", "{}")), HasSubstr("goes with fork-2.2 only"));
}

TEST(ScenarioDaemons, PodsAreDeletedByDaemonSetAndNode) {
  EXPECT_THAT(errors_of(with_daemons(kTwo, R"({"at": "3m", "do": "delete_pods", "daemon_set": "spark/shufle",
                                              "group": "worker"})")),
              HasSubstr("there is no DaemonSet \"spark/shufle\" in cluster.daemon_sets (did you mean "
                        "\"spark/shuffle\"?)"));
  EXPECT_THAT(errors_of(with_daemons(kTwo, R"({"at": "3m", "do": "delete_pods", "daemon_set": "spark/shuffle",
                                              "pods": ["a/b"], "group": "worker"})")),
              HasSubstr("goes without daemon_set"));
  EXPECT_THAT(errors_of(with_daemons(kTwo, R"({"at": "3m", "do": "delete_pods", "daemon_set": "spark/shuffle"})")),
              HasSubstr("which nodes?"));
}

}  // namespace
}  // namespace podramp::sim::scenario_daemons_test
