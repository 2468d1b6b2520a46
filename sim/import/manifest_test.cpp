// SparkApplications of the operator: the settings that it passes to spark-submit, the pod that its webhook makes.
#include "sim/import/manifest.h"

#include "sim/import/test_imports.h"

namespace podramp::sim::manifest_test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

const std::string kPi = read_test_file(shipped("real/spark_application.yaml")).value();

ImportResult of(const std::string& text, const std::optional<Scenario>& base = {}) {
  return import_spark_application({"app.yaml", text}, base);
}
// kPi with one piece replaced.
std::string pi_with(const std::string& from, const std::string& to) {
  std::string text = kPi;
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(ManifestImport, FieldsAreTheSettingsThatTheOperatorPassesOn) {
  const json application = application_of(must(of(kPi)));
  EXPECT_EQ(application["name"], "spark-pi");
  EXPECT_EQ(application["compat"], "spark-3.5");
  const json& conf = application["conf"];
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"spark.kubernetes.namespace", "data"},
           {"spark.kubernetes.container.image", "spark:3.5.3"},
           {"spark.kubernetes.container.image.pullPolicy", "IfNotPresent"},
           {"spark.kubernetes.container.image.pullSecrets", "one,two"},
           {"spark.kubernetes.allocation.batch.size", "20"},
           {"spark.kubernetes.node.selector.pool", "spark"},
           {"spark.kubernetes.authenticate.driver.serviceAccountName", "spark"},
           {"spark.driver.memory", "512m"},
           {"spark.executor.instances", "4"},
           {"spark.executor.cores", "2"},
           {"spark.kubernetes.executor.request.cores", "1500m"},
           {"spark.kubernetes.executor.limit.cores", "3"},
           {"spark.executor.memory", "4g"},
           {"spark.executor.memoryOverhead", "512m"},
           {"spark.kubernetes.executor.label.tier", "batch"},
           {"spark.kubernetes.executor.label.team", "blue"},
           {"spark.kubernetes.executor.label.sparkoperator.k8s.io/app-name", "spark-pi"},
           {"spark.kubernetes.executor.annotation.note", "here"},
           {"spark.executorEnv.MODE", "fast"},
           {"spark.kubernetes.executor.node.selector.disk", "ssd"},
           {"spark.kubernetes.executor.volumes.emptyDir.spark-local-dir-1.mount.path", "/scratch"},
           {"spark.kubernetes.executor.volumes.emptyDir.spark-local-dir-1.options.sizeLimit", "10Gi"},
           {"spark.kubernetes.executor.volumes.emptyDir.spark-local-dir-1.options.medium", "Memory"}}) {
    EXPECT_EQ(conf.value(key, ""), value) << key;
  }
  EXPECT_FALSE(conf.contains("spark.kubernetes.executor.label.kueue.x-k8s.io/queue-name"))
      << "the operator keeps Kueue's labels to itself";
}

TEST(ManifestImport, WhatTheWebhookDoesIsAPodTemplate) {
  const json pod = application_of(must(of(kPi)))["executor_template"];
  EXPECT_EQ(pod["spec"]["tolerations"][0]["key"], "spark");
  EXPECT_EQ(pod["spec"]["priorityClassName"], "batch");
  EXPECT_EQ(pod["spec"]["volumes"].size(), 1U);
  EXPECT_EQ(pod["spec"]["volumes"][0]["name"], "data");
  const json& executor = pod["spec"]["containers"][0];
  EXPECT_EQ(executor["name"], "spark-kubernetes-executor");
  EXPECT_EQ(executor["resources"]["limits"]["nvidia.com/gpu"], 1);
  EXPECT_EQ(executor["volumeMounts"][0]["mountPath"], "/data");
  EXPECT_EQ(pod["spec"]["containers"][1]["name"], "logs");
}

TEST(ManifestImport, TheScenarioRunsUntilAllExecutorsAreThere) {
  const auto events = run_and_read(text_scenario(must(of(kPi)).json, {"end=5m"}));
  EXPECT_EQ(all<fact::PodCreated>(events).size(), 4U);
  EXPECT_EQ(all<fact::PodRunning>(events).size(), 4U);
}

TEST(ManifestImport, WhatAScenarioCannotHoldIsListedWithItsPath) {
  const auto notes = lines_of(must(of(kPi)).notes);
  EXPECT_THAT(notes,
              Contains(HasSubstr("left out: spec.driver.hostAliases: the scenario's application has no driver")));
  EXPECT_THAT(notes, Contains(HasSubstr("left out: spec.executor.memoryLimit: ")));
  EXPECT_THAT(notes, Contains(HasSubstr("left out: spec.mainClass: ")));
  EXPECT_THAT(notes, Contains(HasSubstr("assumed: priority class batch: ")));
  EXPECT_THAT(notes, Contains(HasSubstr("assumed: claim data: pods name it")));
  EXPECT_THAT(notes, Contains(HasSubstr("assumed: load: ")));
}

TEST(ManifestImport, TheOperatorsDefaultIsOneExecutorOfOneCoreAndOneGiB) {
  const json conf = application_of(must(of(R"(apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: bare}
spec: {type: Python, sparkVersion: 4.0.0, mainApplicationFile: a.py, driver: {}, executor: {}}
)")))["conf"];
  EXPECT_EQ(conf["spark.executor.instances"], "1");
  EXPECT_EQ(conf["spark.executor.cores"], "1");
  EXPECT_EQ(conf["spark.executor.memory"], "1g");
  EXPECT_EQ(conf["spark.kubernetes.container.image"], "apache/spark:4.0.0");
}

TEST(ManifestImport, DynamicAllocationTracksShufflesUnlessItSaysOtherwise) {
  const json conf = application_of(must(of(pi_with("  driver:\n", R"(  dynamicAllocation:
    enabled: true
    initialExecutors: 2
    minExecutors: 1
    maxExecutors: 8
    shuffleTrackingTimeout: 60000
  driver:
)"))))["conf"];
  EXPECT_EQ(conf["spark.dynamicAllocation.enabled"], "true");
  EXPECT_EQ(conf["spark.dynamicAllocation.shuffleTracking.enabled"], "true");
  EXPECT_EQ(conf["spark.dynamicAllocation.initialExecutors"], "2");
  EXPECT_EQ(conf["spark.dynamicAllocation.maxExecutors"], "8");
  EXPECT_EQ(conf["spark.dynamicAllocation.shuffleTracking.timeout"], "60000");
}

TEST(ManifestImport, ABatchSchedulerIsKeptWhenTheBaseHasIt) {
  const std::string text = pi_with("  driver:\n", "  batchScheduler: volcano\n  driver:\n");
  EXPECT_THAT(lines_of(must(of(text)).notes),
              Contains(HasSubstr("left out: spec.batchScheduler: the cluster has no scheduler \"volcano\"")));
  Scenario base =
      text_scenario(small_with("\"cluster\": {", "\"cluster\": {\"schedulers\": {\"volcano\": {\"kind\": \"gang\"}},"));
  const json conf = application_of(must(of(text, base)))["conf"];
  EXPECT_EQ(conf["spark.kubernetes.executor.scheduler.name"], "volcano");
}

TEST(ManifestImport, TheTemplateOfAScheduledApplicationIsOneToo) {
  const json application = application_of(must(of(R"(apiVersion: sparkoperator.k8s.io/v1beta2
kind: ScheduledSparkApplication
metadata: {name: nightly}
spec:
  schedule: "@daily"
  concurrencyPolicy: Forbid
  template: {type: Scala, sparkVersion: 3.5.1, driver: {}, executor: {instances: 3}}
)")));
  EXPECT_EQ(application["name"], "nightly");
  EXPECT_EQ(application["conf"]["spark.executor.instances"], "3");
}

TEST(ManifestImport, WhatIsNoSparkApplicationIsToldWithItsLine) {
  EXPECT_THAT(mistake(of("kind: [")), HasSubstr("app.yaml:"));
  EXPECT_THAT(mistake(of("apiVersion: v1\nkind: Pod\n")),
              HasSubstr("has no SparkApplication or ScheduledSparkApplication (got Pod)"));
  EXPECT_THAT(mistake(of(pi_with("v1beta2", "v1beta1"))),
              HasSubstr("app.yaml:1: apiVersion: must be sparkoperator.k8s.io/v1beta2"));
  EXPECT_THAT(mistake(of(pi_with("{tier: batch}", "[tier]"))),
              HasSubstr("spec.executor.labels: must be an object (got a list)"));
  EXPECT_THAT(mistake(of(pi_with("    sidecars: [{name: logs, image: fluent}]", "    template: {spec: 5}"))),
              HasSubstr("spec.executor: makes no pod template: "));
  EXPECT_THAT(mistake(of(kPi + "---\n" + kPi)), HasSubstr("a second SparkApplication"));
}

}  // namespace
}  // namespace podramp::sim::manifest_test
