// What every imported scenario has around its application: schema, the cluster of --base or one that is made to hold
// the executors, and the check that it loads.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "backend/executor_size.h"
#include "sim/import/notes.h"
#include "sim/scenario.h"

namespace podramp::sim {

// The application that the scenario is made for.
struct FramedApplication {
  std::string about;  // of the scenario
  std::string name;
  backend::Compat compat = backend::Compat::spark_4_0;
  StringMap conf;
  std::vector<backend::ResourceProfile> profiles{};
  std::map<std::string, std::int64_t> resources{};  // of an executor, besides what conf and profiles say
  std::int64_t executors = 1;                       // that the cluster should hold at once
};

// A scenario with this one application: schema, about, seed, cluster, applications[0] with name, compat, conf and
// profiles. base: its cluster, background and Kubernetes settings are taken; its applications are not.
nlohmann::ordered_json scenario_frame(const FramedApplication& application, const std::optional<Scenario>& base,
                                      ImportNotes& notes);

bool has_scheduler(const std::optional<Scenario>& base, const std::string& name);
// Puts a PersistentVolumeClaim that pods name into the cluster when it is not there: without it they are never
// scheduled.
void need_claim(const StringMap& conf, const std::string& name, nlohmann::ordered_json& root, ImportNotes& notes);

// The text, once it has been read back without a mistake.
tl::expected<ImportedScenario, FieldErrors> finish_import(const nlohmann::ordered_json& root, ImportNotes notes);

// The image that the base's first application runs, "" when there is none.
std::string image_of(const std::optional<Scenario>& base);

}  // namespace podramp::sim
