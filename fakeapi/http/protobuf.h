// The protobuf bodies that kubectl's commands without a file send (06 1.5), as JSON: DeleteOptions, Namespace,
// ConfigMap, Secret, ServiceAccount, ResourceQuota, Deployment, SelfSubjectAccessReview, SelfSubjectReview. Another
// kind, or a field that is not known here and says something, is an error that names the kind. Envelope: four bytes of
// magic and a runtime.Unknown. Field numbers: the generated.proto files of k8s.io/api and apimachinery.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "backend/port/status.h"

namespace podramp::fakeapi::rest {

Result<nlohmann::json> from_protobuf(std::string_view body);

}  // namespace podramp::fakeapi::rest
