// The text of a spark-defaults.conf -> keys and values, exactly as Spark's submission reads it: Java properties, keys
// that do not begin with "spark." dropped, values trimmed. No file is opened here; next: make_conf (conf.h).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/conf.h"

namespace podramp::backend {

struct SparkDefaults {
  StringMap conf;
  std::map<std::string, ConfPlace> places;  // where the value that counts was written; ready for ConfOptions
  std::vector<ConfWarning> warnings;        // duplicates, keys that Spark drops
  FieldErrors errors;                       // what Java cannot read: a malformed \u escape
};

// file: only for messages. The last of several values of a key counts.
SparkDefaults read_spark_defaults(std::string_view text, const std::string& file);

}  // namespace podramp::backend
