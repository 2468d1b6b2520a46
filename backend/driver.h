// What stands behind Backend::step: one Spark driver's executor scaling. spark_driver.h is that of Spark 3.5-4.4,
// fork_driver.h that of the 2.2 fork; backend.cpp chooses by the compat level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/conf.h"
#include "backend/fixes.h"
#include "backend/node_directory.h"
#include "backend/pod_builder.h"
#include "backend/port/step.h"

namespace podramp::backend {

// Our own decisions have revisions, so that a log replays with those it was made with; its header names the one.
inline constexpr int kFirstRevision = 1;
inline constexpr int kOwnObjectsRevision = 2;  // the driver makes a ConfigMap, and deletes that, services and claims
inline constexpr int kBookmarksRevision = 3;   // the client of Spark 3.5 and later asks its watch for bookmarks (K20)
inline constexpr int kLooksRevision = 4;  // how a finished pod is looked at before it is deleted (02 2.6, by release)
inline constexpr int kForkTotalsRevision = 5;  // the 2.2 fork's driver says when a kill or a request changes its total
inline constexpr int kLatestRevision = kForkTotalsRevision;

// One application as the backend is told of it at its start. Everything that decisions depend on is here or comes in
// as Input; a log's header holds it, so a replay can rebuild it.
struct Application {
  std::string name;  // the session's name: `by` in the log
  std::string app_id;
  std::string pod_name_prefix;  // resolved (02 6.1)
  Conf conf;
  std::vector<ResourceProfile> profiles;  // besides the default one
  Fixes fixes;                            // of Spark's defects; none by default
  int revision = kLatestRevision;
  bool runs_jobs = true;                       // it has a program; without one, targets come from in::TargetSet alone
  std::optional<Container> shuffle_sidecar{};  // fork-2.2: a shuffle service in each executor's own pod
  PodPtr executor_template{};                  // what executor.podTemplateFile holds; nullptr when there is none
  NodeDirectory nodes{};                       // fork-2.2: other names of nodes, and their racks
};

// The allocator's own books, for invariants and `podramp show`.
struct Books {
  std::int64_t next_executor_id = 0;
  std::int64_t outstanding = 0;
  std::int64_t registered = 0;
  bool round_in_flight = false;
  std::vector<ProfileReport> profiles;  // of the round in flight, or of the last one
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual void step(TimeUs now, const Input& input, Outbox& out) = 0;
  virtual Books books() const = 0;
  virtual std::string describe() const = 0;
};

}  // namespace podramp::backend
