// What a live run changes in the objects that the backend asks for, on their way to the server: the label of the run
// on all of them, and in executors a small image that needs no Spark. Requests, labels, scheduling fields and volumes
// stay as built, and so does what the log says: it holds the decisions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/port/api.h"

namespace podramp::live {

// The container that stands in for an executor: it must run until it is told to end. Without a command the image's own.
struct StandIn {
  std::string image = "registry.k8s.io/pause:3.10";
  std::vector<std::string> command;
  std::vector<std::string> args;
  friend bool operator==(const StandIn&, const StandIn&) = default;
};

// A scenario's "live": what a live run needs to know beyond a simulated one.
struct LiveSpec {
  StandIn stand_in;
  bool driver_pod = false;  // a small pod for each application that owns its executors, so that the cluster's GC works
  friend bool operator==(const LiveSpec&, const LiveSpec&) = default;
};

// On every object that a live run makes.
inline constexpr const char* kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr const char* kManagedBy = "podramp";
inline constexpr const char* kRunLabel = "podramp.dev/run";  // the run's id

class StandIns {
 public:
  StandIns(StandIn stand_in, std::string run, bool dry_run)
      : stand_in_(std::move(stand_in)), run_(std::move(run)), dry_run_(dry_run) {}

  // The request as it goes out. Only creates change, and with dry_run every write.
  ApiRequest dressed(const ApiRequest& request);
  StringMap labels() const { return {{kManagedByLabel, kManagedBy}, {kRunLabel, run_}}; }

 private:
  PodPtr dressed(const Pod& pod);
  ManifestPtr dressed(const Manifest& object);

  StandIn stand_in_;
  std::string run_;
  bool dry_run_;
  std::map<std::uint64_t, TemplatePtr> templates_;  // by the hash of what the backend built
};

// Of this run, or of any.
LabelSelector objects_of(const std::string& run);
LabelSelector objects_of_any_run();

}  // namespace podramp::live
