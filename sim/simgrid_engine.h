// The engine on SimGrid: its platform, its clock and its flows carry the transfers. The only unit that knows SimGrid;
// its headers stay in simgrid_engine.cpp.
#pragma once

#include <memory>

#include "sim/engine.h"

namespace podramp::sim {

// Builds SimGrid's engine and platform (about 5 us a node). CHECKs that the process has none yet: a second one cannot
// be had, so build it once and fork for every further run. Leaves the process's signal handlers as they were.
std::unique_ptr<Engine> make_simgrid_engine(const EnginePlatform& platform);

}  // namespace podramp::sim
