// The driver pod of a cluster-mode submission: Spark's driver feature steps as one pure function (02 6.3, 6.4). Not
// here: the service (driver_service.h), sending anything, uploads, credentials and delegation tokens.
#pragma once

#include <string>
#include <vector>

#include "backend/pod_steps.h"
#include "backend/submit/driver_conf.h"

namespace podramp::submit {

// What a submission knows besides its conf.
struct DriverIdentity {
  std::string app_id;    // "spark-" and 32 hexadecimal digits
  std::string app_name;  // as the user wrote it
  std::string prefix;    // resource_name_prefix() (pod_names.h)
  std::string user = "spark";
  std::string main_class;
  std::string main_resource;  // "" is Spark's own "spark-internal"
  std::vector<std::string> arguments;
  std::string config_map;    // mounted at /opt/spark/conf; "" mounts none
  PodPtr driver_template{};  // nullptr when there is none
  std::vector<backend::UserStep> user_steps{};
};

struct DriverPod {
  PodPtr pod;
  StringMap system_properties;  // what the driver reads besides the user's conf
};

// Errors: no image (S-J1), a custom resource without vendor, user steps that do not exist or have the wrong type.
Result<DriverPod> build_driver_pod(const DriverConf& conf, const DriverIdentity& app);

// Spark's labels of the driver with the user's: the service selects by these.
StringMap driver_labels(const DriverConf& conf, const DriverIdentity& app);

// The factor that executors inherit: the user's, else 0.4 for Python and R, else 0.1 (02 6.2, S-J3).
double propagated_overhead_factor(const DriverConf& conf);
// Request and limit of the driver's memory.
std::int64_t driver_memory_mib(const DriverConf& conf);

// The driver's own steps in order, by class name (02 6.3).
std::vector<std::string_view> driver_step_names();

}  // namespace podramp::submit
