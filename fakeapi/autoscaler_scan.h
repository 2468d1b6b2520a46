// Cluster Autoscaler: at every scan it grows the one group that helps pending pods best, gives up machines that do not
// come, backs off from groups that fail, and lets nodes go that were not needed for long enough (K79, K80).
// The real loop scans for ever; this one is armed for the scan of the same grid that can find something.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/autoscaler.h"

namespace podramp::fakeapi {

class ClusterAutoscaler final : public Autoscaler {
 public:
  ClusterAutoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes, const AutoscalerSpec& spec);

 private:
  enum Kind : std::uint8_t { kScan = kFirstKind };

  struct Backoff {
    DurationUs duration_us = 0;
    TimeUs until_us = 0;
    TimeUs failed_us = 0;
    std::string reason;
  };
  struct Removal {  // a node that could go
    std::uint32_t node = 0;
    bool empty = true;
    bool unready = false;
  };

  void changed(const Fact& fact, Seq seq) override;
  void act(const ClusterTimer& timer, Seq cause) override;
  void machine_news(std::uint32_t node, Machines::News news, Seq cause) override;
  void waiting_for(std::vector<std::string>& lines) const override;
  bool expecting() const override { return !unneeded_.empty(); }

  void arm(TimeUs not_before);
  void scan(Seq cause);
  void give_up_machines();
  void scale_up_failed(std::size_t group, std::int64_t machines, const std::string& reason, Seq cause);
  bool backed_off(std::size_t group) const;
  bool scale_up();
  std::vector<ScaleUpOption> options(const std::vector<PendingPod>& pods, std::vector<std::string>& why_not);
  void grow(const ScaleUpOption& option, std::int64_t pods);

  void scale_down();
  std::vector<Removal> removals();
  void candidates(std::vector<Removal>& empty, std::vector<Removal>& full);
  bool movable(std::uint32_t node, const NodeRecord& record);
  bool below_threshold(const NodeRecord& record) const;
  void remove(const std::vector<Removal>& ripe);
  TimeUs cooled_down_us() const;

  TimeUs scan_us_ = kNever;                      // when the next scan is due; never: none is armed
  Seq cause_ = 0;                                // of the scan: what last changed
  std::vector<std::optional<Backoff>> backoff_;  // by group
  std::set<std::uint32_t> overdue_;              // machines that did not come in time
  std::map<std::uint32_t, TimeUs> unneeded_;     // since when
  TimeUs last_add_us_ = -kHourUs;
  TimeUs last_failure_us_ = -kHourUs;
  bool some_schedulable_ = false;  // pods that fit wait for the scheduler: nothing is removed in this scan
  std::uint64_t scale_ups_ = 0;
};

}  // namespace podramp::fakeapi
