// The headless service through which executors reach their driver (02 6.4), and the ConfigMap with the driver's conf.
#pragma once

#include <string>
#include <vector>

#include "backend/port/manifest.h"
#include "backend/submit/driver_pod.h"

namespace podramp::submit {

struct DriverService {
  Manifest object;  // data holds its ports by name
  StringMap selector;
  std::string ip_family_policy;
  std::vector<std::string> ip_families;
  StringMap system_properties;  // spark.driver.host and both ports
  std::string warning;          // "" unless the preferred name was too long
};

// unique_id: of the short name that stands in for one longer than 63 characters (pod_names.h, unique_id).
DriverService build_driver_service(const DriverConf& conf, const DriverIdentity& app, const std::string& unique_id);

// "spark-drv-<uid>-conf-map": immutable, with the properties as spark.properties.
Manifest build_driver_config_map(const DriverConf& conf, const StringMap& properties, const std::string& unique_id);

}  // namespace podramp::submit
