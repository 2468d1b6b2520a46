// The feature steps of Spark that driver and executor pods share, and what a pod template becomes (02 6.3). A step
// changes a draft: the pod, and Spark's own container until it is appended to the others.
// Next: pod_builder.h (executor pods).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/conf.h"
#include "backend/port/kube.h"

namespace podramp::backend {

struct PodDraft {
  PodTemplate pod;      // its containers are the sidecars
  Container container;  // Spark's; without a name until a step gives it one
};

// The pod template's containers: the named one becomes Spark's, else the first one, else an empty one; the others stay
// as sidecars (02 6.3, S-I5). Without a template both parts are empty (S-I1).
PodDraft start_draft(const PodPtr& pod_template, const std::optional<std::string>& container_name);
// What Spark warns of when the name is not that of exactly one container; "" when there is nothing to say.
std::string container_warning(const PodPtr& pod_template, const std::optional<std::string>& container_name);
// Appends Spark's container to the sidecars.
PodTemplate finish_draft(PodDraft draft);

void mount_secrets(const StringMap& secret_to_path, PodDraft& draft);
void env_secrets(const std::vector<SecretKeyRef>& refs, PodDraft& draft);
void mount_volumes(const std::vector<ExecutorVolume>& volumes, PodDraft& draft);
void mount_hadoop_conf(const std::string& config_map, PodDraft& draft);  // "" mounts nothing
// Mounts named spark-local-dir-* are the local directories; without any each directory gets an emptyDir (02 6.3).
void add_local_dirs(std::vector<std::string> dirs, bool tmpfs, PodDraft& draft);

// Spark's resources over those of a template: what both name is Spark's (02 6.1).
void overlay(const Resources& spark, Resources& into);

// --- the user's own steps (spark.kubernetes.<role>.pod.featureSteps) -----------------------------------------------

enum class PodRole : std::uint8_t { driver, executor };

// A class of the user's as data, because it cannot run here: what it adds. `roles` empty is a class that is no feature
// step at all.
struct UserStep {
  std::string class_name;
  std::vector<PodRole> roles;
  StringMap labels;
  StringMap annotations;
  StringMap env;
  friend bool operator==(const UserStep&, const UserStep&) = default;
};

// The steps that these class names mean, in order. Errors: a name that no class has, a class of the wrong type (S-I3).
Result<std::vector<UserStep>> find_user_steps(const std::vector<std::string>& class_names,
                                              const std::vector<UserStep>& known, PodRole role);
void apply_user_step(const UserStep& step, PodDraft& draft);

// --- small things --------------------------------------------------------------------------------------------------

EnvVar env_value(std::string_view name, std::string value);
EnvVar env_field(std::string_view name, std::string_view path);

}  // namespace podramp::backend
