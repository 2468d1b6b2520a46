// Finds and deletes what a live run has left, by the labels that it put on all of it: at the end of every run, and for
// `--clean-up LOG` after one that could not. Only objects that carry the run's id are touched.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backend/live/cluster_client.h"
#include "backend/live/event_log.h"

namespace podramp::live {

// What a live run can make, in the order in which it is deleted: sets first, or they would make new pods.
const std::vector<Kind>& swept_kinds();

struct Sweep {
  std::int64_t deleted = 0;         // objects that this sweep has asked to go
  std::vector<std::string> left;    // "pods/ns/name": still there when patience ended
  std::vector<std::string> errors;  // what could not be looked at or deleted, and why
};

// So long a create whose client is gone may still be under way.
inline constexpr DurationUs kSettleUs = 3 * kSecondUs;

struct SweepSettings {
  std::string ns;
  std::string run;
  std::vector<Kind> kinds = swept_kinds();
  DurationUs patience_us = 2 * kMinuteUs;  // more than a pod's grace period (K27)
  DurationUs pause_us = kSecondUs;         // between two looks
  DurationUs settle_us = 0;                // nothing may be there for so long: creates may still be under way
  std::function<bool()> give_up = [] { return false; };
};

// Deletes, and looks until everything is gone.
Sweep sweep(ClusterClient& client, const LiveClock& clock, const SweepSettings& settings);

// Objects of any podramp run in the namespace, as "pods/ns/name (run r-...)". Kinds that may not be listed are left
// out. Errors: the server does not answer.
Result<std::vector<std::string>> left_by_others(ClusterClient& client, const std::string& ns,
                                                const std::vector<Kind>& kinds);

// Of a log's first line; the rest may be torn. Errors: no log, or not of a live run (log_origin_json.cpp).
Result<LiveOrigin> log_origin(const std::string& path);

}  // namespace podramp::live
