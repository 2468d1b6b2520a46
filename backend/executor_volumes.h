// spark.kubernetes.executor.volumes.<type>.<name>.*: the four kinds of volume of 02 5.2 as plain data.
// Not here: claims made on demand; they are named, with a warning that nothing creates them yet.
#pragma once

#include <vector>

#include "backend/conf_reader.h"

namespace podramp::backend {

inline constexpr std::string_view kClaimType = "persistentVolumeClaim";

// All volumes by type, then name. Unknown types, missing options and duplicate mount paths are errors (02 4.6).
std::vector<ExecutorVolume> read_executor_volumes(ConfReader& reader);
// The same for another role: family is "spark.kubernetes.driver.volumes.".
std::vector<ExecutorVolume> read_volumes(ConfReader& reader, std::string_view family);
// "<secret>:<key>" by environment name; anything else is an error.
std::vector<SecretKeyRef> read_secret_refs(ConfReader& reader, std::string_view family);

}  // namespace podramp::backend
