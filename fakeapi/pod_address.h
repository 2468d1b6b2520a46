// A pod's IP address, one for each stored pod.
#pragma once

#include <fmt/format.h>

#include <string>

#include "fakeapi/message.h"

namespace podramp::fakeapi {

// on_loopback: where processes are real they have to be able to listen there, and every address that begins with 127
// is this machine's.
inline std::string pod_address(PodId id, bool on_loopback) {
  const PodId a = (id >> 16U) & 255U;
  const PodId b = (id >> 8U) & 255U;
  const PodId c = id & 255U;
  return on_loopback ? fmt::format("127.{}.{}.{}", 1 + a % 254, b, c) : fmt::format("10.{}.{}.{}", a, b, c);
}

}  // namespace podramp::fakeapi
