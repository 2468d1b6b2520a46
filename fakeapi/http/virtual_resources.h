// What is served without being stored: use of resources for `kubectl top`, and reviews of what the caller may do.
#pragma once

#include <optional>

#include "fakeapi/http/front.h"

namespace podramp::fakeapi::rest {

// nullopt: the path is none of these.
std::optional<http::Response> virtual_resource(const http::Request& request, const RequestTarget& target,
                                               const Caller& caller, const Scene& scene);

}  // namespace podramp::fakeapi::rest
