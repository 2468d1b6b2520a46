// Which Spark we behave like. A level selects rows of 02 0.2: defaults, ranges, and which keys exist at all. fork-2.2
// is the 2017 fork of Spark 2.2 (01), a backend of its own.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "backend/port/fields.h"

namespace podramp::backend {

enum class Compat : std::uint8_t { fork_2_2, spark_3_5, spark_4_0, spark_4_1, spark_4_2, spark_4_4 };

// A Spark version as major * 100 + minor: 305, 400. What the "since" columns of 02 5 are compared with.
constexpr int spark_release(Compat compat) {
  constexpr std::array<int, 6> kReleases{202, 305, 400, 401, 402, 404};
  return kReleases.at(static_cast<std::size_t>(compat));
}

// The value of label spark-version (02 6.1). Patch releases of a level are not told apart.
constexpr std::string_view spark_version(Compat compat) {
  constexpr std::array<std::string_view, 6> kVersions{"2.2.0", "3.5.0", "4.0.0", "4.1.0", "4.2.0", "4.4.0"};
  return kVersions.at(static_cast<std::size_t>(compat));
}

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::Compat> {
  static constexpr std::array<std::string_view, 6> names{"fork-2.2",  "spark-3.5", "spark-4.0",
                                                         "spark-4.1", "spark-4.2", "spark-4.4"};
};
