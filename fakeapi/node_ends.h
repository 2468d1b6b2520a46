// Words that the parts share which end pods on a node or keep pods off it.
#pragma once

#include <cstdint>
#include <string_view>

namespace podramp::fakeapi {

inline constexpr std::string_view kMemoryPressure = "MemoryPressure";  // conditions (K65)
inline constexpr std::string_view kDiskPressure = "DiskPressure";
inline constexpr std::string_view kMemoryPressureTaint = "node.kubernetes.io/memory-pressure";
inline constexpr std::string_view kDiskPressureTaint = "node.kubernetes.io/disk-pressure";
inline constexpr std::string_view kNotReadyTaint = "node.kubernetes.io/not-ready";           // K69
inline constexpr std::string_view kOutOfServiceTaint = "node.kubernetes.io/out-of-service";  // K72
inline constexpr std::int64_t kCriticalPriority = 2'000'000'000;  // and above: neither evicted nor ended early

}  // namespace podramp::fakeapi
