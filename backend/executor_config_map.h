// The ConfigMap that executors mount as their conf directory (02 4.2, 6.4): made after the first executors were asked
// for. Not here: the volume in the pod (pod_builder.h), the driver's own ConfigMap (submission).
#pragma once

#include "backend/driver.h"

namespace podramp::backend {

// The create, with the driver pod as its owner if there is one. Its name is the one that executor pods mount.
ApiRequest create_config_map(const Application& application, const PodPtr& driver_pod);

}  // namespace podramp::backend
