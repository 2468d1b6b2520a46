// Builds executor pods from Conf: Spark's executor feature steps as one pure function (02 6.1-6.3). One immutable
// template per resource profile, made once; a pod adds its name, hostname, id label and id variables.
// Not here: names (pod_names.h), sizes (executor_size.h), the driver pod, pod template files, claims made on demand.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/conf.h"
#include "backend/executor_size.h"
#include "backend/port/kube.h"

namespace podramp::backend {

// What a driver knows about its application besides Conf.
struct AppIdentity {
  std::string app_id;
  std::string app_name;         // "" takes conf.app_name
  std::string pod_name_prefix;  // "" takes conf.pod_name_prefix; resource_name_prefix() derives one (pod_names.h)
  std::string driver_host;      // in SPARK_DRIVER_URL; "" takes what Conf says
  std::string user = "spark";   // SPARK_USER
  std::string config_map_uid;   // in the name of the executor ConfigMap; "" takes app_id
};

class PodBuilder {
 public:
  // driver: the driver pod that owns the executors, if there is one. The default profile need not be listed.
  PodBuilder(const Conf& conf, const AppIdentity& app, const std::optional<OwnerReference>& driver,
             const std::vector<ResourceProfile>& profiles);

  // A pod as it is POSTed. Errors, as Spark's feature steps throw them: no image, a bad prefix, a custom resource
  // without vendor (H1), cpu request above its limit from spark-4.1 (H2), a profile that nobody declared.
  Result<PodPtr> build(ExecutorId id, ProfileId profile) const;

  // The pod that a StatefulSet or Deployment copies (02 4.4): the id is the text EXECID, and there is no name.
  Result<PodPtr> build_for_set(ProfileId profile) const;

  // The part that all pods of a profile share; an error as in build().
  Result<TemplatePtr> pod_template(ProfileId profile) const;

 private:
  // A name whose value contains the executor's id at `placeholder`.
  struct OwnValue {
    std::string name;
    std::string pattern;
    std::string placeholder;
    std::string value(const std::string& id) const;
  };

  Pod make_pod(TemplatePtr tmpl, const std::string& name, const std::string& id) const;
  Result<PodTemplate> make_template(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile);
  void add_environment(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile,
                       const ExecutorSize& size, Container& container) const;
  void collect_own_values(const Conf& conf, const AppIdentity& app);

  std::string prefix_;
  std::string ns_;
  std::string lasting_error_;  // a fault of every profile, "" when fine
  std::optional<OwnerReference> driver_;
  std::vector<OwnValue> own_labels_;
  std::vector<OwnValue> own_annotations_;
  std::vector<OwnValue> own_env_;
  std::map<ProfileId, Result<TemplatePtr>> templates_;
};

// Words of a command line as Spark splits Java options: blanks separate, quotes and backslashes protect.
std::vector<std::string> split_command_string(std::string_view text);

}  // namespace podramp::backend
