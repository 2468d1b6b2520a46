// An ApiRequest as the HTTP request that a real API server understands: method, path with query, body. Pure.
// The answers are read by backend/port/reply_json.h. Sources: Kubernetes' API reference; 06 1.3 for what clients send.
#pragma once

#include <string>

#include "backend/port/api.h"
#include "backend/port/wall_time.h"

namespace podramp::live {

struct WireRequest {
  std::string method;
  std::string target;        // "/api/v1/namespaces/n/pods?watch=true"
  std::string content_type;  // "" without a body
  std::string body;
};

WireRequest wire_request(const ApiRequest& request, WallZero zero);

}  // namespace podramp::live
