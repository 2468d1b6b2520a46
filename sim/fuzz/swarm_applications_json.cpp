// The applications: levels, allocators, conf values, demand over time, workloads.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/fuzz/swarm_parts_json.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

struct Swarmed {
  const SwarmPlan& plan;
  std::uint64_t n;  // which application
  bool fork = false;
  bool dynamic = false;
  bool workload = false;
  std::string compat{};
  std::string ns{};

  bool on(std::string_view name, std::int64_t numerator, std::int64_t denominator) const {
    return plan.dice.feature(name) && plan.dice.chance(name, numerator, denominator, n);
  }
  std::string one_of(std::string_view name, const std::vector<std::string>& choices) const {
    return plan.dice.one_of(name, choices, n);
  }
  std::string name() const { return fmt::format("app{}", n + 1); }
};

void put_size(const Swarmed& app, Json& conf) {
  conf["spark.executor.cores"] = std::to_string(app.plan.dice.pick("cores", 1, 3, app.n));
  conf["spark.executor.memory"] = app.one_of("memory", {"512m", "1g", "2g", "4g"});
  const std::string executors = std::to_string(app.plan.dice.size("executors", 32, app.n));
  if (!app.dynamic) {
    conf["spark.executor.instances"] = executors;
    return;
  }
  conf["spark.dynamicAllocation.enabled"] = "true";
  conf["spark.dynamicAllocation.maxExecutors"] = executors;
  if (app.on("dynamic.min", 1, 2)) conf["spark.dynamicAllocation.minExecutors"] = "1";
  if (app.on("dynamic.idle", 1, 2))
    conf["spark.dynamicAllocation.executorIdleTimeout"] = app.one_of("idle", {"5s", "20s"});
}

// Keys that the allocator and the tracking of pods depend on.
void put_pace(const Swarmed& app, Json& conf) {
  const auto put = [&](const char* feature, const std::string& key, const std::vector<std::string>& values) {
    if (app.on(feature, 2, 3)) conf["spark.kubernetes." + key] = app.one_of(key, values);
  };
  put("batch_size", "allocation.batch.size", {"1", "2", "5", "20", "100"});
  if (app.fork) return put("batch_delay", "allocation.batch.delay", {"1", "3"});  // whole seconds (01 1.2)
  put("batch_delay", "allocation.batch.delay", {"200ms", "1s", "7s"});
  put("max_pending", "allocation.maxPendingPods", {"1", "3", "10", "50"});
  put("executor_timeout", "allocation.executor.timeout", {"20s", "60s", "600s"});
  put("poll_interval", "executor.apiPollingInterval", {"5s", "30s", "60s"});
  put("event_interval", "executor.eventProcessingInterval", {"200ms", "1s", "5s"});
  put("missing_delta", "executor.missingPodDetectDelta", {"5s", "30s", "90s"});
  put("poll_cache", "executor.enablePollingWithResourceVersion", {"true", "false"});
  put("no_watcher", "executor.enableApiWatcher", {"false", "true"});
  put("containers", "executor.checkAllContainers", {"true", "false"});
  put("keeps_pods", "executor.deleteOnTermination", {"true", "true", "false"});
  put("local_dirs", "local.dirs.tmpfs", {"true"});
  if (app.on("decommission", 1, 2)) {
    conf["spark.decommission.enabled"] = "true";
    if (app.on("decommission.storage", 1, 2)) conf["spark.storage.decommission.enabled"] = "true";
  }
  if (app.on("max_failures", 1, 2)) conf["spark.executor.maxNumFailures"] = app.one_of("failures", {"3", "20"});
  if (app.plan.has_claims && app.plan.dice.chance("claims", 1, 2, app.n)) {
    const std::string prefix = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.";
    conf[prefix + "options.claimName"] = "OnDemand";
    conf[prefix + "options.sizeLimit"] = "10Gi";
    conf[prefix + "mount.path"] = "/data";
    if (app.plan.dice.feature("storage_class")) conf[prefix + "options.storageClass"] = "fast";
    if (app.on("waits_for_claims", 1, 2)) conf["spark.kubernetes.driver.waitToReusePersistentVolumeClaim"] = "true";
  }
}

Json workload(const Swarmed& app) {
  const Dice& dice = app.plan.dice;
  Json map{{"name", "map"},
           {"tasks", dice.size("map.tasks", 60, app.n)},
           {"duration", {{"median", "4s"}, {"sigma", "0.3"}}},
           {"shuffle_write", "8Mi"}};
  if (app.on("input", 1, 2)) map["input"] = {{"bytes", "16Mi"}, {"replicas", 1}};
  if (app.on("cache", 1, 2)) map["cache"] = {{"name", "rdd"}, {"bytes", "4Mi"}};
  if (app.on("task_failures", 1, 2)) map["failures"] = "1/50";
  Json reduce{{"name", "reduce"},
              {"parents", {"map"}},
              {"tasks", dice.size("reduce.tasks", 30, app.n)},
              {"duration", {{"uniform", {"1s", "9s"}}}}};
  Json job{{"name", "job"}, {"start", seconds(dice.pick("job.start", 1, 120, app.n))}, {"stages", {map, reduce}}};
  Json again{{"name", "again"},
             {"after", "job"},
             {"start", "1m"},
             {"stages", {{{"name", "one"}, {"tasks", 7}, {"duration", {{"constant", "5s"}}}}}}};
  Json jobs = Json::array({std::move(job)});
  if (app.on("second_job", 1, 2)) jobs.push_back(std::move(again));
  return {{"jobs", std::move(jobs)}, {"stop_when_done", app.on("stop_when_done", 1, 2)}};
}

Json demand(const Swarmed& app, bool has_profile, std::int64_t start_s) {
  const Dice& dice = app.plan.dice;
  Json steps = Json::array();
  const std::int64_t count = dice.pick("demand", 1, 4, app.n);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto k = app.n * 10 + static_cast<std::uint64_t>(i);
    Json step{{"at", seconds(dice.pick("demand.at", 0, std::max<std::int64_t>(app.plan.trouble_s - start_s, 1), k))},
              {"executors", dice.size("demand.executors", 32, k) - dice.pick("demand.none", 0, 1, k)}};
    if (has_profile && i % 2 == 1) step["profile"] = 1;
    steps.push_back(std::move(step));
  }
  return steps;
}

void put_driver_pod(const Swarmed& app, Json& scenario, Json& conf) {
  conf["spark.kubernetes.driver.pod.name"] = app.name() + "-driver";
  Json pod{{"name", app.name() + "-driver"}, {"namespace", app.ns},      {"cpu", "100m"}, {"memory", "128Mi"},
           {"group", app.plan.groups[0]},    {"restart_policy", "Never"}};
  if (app.fork) pod["labels"] = {{"spark-app-selector", "spark-" + app.name()}, {"spark-role", "driver"}};
  scenario["background"].push_back(std::move(pod));
}

void put_fork(const Swarmed& app, Json& scenario, Json& conf) {
  put_driver_pod(app, scenario, conf);
  conf["spark.app.id"] = "spark-" + app.name();
  conf["spark.kubernetes.executor.podNamePrefix"] = app.name();
  conf["spark.kubernetes.executor.docker.image"] = app.one_of("image", {"spark:a", "spark:b"});
  if (!app.dynamic && !app.plan.has_shuffle_service) return;
  conf["spark.shuffle.service.enabled"] = "true";
  conf["spark.kubernetes.shuffle.labels"] = "app=agent";
  conf["spark.local.dir"] = "/tmp/spark-local";
}

void put_spark(const Swarmed& app, Json& scenario, Json& object, Json& conf) {
  const SwarmPlan& plan = app.plan;
  conf["spark.kubernetes.container.image"] = app.one_of("image", {"spark:a", "spark:b"});
  bool driver_pod = plan.has_driver_pods && plan.dice.chance("driver_pod", 2, 3, app.n);
  if (plan.has_sets && plan.dice.chance("sets", 1, 2, app.n)) {
    const bool deployments = app.compat >= "spark-4.2" &&
                             !conf.contains(
                                 "spark.kubernetes.executor.volumes."
                                 "persistentVolumeClaim.data.mount.path") &&
                             plan.dice.chance("deployment", 1, 2, app.n);
    if (deployments && app.dynamic) conf["spark.kubernetes.executor.podDeletionCost"] = "10";
    conf["spark.kubernetes.allocation.pods.allocator"] = deployments ? "deployment" : "statefulset";
    driver_pod = true;
  }
  if (driver_pod) put_driver_pod(app, scenario, conf);
  if (plan.has_queue && plan.dice.chance("queue", 1, 2, app.n)) {
    conf["spark.kubernetes.executor.label.kueue.x-k8s.io/queue-name"] = "team";
  }
  if (plan.has_gang && plan.dice.chance("gang", 1, 2, app.n)) {
    conf["spark.kubernetes.executor.scheduler.name"] = "gang";
    conf["spark.kubernetes.executor.label.scheduling.k8s.io/group-name"] = "together";
  }
  if (plan.has_priorities && plan.dice.chance("priorities", 2, 3, app.n)) {
    object["executor_template"] = {{"kind", "Pod"},
                                   {"spec", {{"priorityClassName", app.one_of("class", {"low", "high"})}}}};
  }
}

void add_application(const SwarmPlan& plan, std::uint64_t n, Json& scenario) {
  const Dice& dice = plan.dice;
  Swarmed app{plan, n};
  app.fork = plan.has_fork && n == 0;
  app.compat = app.fork ? "fork-2.2"
                        : dice.one_of("compat", {"spark-3.5", "spark-4.0", "spark-4.1", "spark-4.2", "spark-4.4"}, n);
  app.ns = dice.one_of("namespace", plan.namespaces, n);
  app.workload = app.on("workload", 1, 2);
  app.dynamic = app.workload && app.on("dynamic", 2, 3) && (!app.fork || plan.has_shuffle_service);
  Json object{{"name", app.name()}, {"namespace", app.ns}, {"compat", app.compat}};
  // A driver whose pod has died before its start would start here all the same.
  const std::int64_t start_s =
      !app.fork && !plan.has_driver_pods && !plan.has_sets && dice.chance("starts_late", 1, 2, n)
          ? dice.pick("start", 0, plan.trouble_s / 2, n)
          : 0;
  if (start_s > 0) object["start"] = seconds(start_s);
  const bool early = app.on("early_stop", 1, 3);
  object["stop"] = seconds(early ? dice.pick("stop", start_s + 1, plan.trouble_s + 60, n) : plan.settles_s + 60);
  if (dice.feature("corrected", 2, 3)) object["fixes"] = {"corrected"};
  Json conf = Json::object();
  put_size(app, conf);
  put_pace(app, conf);
  if (app.fork) {
    put_fork(app, scenario, conf);
  } else {
    put_spark(app, scenario, object, conf);
  }
  const bool profiles = !app.fork && !app.workload && app.on("profiles", 1, 2);
  object["conf"] = std::move(conf);
  if (profiles) object["profiles"] = {{{"id", 1}, {"cores", 2}, {"memory", "1Gi"}}};
  if (app.workload) {
    object["workload"] = workload(app);
  } else if (!app.fork && (profiles || app.on("demand", 2, 3))) {
    object["demand"] = demand(app, profiles, start_s);
  }
  scenario["applications"].push_back(std::move(object));
}

}  // namespace

void add_applications(SwarmPlan& plan, Json& scenario) {
  const std::int64_t count = plan.dice.pick("applications", 1, 3);
  scenario["applications"] = Json::array();
  for (std::int64_t n = 0; n < count; ++n) {
    plan.applications.push_back(fmt::format("app{}", n + 1));
    add_application(plan, static_cast<std::uint64_t>(n), scenario);
  }
}

}  // namespace podramp::sim
