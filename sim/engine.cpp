#include "sim/engine.h"

#include <algorithm>

#include "backend/port/status.h"
#include "sim/fluid_engine.h"
#include "sim/simgrid_engine.h"

namespace podramp::sim {
namespace {

void check_zones(const EnginePlatform& platform, const std::vector<std::int32_t>& zones, std::size_t members) {
  CHECK(zones.empty() || zones.size() == members);
  const auto count = static_cast<std::int32_t>(platform.zone_bytes_per_s.size());
  CHECK(std::ranges::all_of(zones, [&](std::int32_t zone) { return zone >= -1 && zone < count; }));
}

}  // namespace

void check_platform(const EnginePlatform& platform) {
  for (const auto* rates : {&platform.registry_bytes_per_s, &platform.node_bytes_per_s, &platform.zone_bytes_per_s}) {
    CHECK(std::ranges::all_of(*rates, [](std::int64_t rate) { return rate > 0; }));
  }
  check_zones(platform, platform.registry_zone, platform.registry_bytes_per_s.size());
  check_zones(platform, platform.node_zone, platform.node_bytes_per_s.size());
}

ZoneCrossing crossing_of(const EnginePlatform& platform, const Transfer& transfer) {
  const auto zone_of = [](const std::vector<std::int32_t>& zones, std::int32_t index) {
    return zones.empty() ? -1 : zones[index_of(index)];
  };
  const bool sent = transfer.source >= 0;
  const ZoneCrossing crossing{
      sent ? zone_of(platform.node_zone, transfer.source) : zone_of(platform.registry_zone, transfer.registry),
      zone_of(platform.node_zone, transfer.node)};
  return crossing.out == crossing.in ? ZoneCrossing{} : crossing;
}

std::unique_ptr<Engine> make_engine(EngineKind kind, const EnginePlatform& platform) {
  if (kind == EngineKind::fluid) return std::make_unique<FluidEngine>(platform);
  return make_simgrid_engine(platform);
}

}  // namespace podramp::sim
