// The StatefulSet and Deployment allocators (02 4.4): one set per resource profile, created with its first target and
// scaled from then on; the cluster's controllers make the pods, which ask the driver for their ids. Batches, pending
// limits, time-outs and trimming do not apply, and snapshots are not looked at. Not here: ids (scheduler_backend.h).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/executor_allocator.h"
#include "backend/pod_builder.h"

namespace podramp::backend {

// The set that a profile's first target creates, as POSTed. driver_pod is its owner, never null. Errors: what the pod
// builder says, and with the Deployment allocator any claim among the volumes.
Result<ManifestPtr> make_executor_set(const Application& application, ProfileId profile, std::int64_t replicas,
                                      const PodBuilder& builder, const Pod& driver_pod);
// "spark-s-<appId>-<rpId>", "spark-d-...".
std::string executor_set_name(const Application& application, ProfileId profile);

class ControllerAllocator final : public ExecutorAllocator {
 public:
  // The application must not be of the direct allocator, and outlives this, as calls does.
  ControllerAllocator(const Application& application, ApiCalls& calls) : app_(application), calls_(calls) {}

  void start(TimeUs now, const PodPtr& driver_pod, Outbox& out) override;
  // Creates or scales the set of each named profile, one call after the other. What fails in the first call ever - the
  // driver's start - ends the driver; later it is only the requester's, and the rest of that request is dropped.
  bool set_targets(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) override;

  void push(const SnapshotChange& /*change*/) override {}
  void request(TimeUs /*now*/, RoundTrigger /*trigger*/, Outbox& /*out*/) override {}
  void resume(TimeUs now, const Completed& completed, Outbox& out) override;
  bool is_deleted(ExecutorId /*id*/) const override { return false; }
  const std::optional<out::Exited>& fatal() const override { return fatal_; }
  void stop(Outbox& /*out*/) override { stopped_ = true; }
  bool busy() const override { return in_flight_; }
  void drop_run() override;
  std::vector<ApiRequest> clean_up() const override;
  void fill(Books& books) const override;
  std::string describe() const override;

 private:
  struct Order {  // one profile of one set_targets
    std::uint64_t request = 0;
    ProfileId profile = 0;
    std::int64_t replicas = 0;
  };

  void proceed(Outbox& out);
  std::optional<ApiRequest> call_for(const Order& order, Outbox& out);
  void fail(const std::string& why, Outbox& out);  // the first order's request

  const Application& app_;
  ApiCalls& calls_;
  PodPtr driver_pod_;
  std::optional<PodBuilder> builder_;  // once started
  std::deque<Order> orders_;           // the first one's call may be in flight
  std::map<ProfileId, std::int64_t> targets_;
  std::set<ProfileId> created_;
  std::uint64_t requests_ = 0;
  bool in_flight_ = false;
  bool stopped_ = false;
  std::optional<out::Exited> fatal_;
};

}  // namespace podramp::backend
