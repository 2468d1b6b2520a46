// Builds the fork's executor pods (01 3): one template for all, to which a pod adds its name, hostname, id and
// affinity. SPARK_EXECUTOR_ID stands last in the environment, because it is the pod's own. Not here: pods of later
// Sparks (pod_builder.h), weights (fork_affinity.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/fork_conf.h"
#include "backend/port/kube.h"

namespace podramp::backend {

struct ForkIdentity {
  std::string app_id;
  std::string pod_name_prefix;                 // "" takes the conf's, else "spark"
  std::string driver_url;                      // "" makes it from the conf
  std::vector<std::string> hadoop_conf_files;  // items of the Hadoop config map
};

// A volume on the pod with its mount in the container.
struct LocalDir {
  Volume volume;
  VolumeMount mount;
};
// spark.local.dir as volumes: hostPath beside the node's shuffle service, which reads the same paths, else emptyDir
// (01 3.5).
std::vector<LocalDir> fork_local_dirs(const ForkConf& conf);

class ForkPodFactory {
 public:
  // driver: the pod that owns the executors; null when there is none, and then no pod can be built (01 1.2 step 3).
  ForkPodFactory(ForkConf conf, ForkIdentity identity, PodPtr driver, std::vector<LocalDir> local_dirs, Fixes fixes);

  std::string pod_name(ExecutorId id) const;
  // hints: tasks by host, see fork_affinity.h. Error: no driver pod.
  Result<PodPtr> build(ExecutorId id, const std::map<std::string, std::int64_t>& hints) const;

 private:
  PodTemplate make_template() const;
  void add_sidecar(PodTemplate& tmpl) const;
  void add_sizes(Container& container) const;
  void add_environment(Container& container) const;
  void add_decorations(PodTemplate& tmpl, Container& container) const;
  void add_init_container(PodTemplate& tmpl, Container& container) const;
  void add_hadoop(PodTemplate& tmpl, Container& container) const;
  bool fixed(Fix fix) const { return fixes_.contains(fix); }

  ForkConf conf_;
  ForkIdentity identity_;
  PodPtr driver_;
  std::vector<LocalDir> local_dirs_;
  Fixes fixes_;
  std::string prefix_;
  TemplatePtr template_;
};

}  // namespace podramp::backend
