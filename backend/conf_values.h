// Spark's syntax for the values of configuration keys, exactly: what Spark accepts and rejects, with the same rounding.
// Not here: which key has which type (conf_keys.h). Kubernetes quantities are parse_cpu_milli and friends
// (port/kube.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::backend {

// A whole number in the unit of its key, and what the reader should be told about how it came about.
struct UnitValue {
  std::int64_t value = 0;
  bool bare = false;       // written without a unit
  bool truncated = false;  // the unit written was finer than the key's, and a remainder was cut off
  friend bool operator==(const UnitValue&, const UnitValue&) = default;
};

enum class TimeUnit : std::uint8_t { milliseconds, seconds, minutes };
enum class ByteUnit : std::uint8_t { bytes, mebibytes };

// "250ms", "1s", "2m", "2min", "1h", "1d", "10us", or a bare number in `unit`; any case, spaces around it, no fraction,
// may be negative. The result is in `unit`, cut towards zero, saturated at 64 bits.
Result<UnitValue> parse_spark_time(std::string_view text, TimeUnit unit);

// "512m", "4g", "1kb", or a bare number in `unit`; suffixes b k kb m mb g gb t tb p pb are binary. Result in `unit`.
Result<UnitValue> parse_spark_bytes(std::string_view text, ByteUnit unit);

Result<std::int64_t> parse_spark_int(std::string_view text);   // 32 bits
Result<std::int64_t> parse_spark_long(std::string_view text);  // 64 bits
Result<double> parse_spark_double(std::string_view text);

// Cpus of tasks and of executors are counted in billionths (SPARK-58192): of one cpu there are
inline constexpr std::int64_t kCpu = 1'000'000'000;
// "0.5", "2", "25e-1": in billionths, exact. Errors: not a decimal number, below 1e-9, above 2^31-1, more than 9
// decimals.
Result<std::int64_t> parse_spark_cpus(std::string_view text);
Result<bool> parse_spark_boolean(std::string_view text);  // true or false, in any case

// "a, b,,c" -> {"a", "b", "c"}.
std::vector<std::string> parse_spark_list(std::string_view text);

// Without the characters <= ' ' at both ends, as java.lang.String.trim does.
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);  // ASCII
// Every `what` by `with`.
std::string replaced(std::string text, std::string_view what, std::string_view with);

}  // namespace podramp::backend
