// What changes between Spark versions without any key: the rows of 02 0.2, for people who move from one to another.
// Not here: defaults and ranges of keys (conf_keys.h).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "backend/compat.h"

namespace podramp::backend {

struct LevelChange {
  Compat since = Compat::spark_4_0;  // the first level that behaves so
  std::string_view text;             // one sentence
  std::string_view source;           // "SPARK-49868"
};

std::span<const LevelChange> all_level_changes();
// What is different at `to` for an application of `from`; moving back gives the same rows.
std::vector<LevelChange> level_changes(Compat from, Compat to);

}  // namespace podramp::backend
