#include "sim/engine.h"

#include "sim/fluid_engine.h"
#include "sim/simgrid_engine.h"

namespace podramp::sim {

std::unique_ptr<Engine> make_engine(EngineKind kind, const EnginePlatform& platform) {
  if (kind == EngineKind::fluid) return std::make_unique<FluidEngine>(platform);
  return make_simgrid_engine(platform);
}

}  // namespace podramp::sim
