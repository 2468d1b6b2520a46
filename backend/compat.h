// Which Spark we behave like. A level selects rows of 02 0.2: defaults, ranges, and which keys exist at all.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "backend/port/fields.h"

namespace podramp::backend {

enum class Compat : std::uint8_t { spark_3_5, spark_4_0, spark_4_1, spark_4_2, spark_4_4 };

// A Spark version as major * 100 + minor: 305, 400. What the "since" columns of 02 5 are compared with.
constexpr int spark_release(Compat compat) {
  constexpr std::array<int, 5> kReleases{305, 400, 401, 402, 404};
  return kReleases.at(static_cast<std::size_t>(compat));
}

// The value of label spark-version (02 6.1). Patch releases of a level are not told apart.
constexpr std::string_view spark_version(Compat compat) {
  constexpr std::array<std::string_view, 5> kVersions{"3.5.0", "4.0.0", "4.1.0", "4.2.0", "4.4.0"};
  return kVersions.at(static_cast<std::size_t>(compat));
}

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::Compat> {
  static constexpr std::array<std::string_view, 5> names{"spark-3.5", "spark-4.0", "spark-4.1", "spark-4.2",
                                                         "spark-4.4"};
};
