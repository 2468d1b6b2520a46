// Named fault points: the one table of what can be made to go wrong, and the dates at which it does.
// A fault hits or misses by a draw of (seed, point, key, ordinal): it does not depend on what happened before.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "fakeapi/context.h"

//   point                          what it does while its window [from_us, until_us) is open
//   api.outage                     the client's requests are refused in transport; at from_us its watches end
//   api.throttle                   429 TooManyRequests with Retry-After retry_after_s; costs no admission (K1)
//   api.error                      500, nothing is committed (K9)
//   api.unavailable                503, nothing is committed (K9)
//   api.answer                     answered with the error `code`, nothing is committed
//   api.reset                      the connection is reset, nothing is committed
//   api.timeout                    the request is lost: the client sees only its time-out, nothing is committed
//   api.commit_then_timeout        a write is committed, but the client sees only its time-out (K10)
//   api.create.commit_then_timeout the older name of that, for creates alone; it draws by its own name
//   api.slow                       the server takes delay_us longer; beyond the client's timeout it fails in transport
//   watch.expire                   at from_us the client's open watches end with 410 Expired (K18)
//   watch.delay                    watch events arrive delay_us later
//   watch.drop                     a watch event is lost; the watch goes on
//   watch.duplicate                a watch event comes twice
//   watch.stall                    the client does not read its watches; when too much waits, the server hangs up (K22)
//   api.stale                      reads of version "0" come from a cache that is delay_us behind (K14, K17, K88)
//   pull.fail                      an image pull fails (K61); `client` names a node, `target` an image
//   registry.outage                every pull from the registry `target` fails (all registries without one)
//   image.not_found                the image `target` is not there: its pulls fail
//   pod.crash                      a container ends with `code` delay_us after its start; `target` is in its name
//   disk.slow                      containers take delay_us longer to start; `client` names a node
//   clock.skew                     the API server's clock is delay_us ahead: the timestamps that it writes are
//   client.crash                   the client is gone once its request is committed; nothing is cleaned up
namespace podramp::fakeapi {

class Faults {
 public:
  static constexpr std::array<std::string_view, 23> kPoints{"api.outage",      "api.throttle",
                                                            "api.error",       "api.unavailable",
                                                            "api.answer",      "api.reset",
                                                            "api.timeout",     "api.commit_then_timeout",
                                                            "api.slow",        "api.create.commit_then_timeout",
                                                            "api.stale",       "watch.expire",
                                                            "watch.delay",     "watch.drop",
                                                            "watch.duplicate", "watch.stall",
                                                            "pull.fail",       "registry.outage",
                                                            "image.not_found", "pod.crash",
                                                            "disk.slow",       "clock.skew",
                                                            "client.crash"};

  // Those whose `client` is a node.
  static constexpr std::array<std::string_view, 5> kNodePoints{"pull.fail", "registry.outage", "image.not_found",
                                                               "pod.crash", "disk.slow"};
  static bool is_of_node(std::string_view point) { return std::ranges::find(kNodePoints, point) != kNodePoints.end(); }

  explicit Faults(Context& context) : context_(context) {}

  // Arms a timer for every window's opening and closing.
  void start();

  // The fault that hits now (its point may be the older name), or null. who: a client's or node's name; key and
  // ordinal: of the draw.
  const FaultSpec* find(std::string_view point, std::string_view who, std::optional<Verb> verb, std::string_view key,
                        std::uint64_t ordinal) const;
  bool fires(std::string_view point, std::string_view who, std::optional<Verb> verb, std::string_view key,
             std::uint64_t ordinal) const {
    return find(point, who, verb, key, ordinal) != nullptr;
  }
  // Likewise for things that have a name of their own besides the client's or node's: it must hold the fault's target.
  const FaultSpec* find_target(std::string_view point, std::string_view who, std::string_view what,
                               std::string_view key, std::uint64_t ordinal) const;
  // How far ahead the API server's clock is.
  DurationUs skew() const;
  // False while no window of this point is configured at all: the cheap question on hot paths.
  bool configured(std::string_view point) const;

  // What a timer of Part::faults means: a window opens or closes. The facade logs it and tells the watch hub.
  struct Window {
    const FaultSpec* spec = nullptr;
    bool opens = false;
  };
  Window window(const ClusterTimer& timer) const;

 private:
  bool hits(const FaultSpec& spec, std::string_view who, std::optional<Verb> verb, std::string_view key,
            std::uint64_t ordinal) const;

  Context& context_;
};

}  // namespace podramp::fakeapi
