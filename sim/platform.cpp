#include "sim/platform.h"

#include <algorithm>
#include <string_view>

#include "backend/port/status.h"

namespace podramp::sim {
namespace {

std::int32_t zone_index(const fakeapi::ClusterConfig& cluster, std::string_view zone) {
  const auto at = std::ranges::find(cluster.zones, zone, &fakeapi::ZoneSpec::name);
  return at == cluster.zones.end() ? -1 : static_cast<std::int32_t>(at - cluster.zones.begin());
}

}  // namespace

EnginePlatform platform_of(const fakeapi::ClusterConfig& cluster) {
  EnginePlatform platform;
  for (const auto& registry : cluster.registries) platform.registry_bytes_per_s.push_back(registry.bytes_per_s);
  for (const auto& node : cluster.nodes) platform.node_bytes_per_s.push_back(node.bytes_per_s);
  const std::int64_t api_bytes_per_s = cluster.api_server.bytes_per_s;
  if (api_bytes_per_s > 0) {  // the readers' own links are no narrower, so they do not count
    platform.registry_bytes_per_s.push_back(api_bytes_per_s);
    platform.node_bytes_per_s.push_back(api_bytes_per_s);
  }
  if (cluster.zones.empty()) return platform;
  for (const auto& zone : cluster.zones) platform.zone_bytes_per_s.push_back(zone.bytes_per_s);
  for (const auto& registry : cluster.registries) platform.registry_zone.push_back(zone_index(cluster, registry.zone));
  for (const auto& node : cluster.nodes) platform.node_zone.push_back(zone_index(cluster, node_zone(node.node)));
  platform.registry_zone.resize(platform.registry_bytes_per_s.size(), -1);
  platform.node_zone.resize(platform.node_bytes_per_s.size(), -1);
  return platform;
}

std::vector<std::int32_t> admission_limits(const fakeapi::ClusterConfig& cluster) {
  std::vector<std::int32_t> limits;
  for (const auto& registry : cluster.registries) limits.push_back(registry.concurrent_max);
  if (cluster.api_server.bytes_per_s > 0) limits.push_back(0);
  return limits;
}

Transfer reply_transfer(const fakeapi::ClusterConfig& cluster, TransferId id, std::int64_t bytes) {
  CHECK(cluster.api_server.bytes_per_s > 0);
  return {id, static_cast<std::int32_t>(cluster.registries.size()), static_cast<std::int32_t>(cluster.nodes.size()),
          bytes};
}

}  // namespace podramp::sim
