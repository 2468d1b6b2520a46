// The driver pod, its service and ConfigMap: S-J1 to S-J5 and the driver's halves of S-G (02 6.4, 7.7).
#include "backend/submit/driver_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/pod_names.h"
#include "backend/submit/driver_service.h"

namespace podramp::submit::driver_pod_test {
namespace {

using backend::Compat;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kImage = "spark.kubernetes.container.image";

DriverConf conf_of(StringMap raw, Compat compat = Compat::spark_4_0) {
  raw.emplace(kImage, "spark:4");
  DriverConfOutcome outcome = make_driver_conf(raw, compat);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  return outcome.conf.value_or(DriverConf{});
}

DriverIdentity identity() {
  DriverIdentity app;
  app.app_id = "spark-app-id";
  app.app_name = "Test App";
  app.prefix = "test-app-1";
  app.user = "ada";
  app.main_class = "org.example.Main";
  app.main_resource = "local:///app.jar";
  app.arguments = {"10"};
  app.config_map = "spark-drv-1-conf-map";
  return app;
}

DriverPod built(const StringMap& raw, Compat compat = Compat::spark_4_0, const DriverIdentity& app = identity()) {
  auto pod = build_driver_pod(conf_of(raw, compat), app);
  if (!pod) ADD_FAILURE() << pod.error().message;
  return pod ? std::move(*pod) : DriverPod{};
}

const Container& spark_container(const DriverPod& driver) { return driver.pod->tmpl->containers.back(); }

std::string env(const DriverPod& driver, std::string_view name) {
  for (const EnvVar& e : spark_container(driver).env) {
    if (e.name == name)
      return e.value + e.field_path + e.secret_name + (e.secret_key.empty() ? "" : ":" + e.secret_key);
  }
  return "(unset)";
}

TEST(SparkAcceptance, S_J1_TheDriverPodRespectsAllSettings) {
  const std::string k = "spark.kubernetes.driver.";
  const DriverPod driver = built({{"spark.kubernetes.driver.pod.name", "spark-driver-pod"},
                                  {"spark.kubernetes.namespace", "jobs"},
                                  {"spark.driver.cores", "2"},
                                  {k + "limit.cores", "4"},
                                  {"spark.driver.memory", "256m"},
                                  {"spark.driver.memoryOverhead", "200m"},
                                  {"spark.kubernetes.container.image.pullPolicy", "Always"},
                                  {"spark.kubernetes.container.image.pullSecrets", "my-secret-1,my-secret-2"},
                                  {k + "label.customLabel", "value"},
                                  {k + "annotation.customAnnotation", "a-{{APP_ID}}"},
                                  {"spark.kubernetes.driverEnv.customDriverEnv1", "one"},
                                  {"spark.driver.resource.gpu.amount", "2"},
                                  {"spark.driver.resource.gpu.vendor", "nvidia.com"},
                                  {"spark.kubernetes.authenticate.driver.serviceAccountName", "driver-sa"},
                                  {"spark.local.dir", "/tmp"}});
  EXPECT_EQ(driver.pod->name, "spark-driver-pod");
  EXPECT_EQ(driver.pod->ns, "jobs");
  const PodTemplate& t = *driver.pod->tmpl;
  EXPECT_EQ(t.labels, (StringMap{{"customLabel", "value"},
                                 {"spark-version", "4.0.0"},
                                 {"spark-app-selector", "spark-app-id"},
                                 {"spark-app-name", "test-app"},
                                 {"spark-role", "driver"}}));
  EXPECT_EQ(t.annotations, (StringMap{{"customAnnotation", "a-spark-app-id"}}));
  EXPECT_EQ(t.restart_policy, "Never");
  EXPECT_EQ(t.service_account, "driver-sa");
  EXPECT_THAT(t.image_pull_secrets, ElementsAre("my-secret-1", "my-secret-2"));
  const Container& c = spark_container(driver);
  EXPECT_EQ(c.name, "spark-kubernetes-driver");
  EXPECT_EQ(c.image, "spark:4");
  EXPECT_EQ(c.image_pull_policy, "Always");
  EXPECT_THAT(c.ports, ElementsAre(ContainerPort{"driver-rpc-port", 7078}, ContainerPort{"blockmanager", 7079},
                                   ContainerPort{"spark-ui", 4040}, ContainerPort{"spark-connect", 15002}));
  EXPECT_EQ(c.requests, (Resources{2000, 456LL << 20, {}}));
  EXPECT_EQ(c.limits, (Resources{4000, 456LL << 20, {{"nvidia.com/gpu", 2}}}));
  EXPECT_THAT(c.args, ElementsAre("driver", "--properties-file", "/opt/spark/conf/spark.properties", "--class",
                                  "org.example.Main", "local:///app.jar", "10"));
  EXPECT_EQ(env(driver, "SPARK_USER"), "ada");
  EXPECT_EQ(env(driver, "SPARK_APPLICATION_ID"), "spark-app-id");
  EXPECT_EQ(env(driver, "customDriverEnv1"), "one");
  EXPECT_EQ(env(driver, "SPARK_DRIVER_BIND_ADDRESS"), "status.podIP");
  EXPECT_EQ(env(driver, "SPARK_LOCAL_DIRS"), "/tmp");
  EXPECT_EQ(env(driver, "SPARK_CONF_DIR"), "/opt/spark/conf");
  EXPECT_THAT(t.volumes, ElementsAre(Volume{"spark-local-dir-1", "emptyDir", "", {}},
                                     Volume{"spark-conf-volume-driver", "configMap", "spark-drv-1-conf-map", {}}));
  EXPECT_EQ(driver.system_properties, (StringMap{{"spark.kubernetes.driver.pod.name", "spark-driver-pod"},
                                                 {"spark.app.id", "spark-app-id"},
                                                 {"spark.kubernetes.submitInDriver", "true"},
                                                 {"spark.kubernetes.memoryOverheadFactor", "0.1"}}));
}

TEST(SparkAcceptance, S_J1_DefaultsOfTheDriverPod) {
  const DriverPod driver = built({});
  EXPECT_EQ(driver.pod->name, "test-app-1-driver");
  EXPECT_EQ(driver.pod->ns, "default");
  EXPECT_EQ(spark_container(driver).requests, (Resources{1000, 1408LL << 20, {}}));
  EXPECT_EQ(spark_container(driver).limits, (Resources{std::nullopt, 1408LL << 20, {}}));
  EXPECT_EQ(spark_container(built({}, Compat::spark_3_5)).ports.size(), 3U);
  DriverConf without = conf_of({});
  without.image = "";
  EXPECT_EQ(build_driver_pod(without, identity()).error().message,
            "the driver container image is missing; set spark.kubernetes.container.image");
  EXPECT_EQ(build_driver_pod(conf_of({{"spark.driver.resource.gpu.amount", "2"}}), identity()).error().message,
            "resource gpu was requested without a vendor; set spark.driver.resource.gpu.vendor");
}

TEST(SparkAcceptance, S_J2_TheCpuRequestIsItsOwnKeyElseTheDriversCores) {
  const auto cpu = [](const StringMap& raw) {
    return format_cpu_milli(*spark_container(built(raw)).requests.cpu_milli);
  };
  const std::string request = "spark.kubernetes.driver.request.cores";
  EXPECT_EQ(cpu({}), "1");
  EXPECT_EQ(cpu({{"spark.driver.cores", "10"}}), "10");
  EXPECT_EQ(cpu({{request, "0.1"}}), "100m");
  EXPECT_EQ(cpu({{request, "100m"}, {"spark.driver.cores", "10"}}), "100m");
}

struct OverheadRow {
  std::string resource_type;
  std::string old_key;
  std::string new_key;
  std::int64_t expected_mib;
  std::string propagated;
};

TEST(SparkAcceptance, S_J3_OverheadFactorsOfJavaPythonAndRAndWhatExecutorsInherit) {
  // A heap of 7680 MiB: 0.1 of it is above the minimum of 384.
  const std::vector<OverheadRow> rows{
      {"java", "", "", 8448, "0.1"},        {"python", "", "", 10752, "0.4"},    {"r", "", "", 10752, "0.4"},
      {"java", "0.1", "", 8448, "0.1"},     {"python", "0.1", "", 8448, "0.1"},  {"r", "0.1", "", 8448, "0.1"},
      {"java", "0.4", "", 10752, "0.4"},    {"python", "0.4", "", 10752, "0.4"}, {"java", "", "0.2", 9216, "0.1"},
      {"python", "", "0.2", 9216, "0.4"},   {"r", "", "0.2", 9216, "0.4"},       {"java", "0.3", "0.2", 9216, "0.3"},
      {"python", "0.3", "0.2", 9216, "0.3"}};
  for (const OverheadRow& row : rows) {
    StringMap raw{{"spark.driver.memory", "7680m"}, {"spark.kubernetes.resource.type", row.resource_type}};
    if (!row.old_key.empty()) raw["spark.kubernetes.memoryOverheadFactor"] = row.old_key;
    if (!row.new_key.empty()) raw["spark.driver.memoryOverheadFactor"] = row.new_key;
    const DriverPod driver = built(raw);
    const std::string about = row.resource_type + " old " + row.old_key + " new " + row.new_key;
    EXPECT_EQ(*spark_container(driver).requests.memory_bytes, row.expected_mib << 20) << about;
    EXPECT_EQ(driver.system_properties.at("spark.kubernetes.memoryOverheadFactor"), row.propagated) << about;
  }
}

TEST(SparkAcceptance, S_J4_TheBlockManagerPortFallsBackToTheCommonOne) {
  const auto ports = [](const StringMap& raw) {
    const DriverService service = build_driver_service(conf_of(raw), identity(), "u");
    EXPECT_EQ(service.object.data.at("blockmanager"), service.system_properties.at("spark.driver.blockManager.port"));
    return std::pair(spark_container(built(raw)).ports.at(1).port, service.object.data.at("blockmanager"));
  };
  EXPECT_EQ(ports({}), std::pair(7079, std::string("7079")));
  EXPECT_EQ(ports({{"spark.blockManager.port", "1234"}}), std::pair(1234, std::string("1234")));
  EXPECT_EQ(ports({{"spark.blockManager.port", "1234"}, {"spark.driver.blockManager.port", "1235"}}),
            std::pair(1235, std::string("1235")));
}

TEST(SparkAcceptance, S_J5_TheServiceIsHeadlessWithTheDriversPortsAndSelector) {
  const DriverConf conf = conf_of({{"spark.driver.port", "9000"},
                                   {"spark.blockManager.port", "8080"},
                                   {"spark.ui.port", "4080"},
                                   {"spark.kubernetes.namespace", "jobs"},
                                   {"spark.kubernetes.driver.label.label1key", "label1value"},
                                   {"spark.kubernetes.driver.service.label.serviceLabel", "x"},
                                   {"spark.kubernetes.driver.service.annotation.note", "y"}});
  const DriverService service = build_driver_service(conf, identity(), "u");
  EXPECT_EQ(service.object.kind, Kind::service);
  EXPECT_EQ(service.object.name, "test-app-1-driver-svc");
  EXPECT_EQ(service.object.ns, "jobs");
  EXPECT_EQ(
      service.object.data,
      (StringMap{
          {"driver-rpc-port", "9000"}, {"blockmanager", "8080"}, {"spark-ui", "4080"}, {"spark-connect", "15002"}}));
  EXPECT_EQ(service.object.labels, (StringMap{{"spark-app-selector", "spark-app-id"}, {"serviceLabel", "x"}}));
  EXPECT_EQ(service.object.annotations, (StringMap{{"note", "y"}}));
  EXPECT_EQ(service.selector, driver_labels(conf, identity()));
  EXPECT_EQ(service.selector.at("label1key"), "label1value");
  EXPECT_EQ(service.system_properties, (StringMap{{"spark.driver.host", "test-app-1-driver-svc.jobs.svc"},
                                                  {"spark.driver.port", "9000"},
                                                  {"spark.driver.blockManager.port", "8080"}}));
  EXPECT_EQ(service.warning, "");
}

TEST(SparkAcceptance, S_J5_ALongPrefixGetsAShortServiceName) {
  DriverIdentity app = identity();
  app.prefix = std::string(52, 'a');  // with "-driver-svc" exactly 63
  EXPECT_EQ(build_driver_service(conf_of({}), app, "u").object.name, std::string(52, 'a') + "-driver-svc");
  app.prefix += "a";
  const std::string uid = backend::unique_id(0xA1B2C3, 255);
  const DriverService service = build_driver_service(conf_of({}), app, uid);
  EXPECT_EQ(service.object.name, "spark-a1b2c3ff-driver-svc");
  EXPECT_EQ(service.system_properties.at("spark.driver.host"), "spark-a1b2c3ff-driver-svc.default.svc");
  EXPECT_THAT(service.warning, HasSubstr("more than 63 characters"));
}

TEST(SparkAcceptance, S_J5_AHostOrBindAddressOfTheUsersIsRefused) {
  for (const std::string key : {"spark.driver.host", "spark.driver.bindAddress"}) {
    const DriverConfOutcome outcome = make_driver_conf({{kImage, "i"}, {key, "foo"}}, Compat::spark_4_0);
    EXPECT_FALSE(outcome.conf.has_value());
    ASSERT_EQ(outcome.errors.size(), 1U);
    EXPECT_THAT(to_string(outcome.errors.front()), HasSubstr(key + ": is not supported on Kubernetes"));
  }
}

TEST(SparkAcceptance, S_J5_IpFamiliesAndTheirPolicyAreTheUsers) {
  const DriverService plain = build_driver_service(conf_of({}), identity(), "u");
  EXPECT_EQ(plain.ip_family_policy, "SingleStack");
  EXPECT_THAT(plain.ip_families, ElementsAre("IPv4"));
  for (const std::string policy : {"SingleStack", "PreferDualStack", "RequireDualStack"}) {
    const DriverConf conf = conf_of({{"spark.kubernetes.driver.service.ipFamilyPolicy", policy},
                                     {"spark.kubernetes.driver.service.ipFamilies", "IPv6,IPv4"}});
    EXPECT_EQ(build_driver_service(conf, identity(), "u").ip_family_policy, policy);
    EXPECT_THAT(build_driver_service(conf, identity(), "u").ip_families, ElementsAre("IPv6", "IPv4"));
  }
  EXPECT_EQ(make_driver_conf({{"spark.kubernetes.driver.service.ipFamilies", "IPv5"}}, Compat::spark_4_0).errors.size(),
            1U);
}

TEST(SparkAcceptance, S_G3_TheDriversLabelsAnnotationsSecretsAndEnvironment) {
  const std::string k = "spark.kubernetes.driver.";
  const DriverPod driver = built({{k + "label.plain", "v"},
                                  {k + "label.app", "a-{{APP_ID}}"},
                                  {k + "annotation.app", "{{APP_ID}}-{{EXECUTOR_ID}}"},
                                  {k + "secrets.s1", "/etc/s1"},
                                  {k + "secretKeyRef.PASS", "db:password"},
                                  {"spark.kubernetes.driverEnv.MINE", "1"},
                                  {"spark.kubernetes.driverEnv.1/bad", "1"}});
  EXPECT_EQ(driver.pod->tmpl->labels.at("plain"), "v");
  EXPECT_EQ(driver.pod->tmpl->labels.at("app"), "a-spark-app-id");
  EXPECT_EQ(driver.pod->tmpl->annotations.at("app"), "spark-app-id-");
  EXPECT_EQ(driver.pod->tmpl->volumes.front(), (Volume{"s1-volume", "secret", "s1", {}}));
  EXPECT_EQ(spark_container(driver).mounts.front(), (VolumeMount{"s1-volume", "/etc/s1", "", false}));
  EXPECT_EQ(env(driver, "PASS"), "db:password");
  EXPECT_EQ(env(driver, "MINE"), "1");
  EXPECT_EQ(env(driver, "1/bad"), "(unset)");
  EXPECT_THAT(to_string(make_driver_conf({{k + "label.spark-role", "x"}}, Compat::spark_4_0).errors.front()),
              HasSubstr("Spark sets this label itself"));
}

TEST(SparkAcceptance, S_G5_TheDriversPullSecretsAreTrimmed) {
  EXPECT_THAT(
      conf_of({{"spark.kubernetes.container.image.pullSecrets", " my-secret-1,my-secret-2 "}}).image_pull_secrets,
      ElementsAre("my-secret-1", "my-secret-2"));
}

TEST(SparkAcceptance, S_G7_TheDriversNodeSelectorsAreTheGenericAndItsOwn) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.node.selector.a", "1"},
                     {"spark.kubernetes.node.selector.b", "2"},
                     {"spark.kubernetes.driver.node.selector.b", "3"},
                     {"spark.kubernetes.driver.node.selector.c", "4"},
                     {"spark.kubernetes.executor.node.selector.d", "5"}})
                .node_selector,
            (StringMap{{"a", "1"}, {"b", "3"}, {"c", "4"}}));
}

TEST(SparkAcceptance, S_G8_TheDriversSchedulerNameWinsEvenWhenEmpty) {
  const std::string generic = "spark.kubernetes.scheduler.name";
  const std::string own = "spark.kubernetes.driver.scheduler.name";
  EXPECT_EQ(conf_of({}).scheduler_name, std::nullopt);
  EXPECT_EQ(conf_of({{generic, "x"}}).scheduler_name, "x");
  EXPECT_EQ(conf_of({{generic, "x"}, {own, "y"}}).scheduler_name, "y");
  EXPECT_EQ(conf_of({{generic, "x"}, {own, ""}}).scheduler_name, "");
  EXPECT_EQ(built({{generic, "x"}}).pod->tmpl->scheduler_name, "x");
}

TEST(SparkAcceptance, S_G11_TheSparkVersionIsFilledIntoTheDriversImage) {
  EXPECT_EQ(conf_of({{kImage, "apache/spark:{{SPARK_VERSION}}"}}, Compat::spark_4_1).image, "apache/spark:4.1.0");
  EXPECT_EQ(conf_of({{kImage, "apache/spark:{{SPARK_VERSION}}"}}).image, "apache/spark:{{SPARK_VERSION}}");
  EXPECT_EQ(conf_of({{"spark.kubernetes.driver.container.image", "own:{{SPARK_VERSION}}"}}, Compat::spark_4_2).image,
            "own:4.2.0");
}

TEST(SparkAcceptance, S_I3_DriverStepsAreExcludedByClassNameAndUserStepsRunAfterThem) {
  DriverIdentity app = identity();
  backend::UserStep step;
  step.class_name = "a.Step";
  step.roles = {backend::PodRole::driver};
  step.labels = {{"by", "me"}};
  app.user_steps = {step};
  const std::string use = "spark.kubernetes.driver.pod.featureSteps";
  const std::string leave_out = "spark.kubernetes.driver.pod.excludedFeatureSteps";
  EXPECT_EQ(built({{use, "a.Step"}}, Compat::spark_4_1, app).pod->tmpl->labels.at("by"), "me");
  EXPECT_FALSE(
      built({{use, "a.Step"}, {leave_out, "a.Step"}}, Compat::spark_4_1, app).pod->tmpl->labels.contains("by"));
  EXPECT_EQ(env(built({{leave_out, "org.apache.spark.deploy.k8s.features.LocalDirsFeatureStep"}}, Compat::spark_4_1),
                "SPARK_LOCAL_DIRS"),
            "(unset)");
  EXPECT_EQ(build_driver_pod(conf_of({{use, "a.Nobody"}}), app).error().message, "class not found: a.Nobody");
  app.user_steps[0].roles = {backend::PodRole::executor};
  EXPECT_THAT(build_driver_pod(conf_of({{use, "a.Step"}}), app).error().message,
              HasSubstr("cannot be a feature step of the driver"));
}

TEST(DriverPodTest, AClaimOnDemandIsNamedAfterTheDriver) {
  const std::string v = "spark.kubernetes.driver.volumes.persistentVolumeClaim.data.";
  const DriverPod driver = built({{v + "mount.path", "/data"}, {v + "options.claimName", "OnDemand"}});
  EXPECT_EQ(driver.pod->tmpl->volumes.front().source, "test-app-1-driver-pvc-0");
}

TEST(DriverPodTest, ATemplateIsMergedAsForExecutors) {
  PodTemplate t;
  Container sidecar;
  sidecar.name = "log";
  Container spark;
  spark.name = "main";
  spark.ports = {{"metrics", 9090}};
  t.containers = {sidecar, spark};
  t.priority_class = "high";
  auto pod = std::make_shared<Pod>();
  pod->tmpl = share(std::move(t));
  DriverIdentity app = identity();
  app.driver_template = pod;
  const DriverPod driver =
      built({{"spark.kubernetes.driver.podTemplateContainerName", "main"}}, Compat::spark_4_0, app);
  EXPECT_EQ(driver.pod->tmpl->containers.front(), sidecar);
  EXPECT_EQ(spark_container(driver).name, "main");
  EXPECT_EQ(spark_container(driver).ports.front(), (ContainerPort{"metrics", 9090}));
  EXPECT_EQ(driver.pod->tmpl->priority_class, "high");
}

TEST(DriverPodTest, AHadoopConfigurationIsMountedAndHandedOnToExecutors) {
  const DriverPod driver = built({{"spark.kubernetes.hadoop.configMapName", "hadoop"}});
  EXPECT_EQ(env(driver, "HADOOP_CONF_DIR"), "/opt/hadoop/conf");
  EXPECT_EQ(driver.system_properties.at("spark.kubernetes.executor.hadoopConfigMapName"), "hadoop");
}

TEST(DriverPodTest, TheConfigMapHoldsThePropertiesAndNeverChanges) {
  const Manifest map = build_driver_config_map(conf_of({}), {{"spark.a", "x=1"}, {"spark.b", "two words"}}, "u1");
  EXPECT_EQ(map.kind, Kind::config_map);
  EXPECT_EQ(map.name, "spark-drv-u1-conf-map");
  EXPECT_TRUE(map.immutable);
  EXPECT_EQ(map.data, (StringMap{{"spark.properties", "spark.a=x\\=1\nspark.b=two words\n"}}));
}

}  // namespace
}  // namespace podramp::submit::driver_pod_test
