// From the documents of a manifest to the scenario; what nobody took is listed with its path.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/import/conf_choice.h"
#include "sim/import/manifest.h"
#include "sim/scenario_conf.h"

namespace podramp::sim {
namespace {

using yaml::ManifestFields;
using yaml::YamlValue;

constexpr std::string_view kGroup = "sparkoperator.k8s.io/";

struct Unused {
  std::string_view field;
  std::string_view why;
};
constexpr std::string_view kProgram = "what the program is makes no difference: give the application a workload";
constexpr std::string_view kOperators = "the operator's own business";
constexpr std::array<Unused, 27> kUnused{
    {{"spec.type", kProgram},
     {"spec.mainClass", kProgram},
     {"spec.mainApplicationFile", kProgram},
     {"spec.arguments", kProgram},
     {"spec.deps", "dependencies are not downloaded here; init_downloads of a cluster are"},
     {"spec.mode", "the driver's side of the API server is simulated, wherever it runs"},
     {"spec.proxyUser", kOperators},
     {"spec.suspend", kOperators},
     {"spec.restartPolicy", "an application is started once; count and every start more"},
     {"spec.failureRetries", "an application is started once; count and every start more"},
     {"spec.retryInterval", "an application is started once; count and every start more"},
     {"spec.timeToLiveSeconds", kOperators},
     {"spec.monitoring", "metrics have no counterpart"},
     {"spec.sparkUIOptions", "the UI has no counterpart"},
     {"spec.driverIngressOptions", "the UI has no counterpart"},
     {"spec.sparkConfigMap", "the ConfigMap's contents are not here; --conf-file of podramp run takes them"},
     {"spec.hadoopConfigMap", "the ConfigMap's contents are not here"},
     {"spec.driverPodDisruptionBudget", "the scenario's application has no driver pod"},
     {"spec.volumes", "nothing mounts it in executors"},
     {"spec.driver", "the scenario's application has no driver pod; one can stand in background"},
     {"spec.executor.memoryLimit", "Spark's own limit, which is the request, is kept"},
     {"spec.schedule", "a scenario starts it once; count and every start more"},
     {"spec.timeZone", kOperators},
     {"spec.concurrencyPolicy", kOperators},
     {"spec.successfulRunHistoryLimit", kOperators},
     {"spec.failedRunHistoryLimit", kOperators},
     {"status", "what became of it is not asked"}}};

// What nobody took, each member with the reason of the nearest row.
void list_rest(const ManifestFields& fields, const std::string& path, ImportNotes& notes) {
  for (const YamlValue& item : fields.rest().items) {
    const std::string where = path.empty() ? item.key : fmt::format("{}.{}", path, item.key);
    const auto row = std::ranges::find_if(kUnused, [&](const Unused& one) {
      return where == one.field || where.starts_with(fmt::format("{}.", one.field));
    });
    notes.left_out(where, row == kUnused.end() ? "a scenario has nothing for it" : row->why);
  }
}

FieldErrors one_error(const NamedText& manifest, int line, std::string path, std::string message) {
  return {{manifest.file, line, std::move(path), std::move(message)}};
}

// The one SparkApplication among the documents.
tl::expected<const YamlValue*, FieldErrors> application_of(const NamedText& manifest, const yaml::YamlText& text) {
  const YamlValue* found = nullptr;
  std::string kinds;
  for (const YamlValue& document : text.documents) {
    const YamlValue* version = document.find("apiVersion");
    const YamlValue* kind = document.find("kind");
    if (kind != nullptr) kinds += (kinds.empty() ? "" : ", ") + kind->text;
    if (version == nullptr || kind == nullptr || !version->text.starts_with(kGroup)) continue;
    if (kind->text != "SparkApplication" && kind->text != "ScheduledSparkApplication") continue;
    if (version->text != "sparkoperator.k8s.io/v1beta2") {
      return tl::unexpected(one_error(manifest, version->line, "apiVersion",
                                      fmt::format("must be sparkoperator.k8s.io/v1beta2 (got {})", version->text)));
    }
    if (found != nullptr) {
      return tl::unexpected(
          one_error(manifest, document.line, "", "a second SparkApplication: one file, one application"));
    }
    found = &document;
  }
  if (found != nullptr) return found;
  return tl::unexpected(one_error(manifest, 0, "",
                                  fmt::format("has no SparkApplication or ScheduledSparkApplication{}",
                                              kinds.empty() ? "" : fmt::format(" (got {})", kinds))));
}

// Pods that name a scheduler nobody plays would wait for ever.
void put_scheduler(ManifestFields& spec, ManifestFields& executor, const std::optional<Scenario>& base,
                   nlohmann::ordered_json& pod, StringMap& conf, ImportNotes& notes) {
  std::string scheduler = spec.text("batchScheduler");
  std::string path = "spec.batchScheduler";
  if (const std::string own = executor.text("schedulerName"); scheduler.empty()) {
    scheduler = own;
    path = "spec.executor.schedulerName";
  }
  if (const YamlValue* value = spec.take("batchSchedulerOptions")) {
    ManifestFields options(value, "spec.batchSchedulerOptions", spec.faults());
    const std::string queue = options.text("queue");
    if (scheduler == "yunikorn" && !queue.empty()) conf["spark.kubernetes.executor.label.queue"] = queue;
    list_rest(options, "spec.batchSchedulerOptions", notes);
  }
  if (scheduler.empty() && pod.is_object()) {
    scheduler = pod["spec"].value("schedulerName", "");
    path = "spec.executor.template.spec.schedulerName";
  }
  if (scheduler.empty() || scheduler == "default-scheduler") return;
  if (has_scheduler(base, scheduler)) {
    conf["spark.kubernetes.executor.scheduler.name"] = scheduler;
    return;
  }
  if (pod.is_object()) pod["spec"].erase("schedulerName");
  notes.left_out(
      path,
      fmt::format("the cluster has no scheduler \"{}\" (cluster.schedulers of --base): the default one", scheduler));
}

std::int64_t executors_of(const StringMap& conf) {
  std::int64_t most = 1;
  for (const char* key : {"spark.executor.instances", "spark.dynamicAllocation.initialExecutors",
                          "spark.dynamicAllocation.minExecutors", "spark.dynamicAllocation.maxExecutors"}) {
    const auto at = conf.find(key);
    std::int64_t value = 0;
    if (at == conf.end()) continue;
    std::from_chars(at->second.data(), at->second.data() + at->second.size(), value);
    most = std::max(most, value);
  }
  return std::min<std::int64_t>(most, 10'000);
}

// Classes that a template names must be there: pods that name an unknown one are refused.
void need_priority_class(const nlohmann::ordered_json& pod, nlohmann::ordered_json& root, ImportNotes& notes) {
  if (!pod.is_object() || !pod["spec"].contains("priorityClassName") || !pod["spec"]["priorityClassName"].is_string()) {
    return;
  }
  const std::string name = pod["spec"]["priorityClassName"].get<std::string>();
  if (name.starts_with("system-")) return;
  auto& classes = root["cluster"]["priority_classes"];
  for (const auto& one : classes) {
    if (one.value("name", "") == name) return;
  }
  classes.push_back({{"name", name}, {"value", 0}});
  notes.assumed("priority class " + name, "its value is not in the manifest: 0");
}

void need_claims(const nlohmann::ordered_json& pod, const StringMap& conf, nlohmann::ordered_json& root,
                 ImportNotes& notes) {
  if (!pod["spec"].contains("volumes")) return;
  for (const auto& volume : pod["spec"]["volumes"]) {
    const auto claim = volume.find("persistentVolumeClaim");
    if (claim == volume.end() || !claim->is_object()) continue;
    const auto name = claim->find("claimName");
    if (name != claim->end() && name->is_string()) need_claim(conf, name->get<std::string>(), root, notes);
  }
}

}  // namespace

tl::expected<ImportedScenario, FieldErrors> import_spark_application(const NamedText& manifest,
                                                                     const std::optional<Scenario>& base) {
  const yaml::YamlText text = yaml::parse_yaml(manifest.text, manifest.file);
  if (!text.errors.empty()) return tl::unexpected(text.errors);
  const auto document = application_of(manifest, text);
  if (!document) return tl::unexpected(document.error());
  yaml::Faults faults{manifest.file, {}};
  ImportNotes notes;
  ManifestFields root(*document, "", faults);
  const bool scheduled = root.text("kind") == "ScheduledSparkApplication";
  root.take("apiVersion");
  ManifestFields metadata(root.take("metadata"), "metadata", faults);
  ManifestFields outer(root.take("spec"), "spec", faults);
  ManifestFields inner(scheduled ? outer.take("template") : nullptr, "spec.template", faults);
  ManifestFields& spec = scheduled ? inner : outer;
  const std::string spec_path = scheduled ? "spec.template" : "spec";
  ManifestFields driver(spec.take("driver"), spec_path + ".driver", faults);
  ManifestFields executor(spec.take("executor"), spec_path + ".executor", faults);

  OperatorSubmission submission;
  submission.name = metadata.text("name");
  submission.ns = metadata.text("namespace");
  if (submission.ns.empty()) submission.ns = "default";
  submission.version = spec.text("sparkVersion");
  submit_as_operator(spec, driver, executor, metadata.map("labels"), submission);
  FramedApplication application;
  nlohmann::ordered_json pod;
  try {
    pod = executor_template(spec, executor, submission.conf, application.resources, notes);
    put_scheduler(spec, executor, base, pod, submission.conf, notes);
  } catch (const nlohmann::json::exception& e) {  // an object or list of another type than a pod has there
    faults.add((*document)->line, spec_path + ".executor", fmt::format("makes no pod template: {}", e.what()));
  }
  if (!faults.errors.empty()) return tl::unexpected(std::move(faults.errors));

  application.about =
      fmt::format("The SparkApplication \"{}\" as the Kubernetes operator submits it.", submission.name);
  application.name = as_application_name(submission.name);
  application.compat = level_of_version(submission.version, notes);
  application.conf = choose_conf(submission.conf, application.compat, notes);
  need_image(application.conf, image_of(base), submission.version, notes);
  application.executors = executors_of(application.conf);
  auto scenario = scenario_frame(application, base, notes);
  if (pod.is_object()) {
    need_priority_class(pod, scenario, notes);
    need_claims(pod, application.conf, scenario, notes);
    scenario["applications"][0]["executor_template"] = std::move(pod);
  }
  notes.assumed("load", "a manifest says nothing of it: the application holds its executors; add demand or a workload");
  list_rest(root, "", notes);
  if (scheduled) list_rest(outer, "spec", notes);
  list_rest(spec, "spec", notes);
  list_rest(driver, "spec.driver", notes);
  list_rest(executor, "spec.executor", notes);
  return finish_import(scenario, std::move(notes));
}

}  // namespace podramp::sim
