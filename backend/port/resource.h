// Where the API server keeps each kind: group, version, names and paths. Sources: Kubernetes' API reference.
#pragma once

#include <string>
#include <string_view>

#include "backend/port/manifest.h"

namespace podramp {

struct ResourceType {
  std::string_view group;  // "" is the core group
  std::string_view version;
  std::string_view plural;  // "pods"
  std::string_view kind;    // "Pod"; its list is "PodList"
  bool namespaced = true;
};
const ResourceType& resource_type(Kind kind);
std::string api_version(const ResourceType& type);  // "v1", "apps/v1"

// "/api/v1/namespaces/n/pods/p", "/apis/apps/v1/statefulsets". ns and name may be empty; both are percent-encoded.
std::string resource_path(Kind kind, std::string_view ns, std::string_view name);
// Every byte but letters, digits and -._~ as %XX.
std::string percent_encode(std::string_view text);

}  // namespace podramp
