// What each part of the cluster is given: the state to read, facts to emit, messages to send. Nothing else.
//
// emit() logs the fact, applies it to the state and shows it to every part (on_fact) in a fixed order. A part's
// on_fact may set timers and send messages, but not emit: what a controller does in answer to a fact happens when its
// timer is due, as it would behind an informer.
#pragma once

#include <string_view>

#include "fakeapi/cluster_state.h"
#include "fakeapi/config.h"
#include "fakeapi/message.h"

namespace podramp::fakeapi {

class Context {
 public:
  virtual ~Context() = default;

  virtual TimeUs now() const = 0;
  virtual std::uint64_t seed() const = 0;
  virtual const ClusterConfig& config() const = 0;
  virtual const ClusterState& state() const = 0;
  virtual std::string_view client_name(ClientId client) const = 0;

  // The version that the next change of an object has to carry: one counter for the whole store (K12).
  virtual std::uint64_t next_rv() = 0;
  // by: the part, as people know it ("apiserver", "scheduler", "kubelet", "node-controller", "quota", "pod-gc").
  virtual Seq emit(std::string_view by, Seq cause, const Fact& fact) = 0;
  virtual Seq fault(Seq cause, std::string_view point, std::string_view target) = 0;
  virtual void send(TimeUs at, Seq cause, FromCluster message) = 0;
  // What the API server's clock says: a fault may put it ahead of the others'.
  virtual TimeUs server_clock() const { return now(); }
  void timer(TimeUs at, Seq cause, ClusterTimer t) { send(at, cause, from::SetTimer{t}); }

  // One sample of a latency model; stream is "cluster." + name, key the entity, ordinal its n-th draw.
  DurationUs sample(const LatencyModel& model, std::string_view stream, std::string_view key,
                    std::uint64_t ordinal = 0) const {
    return model.sample(Draw(seed(), stream, key, ordinal));
  }
};

}  // namespace podramp::fakeapi
