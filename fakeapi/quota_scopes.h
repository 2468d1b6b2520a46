// Which pods a scoped quota is about (K41). A pod has to be in all of its scopes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"

namespace podramp::fakeapi {

// A priority class's scope is written "PriorityClass:NAME".
inline constexpr std::string_view kPriorityScope = "PriorityClass:";

// Terminating is about activeDeadlineSeconds, not about being deleted.
bool is_scope(std::string_view text);
bool in_scopes(const std::vector<std::string>& scopes, const PodTemplate& tmpl);

}  // namespace podramp::fakeapi
