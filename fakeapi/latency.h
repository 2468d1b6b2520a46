// How long things take: models that turn one draw into microseconds.
// A sample depends only on (seed, stream, key, ordinal), see backend/port/random.h.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/random.h"
#include "backend/port/time.h"

namespace podramp::fakeapi {

enum class LatencyKind : std::uint8_t { constant, lognormal, uniform, quantiles, exponential, empirical };

struct LatencyModel {
  LatencyKind kind = LatencyKind::constant;
  DurationUs base_us = 0;                          // constant: the value; lognormal: the median; uniform: the
                                                   // lowest; exponential: the mean
  DurationUs high_us = 0;                          // uniform: the highest; lognormal: cap, 0 for none
  std::int64_t sigma_milli = 0;                    // lognormal: sigma of the logarithm, in thousandths
  std::vector<std::pair<int, DurationUs>> points;  // quantiles: (per mille, value), rising; linear in between
  std::vector<DurationUs> samples = {};            // empirical: one of them, each as likely

  static LatencyModel constant(DurationUs us) { return {LatencyKind::constant, us, 0, 0, {}, {}}; }
  static LatencyModel lognormal(DurationUs median_us, std::int64_t sigma_milli, DurationUs cap_us = 0) {
    return {LatencyKind::lognormal, median_us, cap_us, sigma_milli, {}, {}};
  }
  // >= 0, in whole microseconds.
  DurationUs sample(Draw draw) const;
  friend bool operator==(const LatencyModel&, const LatencyModel&) = default;
};

// Every delay of the fake cluster by name. Defaults and their sources: docs/behaviour.md (03 B11).
struct Latencies {
  LatencyModel request = LatencyModel::lognormal(500, 300);               // client -> server, one way
  LatencyModel reply = LatencyModel::lognormal(500, 300);                 // server -> client, one way
  LatencyModel write = LatencyModel::lognormal(8'000, 600, 1'000'000);    // a mutating request at the server
  LatencyModel read = LatencyModel::lognormal(3'000, 600, 1'000'000);     // get, list, watch
  LatencyModel watch = LatencyModel::lognormal(5'000, 800);               // commit -> event at the client
  LatencyModel schedule = LatencyModel::lognormal(1'300, 400);            // one scheduling cycle (docs/fidelity.md)
  LatencyModel bind = LatencyModel::lognormal(20'000, 300);               // decision -> spec.nodeName visible
  LatencyModel kubelet = LatencyModel::lognormal(20'000, 300);            // bound -> seen by the kubelet
  LatencyModel start = LatencyModel::lognormal(1'000'000, 300);           // sandbox, CNI, create, start
  LatencyModel status = LatencyModel::lognormal(20'000, 300);             // kubelet status patch
  LatencyModel stop = LatencyModel::lognormal(500'000, 300);              // SIGTERM -> container exit (within grace)
  LatencyModel jvm = LatencyModel::lognormal(3'000'000, 250);             // container start -> RegisterExecutor
  LatencyModel quota = LatencyModel::lognormal(300'000, 500, 5'000'000);  // freed -> recounted (K42)
  // Claims (docs/behaviour.md): asked -> bound; a free volume onto a node; off its last node and onto another (02 8.5).
  LatencyModel provision = LatencyModel::lognormal(3'000'000, 400, 60'000'000);
  LatencyModel attach = LatencyModel::lognormal(3'000'000, 400, 60'000'000);
  LatencyModel reattach = LatencyModel::lognormal(180'000'000, 500, 600'000'000);

  using Member = LatencyModel Latencies::*;
  static constexpr std::array<std::pair<std::string_view, Member>, 16> kByName{{{"request", &Latencies::request},
                                                                                {"reply", &Latencies::reply},
                                                                                {"write", &Latencies::write},
                                                                                {"read", &Latencies::read},
                                                                                {"watch", &Latencies::watch},
                                                                                {"schedule", &Latencies::schedule},
                                                                                {"bind", &Latencies::bind},
                                                                                {"kubelet", &Latencies::kubelet},
                                                                                {"start", &Latencies::start},
                                                                                {"status", &Latencies::status},
                                                                                {"stop", &Latencies::stop},
                                                                                {"jvm", &Latencies::jvm},
                                                                                {"quota", &Latencies::quota},
                                                                                {"provision", &Latencies::provision},
                                                                                {"attach", &Latencies::attach},
                                                                                {"reattach", &Latencies::reattach}}};
  friend bool operator==(const Latencies&, const Latencies&) = default;
};

}  // namespace podramp::fakeapi
