#include "sim/import/cluster_import.h"

#include "sim/command_line.h"

namespace podramp::sim {
namespace {

constexpr const char* kApplication =
    "spark.app.name app\nspark.executor.instances 10\nspark.kubernetes.container.image apache/spark:4.0.0\n";

}  // namespace

tl::expected<ImportedScenario, FieldErrors> import_cluster_scenario(const NamedText& cluster,
                                                                    const std::optional<std::string>& base_file) {
  Overrides overrides;
  overrides.cluster_file = cluster;
  if (!base_file) overrides.conf_file = NamedText{"the assumed application", kApplication};
  auto loaded = base_file ? load_file(*base_file, overrides) : make_scenario(overrides);
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  ImportedScenario imported{to_json(loaded->scenario), {}};
  if (!base_file) {
    imported.notes.assumed("applications",
                           "one of ten executors of apache/spark:4.0.0; --base takes those of a scenario");
  }
  for (const Warning& warning : loaded->warnings) imported.notes.left_out(warning.subject, warning.text);
  return imported;
}

}  // namespace podramp::sim
