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
  std::size_t slowest = 0;                 // so many of those that waited longest, in detail
};

// One executor second by second: which one, its causes (oldest first), and what was said of it: why it got no
// configuration, notes about its pod.
struct ExecutorDetail {
  std::size_t wait = 0;  // index in Explanation::waits
  std::vector<ChainLink> chain;
  std::vector<std::string> said;
};

struct Explanation {
  std::string path;
  std::string level;                       // of the log: below "all" it has no facts
  std::vector<ExecutorWait> waits;         // all that were asked for
  std::map<WaitReason, DurationUs> total;  // of all waits but those that ended refused
  std::int64_t asked = 0;                  // executors whose create was not refused
  std::int64_t registered = 0;
  std::int64_t refused = 0;              // creates that were; not in total, since their places passed on
  std::int64_t never_asked = 0;          // places in the target, without a create or a pod
  std::optional<ExecutorDetail> chosen;  // with ExplainWhat::executor or pod
  std::vector<ExecutorDetail> slowest;   // with ExplainWhat::slowest
};

// Errors: the log cannot be read, there is no such application or executor, or several applications have one of this
// id.
Result<Explanation> explain_log(const std::string& path, const ExplainWhat& what);

// Text for people. Without a chosen executor: the sums, the ten slowest, what to turn.
std::string explain_text(const Explanation& explanation);
// The part of it about one executor.
std::string executor_text(const Explanation& explanation, const ExecutorDetail& detail);
// The same for machines (explain_json.cpp).
std::string explain_json(const Explanation& explanation);

// Indices of waits that were not refused, longest wait first, then as in waits.
std::vector<std::size_t> slowest_first(const std::vector<ExecutorWait>& waits);
// "17", or its pod while it has no id.
std::string executor_name(const ExecutorWait& wait);
// What became of it: "registered at 12.3s".
std::string fate_text(const ExecutorWait& wait);
// What a reason means, and which setting or fact moves it, in one sentence. of_set: for an executor whose pod a
// StatefulSet or Deployment makes.
std::string_view reason_text(WaitReason reason, bool of_set);

}  // namespace podramp::sim
