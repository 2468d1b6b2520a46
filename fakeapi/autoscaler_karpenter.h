// Karpenter: pods that wait are batched, packed into NodeClaims, and each claim is launched as the cheapest type that
// holds its pods; a type that is out of stock is passed over for a while. Nodes that are empty, or whose pods fit
// elsewhere, are consolidated away (K81). A node group of the configuration is an instance type here.
// Not modelled: replacing a node by a cheaper one, drift, expiry, node repair.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/autoscaler.h"

namespace podramp::fakeapi {

class Karpenter final : public Autoscaler {
 public:
  Karpenter(Context& context, Deletion& deletion, NodeLifecycle& nodes, const AutoscalerSpec& spec);

 private:
  enum Kind : std::uint8_t { kBatch = kFirstKind, kRetry, kLiveness, kPoll, kValidate };

  struct Batch {  // a window
    std::set<PodId> pods;
    TimeUs idle_us = 0;
    TimeUs max_us = 0;
    Seq cause = 0;
  };
  struct Command {  // a disruption that waits to be validated
    std::vector<std::uint32_t> nodes;
    bool empty = true;
  };

  void changed(const Fact& fact, Seq seq) override;
  void act(const ClusterTimer& timer, Seq cause) override;
  void machine_news(std::uint32_t node, Machines::News news, Seq cause) override;
  void waiting_for(std::vector<std::string>& lines) const override;
  bool expecting() const override { return batch_ || command_ || poll_us_ != kNever; }

  void trigger(PodId pod, Seq cause);
  void provision(Seq cause);
  void launch(const std::vector<PlannedClaim>& claims, std::int64_t left_out, Seq cause);
  bool launch_one(std::vector<std::size_t> types, std::int64_t pods, Seq cause);
  std::string why_none() const;
  void retry(Seq cause);
  bool available(std::size_t type) const { return unavailable_us_[type] <= context_.now(); }
  void liveness(std::uint32_t node, std::uint64_t life, Seq cause);

  void touch(const std::string& node);
  void arm_poll(TimeUs not_before);
  void poll(Seq cause);
  void validate(Seq cause);
  std::int64_t budget() const;
  std::vector<std::uint32_t> candidates(bool empty, Seq cause);
  bool is_empty(std::uint32_t node) const;
  bool fit_elsewhere(const std::vector<std::uint32_t>& nodes);

  std::optional<Batch> batch_;
  std::optional<Command> command_;
  bool retry_armed_ = false;
  TimeUs poll_us_ = kNever;
  std::vector<TimeUs> unavailable_us_;                             // by type: until when
  std::map<std::uint32_t, std::vector<std::size_t>> other_types_;  // of a claim, by its machine
  std::map<std::uint32_t, std::int64_t> claim_pods_;
  std::map<std::uint32_t, TimeUs> last_event_us_;  // when a pod came or went
};

}  // namespace podramp::fakeapi
