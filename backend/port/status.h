// The three kinds of failure, never mixed (design 4): a user's mistake is Error/FieldErrors (exit 2), a cluster's
// misbehaviour is data (ApiReply in kube.h), a programmer's mistake is a CHECK (always on, exit 70).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace podramp {

// How a Spark driver takes an error that arises inside an allocation round (02 1.5): as an IllegalArgumentException,
// which ends the driver, or as any other exception, which only abandons the round. Nobody else looks at it.
enum class ErrorKind : std::uint8_t { bad_argument, other };

struct Error {
  std::string message;  // what, why, and what to do about it
  ErrorKind kind = ErrorKind::bad_argument;
};

template <class T>
using Result = tl::expected<T, Error>;

// One mistake in something a user wrote. line is 1-based, 0 when unknown.
struct FieldError {
  std::string file;
  int line = 0;
  std::string path;     // "applications[0].conf.spark.executor.cores"
  std::string message;  // "must be > 0 (got -1)"
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

using FieldErrors = std::vector<FieldError>;

// "file:line: path: message"; parts that are unknown are left out.
std::string to_string(const FieldError& error);

// Exit codes of every podramp command (design 3).
enum ExitCode : int {
  kExitFine = 0,
  kExitFailed = 1,      // a budget, property or expectation failed
  kExitBadInput = 2,    // a user's mistake
  kExitDivergence = 3,  // a replay or fork differs from its log
  kExitCluster = 4,     // a cluster is unreachable or refused
  kExitBug = 70,        // a bug of ours
};

// What CHECK prints besides the condition, so that a report can be reproduced: seed, scenario, last event.
void set_check_context(std::string_view context);

[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view detail);

}  // namespace podramp

// A programmer's mistake ends the process with exit code 70. The detail is any string.
#define PODRAMP_CHECK(condition, detail)                                                 \
  do {                                                                                   \
    if (!(condition)) ::podramp::check_failed(__FILE__, __LINE__, #condition, (detail)); \
  } while (false)
#define CHECK(condition) PODRAMP_CHECK(condition, "")
