// What the served cluster has under its paths: every kind of the store, with the names that kubectl knows it by.
// Sources: the discovery documents of Kubernetes 1.32.
#pragma once

#include <string_view>
#include <vector>

#include "backend/port/resource.h"

namespace podramp::fakeapi::rest {

struct ServedResource {
  Kind kind = Kind::pod;
  std::string_view singular;
  std::vector<std::string_view> short_names;
  std::vector<std::string_view> subresources;
  bool in_all = false;  // category "all"
};

const std::vector<ServedResource>& served_resources();
const ServedResource& served_resource(Kind kind);
const ServedResource* find_resource(std::string_view group, std::string_view version, std::string_view plural);

// Groups but the core one, in the order in which discovery lists them; metrics.k8s.io is served too, but not stored.
const std::vector<std::string_view>& served_groups();
inline constexpr std::string_view kMetricsGroup = "metrics.k8s.io";
inline constexpr std::string_view kAuthorizationGroup = "authorization.k8s.io";
inline constexpr std::string_view kAuthenticationGroup = "authentication.k8s.io";

}  // namespace podramp::fakeapi::rest
