// What a client learns about a served cluster before it asks for objects: groups, versions and resources (plain and
// aggregated discovery), /version, health, and just enough OpenAPI that kubectl lets the server validate (06 1.3, 1.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/http/message.h"
#include "fakeapi/http/request_target.h"

namespace podramp::fakeapi::rest {

// nullopt: the path is none of these. profile: "k8s-1.32"; clients are told the version in its name.
std::optional<http::Response> discover(const RequestTarget& target, const http::Headers& headers,
                                       std::string_view profile);
// /openapi/v2 and /openapi/v3.
std::optional<http::Response> openapi(const RequestTarget& target);

}  // namespace podramp::fakeapi::rest
