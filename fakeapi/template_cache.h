// How many templates' answers a cache keeps that is filled by the templates' hash: people who talk to the served
// cluster may bring a new one with each pod. A cache that is full is begun anew.
#pragma once

#include <cstddef>

namespace podramp::fakeapi {

inline constexpr std::size_t kTemplatesMax = 4'096;

}  // namespace podramp::fakeapi
