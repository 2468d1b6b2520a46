// The labels by which Spark finds its own pods again (02 6.1, 01 3.1). The others are only written (pod_builder.cpp,
// fork_pod.cpp).
#pragma once

namespace podramp::backend {

inline constexpr const char* kAppLabel = "spark-app-selector";  // the application's id
inline constexpr const char* kRoleLabel = "spark-role";         // driver or executor
inline constexpr const char* kExecutorIdLabel = "spark-exec-id";

// An annotation that ReplicaSets look at when they choose pods to delete.
inline constexpr const char* kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

}  // namespace podramp::backend
