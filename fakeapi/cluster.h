// START HERE for "what does the cluster do": the facade. step(message) decides, emits facts (which change the state)
// and hands out messages with the time at which they are due. Parts: api_server, admission, watch_hub, deletion,
// flow_control, scheduler, kubelet, image_pulls, node_lifecycle, claims, set_controllers, owner_gc, background_load,
// autoscaler, faults. No I/O, no clock; knows nothing of backend or sim.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/port/event.h"
#include "backend/port/json_writer.h"
#include "fakeapi/cluster_state.h"
#include "fakeapi/config.h"
#include "fakeapi/message.h"

namespace podramp::fakeapi {

class Cluster {
 public:
  // The ledger must outlive the cluster. Facts are appended to it as they happen.
  Cluster(ClusterConfig config, std::uint64_t seed, Ledger& ledger);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Somebody who will send requests; the name stands in facts and latency streams ("etl", "submit", "kubectl"). user:
  // as the API server authenticates it, which decides its priority level (K90).
  ClientId add_client(std::string name, std::string_view user = "system:serviceaccount:default:default");

  // Nodes, quotas and existing pods of the configuration come to be (facts at the ledger's now, cause 0).
  std::vector<Outgoing> start();
  // One message at the ledger's now; cause is the event that led to it.
  std::vector<Outgoing> step(const ToCluster& message, Seq cause);

  const ClusterState& state() const;
  const ClusterConfig& config() const;
  // The autoscaler has nodes on their way in or out, or nodes that will go when their time is up.
  bool busy() const;
  // Who waits for what, for the "why did nothing happen" report: "pod ns/x waits for: 0/3 nodes are available ...".
  std::vector<std::string> waiting() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace podramp::fakeapi
