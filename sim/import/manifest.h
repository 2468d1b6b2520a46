// A SparkApplication of the Kubernetes operator (sparkoperator.k8s.io/v1beta2), or the template of a
// ScheduledSparkApplication, as an application of a scenario. Which field becomes which setting is what the operator
// passes to spark-submit, and what its webhook does to executors is a pod template. The fields: docs/import.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "backend/yaml/manifest_fields.h"
#include "sim/import/frame_json.h"

namespace podramp::sim {

// Errors: no YAML, another kind or version, fields of a wrong type, each with its line.
tl::expected<ImportedScenario, FieldErrors> import_spark_application(const NamedText& manifest,
                                                                     const std::optional<Scenario>& base);

// What the operator makes of a manifest.
struct OperatorSubmission {
  std::string name;
  std::string ns;
  std::string version;
  StringMap conf;
};

// Fills conf from metadata and spec in the operator's order (a later --conf wins); what it takes is taken
// (manifest_conf.cpp).
void submit_as_operator(yaml::ManifestFields& spec, yaml::ManifestFields& driver, yaml::ManifestFields& executor,
                        const StringMap& labels, OperatorSubmission& submission);

// The pod template of executors, null when the webhook would change nothing (manifest_template_json.cpp). Volumes for
// local directories become settings instead. resources: of an executor besides cpu and memory.
nlohmann::ordered_json executor_template(yaml::ManifestFields& spec, yaml::ManifestFields& executor, StringMap& conf,
                                         std::map<std::string, std::int64_t>& resources, ImportNotes& notes);

}  // namespace podramp::sim
