// The run's physics as the kernel sees it: registry and node links, transfers that share them, nodes that go down with
// what they pull. Order belongs to the kernel: an engine only says which transfers ended by the date it calls back.
// It is not a queue (admission_queue.h) and knows no pods, images or retries. Two engines give the same dates:
// fluid_engine.h (our own fair sharing) and simgrid_engine.h (SimGrid). Read next: design 2.2, then fluid_engine.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/port/time.h"

namespace podramp::sim {

// Nodes and registries count from 0 in 32 bits.
inline std::size_t index_of(std::int32_t i) { return static_cast<std::size_t>(i); }

using TransferId = std::uint64_t;

// Links, all > 0 bytes per second. A transfer crosses its registry's link, or its source node's link outwards, and its
// node's link inwards. Unless both ends are in one zone, it crosses the link of the zone it leaves and that of the zone
// it enters, too. The two ways of a node's or a zone's link do not disturb each other. Latency is 0 (the kernel adds
// latencies as events of its own). The platform is sealed: SimGrid cannot add hosts while it runs, so a
// cluster that may grow declares its largest size here. A spare node costs 3 KB and about 5 us with SimGrid.
struct EnginePlatform {
  std::vector<std::int64_t> registry_bytes_per_s;
  std::vector<std::int64_t> node_bytes_per_s;
  std::vector<std::int64_t> zone_bytes_per_s = {};  // none: the next two are empty or all -1
  std::vector<std::int32_t> registry_zone = {};     // index of its zone; -1, or none at all: it is in none of them
  std::vector<std::int32_t> node_zone = {};         // likewise
};

// The zone links that a transfer crosses: what it leaves and what it enters, -1 for none.
struct ZoneCrossing {
  std::int32_t out = -1;
  std::int32_t in = -1;
};

struct Transfer {
  TransferId id = 0;          // free to use again once its end was delivered
  std::int32_t registry = 0;  // index into the platform
  std::int32_t node = 0;      // index into the platform
  std::int64_t bytes = 0;     // >= 0; nothing to carry is over at once
  std::int32_t source = -1;   // another node that it comes from; -1: from the registry
};

ZoneCrossing crossing_of(const EnginePlatform& platform, const Transfer& transfer);
// CHECKs what the platform's contract says.
void check_platform(const EnginePlatform& platform);

struct TransferEnd {
  TransferId id = 0;
  TimeUs at = 0;   // the date of the turn that delivers it: the true end, rounded up to a microsecond
  bool ok = true;  // false: the node, or the one it comes from, went or was down
  friend bool operator==(const TransferEnd&, const TransferEnd&) = default;
};

// The one who owns the order of everything: the kernel, or the admission queue in front of it.
class Body {
 public:
  virtual ~Body() = default;
  // Does everything that is due at `now`. `ended`: what ended since the last turn, in the order it was started, all
  // of it at `now`. Returns the next date (>= now) at which it wants a turn, kNever if only a transfer's end can
  // give it work, nullopt to stop. Must not throw.
  virtual std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // What it was built from.
  virtual const EnginePlatform& platform() const = 0;

  // The outer loop, from date 0; once per engine. Gives the body a turn at 0, then at each date it asked for or, if
  // that is earlier, when a transfer ends; a transfer that ends at the wanted microsecond is delivered in that very
  // turn. Returns when the body stops (transfers alive are dropped) or wants kNever while nothing is alive.
  virtual void run(Body& body) = 0;

  // The rest is called only from inside a turn and takes effect at its date.

  // The id is not alive. On a node that is down it fails at once: the end comes in another turn at the same date.
  virtual void start(const Transfer& transfer) = 0;
  // No end will be delivered. False if there is nothing to cancel (its end was delivered, or it never was).
  virtual bool cancel(TransferId id) = 0;
  // Switching a node off fails its transfers at this date (ok = false). Nodes begin switched on.
  virtual void set_node(std::int32_t node, bool on) = 0;
};

enum class EngineKind : std::uint8_t { simgrid, fluid };

// SimGrid: one per process and for the life of the process (CHECKed); build it first and fork for more runs.
std::unique_ptr<Engine> make_engine(EngineKind kind, const EnginePlatform& platform);

// Ends within this much after a microsecond belong to it: hides the rounding of doubles (1 ns at 58 days), so that
// the two engines and a calculation by hand agree on the microsecond.
inline constexpr double kSameTickUs = 0.1;

}  // namespace podramp::sim
