// The engine's platform for a cluster: which of its links is what. The kernel starts transfers by these numbers.
#pragma once

#include <vector>

#include "fakeapi/config.h"
#include "sim/engine.h"

namespace podramp::sim {

// Registries and nodes have their indexes in the configuration. When lists are to go through the API server's link,
// one more registry is that link, and one more node stands for all who read from it.
EnginePlatform platform_of(const fakeapi::ClusterConfig& cluster);

// For AdmissionQueue: transfers at once, of each registry of the platform; 0 is any number.
std::vector<std::int32_t> admission_limits(const fakeapi::ClusterConfig& cluster);

// An answer of the API server; only with api_server.bytes_per_s.
Transfer reply_transfer(const fakeapi::ClusterConfig& cluster, TransferId id, std::int64_t bytes);

}  // namespace podramp::sim
