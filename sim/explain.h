// podramp explain: why executors took as long as they did, from a log alone. Adds up the slices of wait_slices.h, finds
// the slowest executors, and walks the causes of one executor's registration back to what started its round.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/wait_slices.h"

namespace podramp::sim {

// One event on the way to an executor's registration (or end).
struct ChainLink {
  Seq seq = 0;
  TimeUs t = 0;
  std::string type;
  std::string by;
  std::string key;
};

struct ExplainWhat {
  std::optional<std::string> application;  // only this one
  std::optional<ExecutorId> executor;      // this one in detail; of the application, or of the only one
  std::optional<std::string> pod{};        // likewise the last executor of this pod, which may not have an id yet
};

struct Explanation {
  std::string path;
  std::string level;                       // of the log: below "all" it has no facts
  std::vector<ExecutorWait> waits;         // all that were asked for
  std::map<WaitReason, DurationUs> total;  // of all waits but those that ended refused
  std::int64_t asked = 0;                  // executors whose create was not refused
  std::int64_t registered = 0;
  std::int64_t refused = 0;      // creates that were; not in total, since their places passed on
  std::int64_t never_asked = 0;  // places in the target, without a create or a pod
  // With ExplainWhat::executor or pod: its index in waits, and its causes, oldest first.
  std::optional<std::size_t> chosen;
  std::vector<ChainLink> chain;
  std::vector<std::string> said;  // of it: why it got no configuration, notes about its pod
};

// Errors: the log cannot be read, there is no such application or executor, or several applications have one of this
// id.
Result<Explanation> explain_log(const std::string& path, const ExplainWhat& what);

// Text for people. Without a chosen executor: the sums, the ten slowest, what to turn.
std::string explain_text(const Explanation& explanation);
// The same for machines (explain_json.cpp).
std::string explain_json(const Explanation& explanation);

// What a reason means, and which setting or fact moves it, in one sentence. of_set: for an executor whose pod a
// StatefulSet or Deployment makes.
std::string_view reason_text(WaitReason reason, bool of_set);

}  // namespace podramp::sim
