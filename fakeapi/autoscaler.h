// What makes and removes nodes by itself: Cluster Autoscaler (autoscaler_scan.h) or Karpenter (autoscaler_karpenter.h),
// on the same books, machines and drains. Each decision is a fact (fact.scale_up, ...), so that a log says what pods
// waited for. Not here: the timeline's add_nodes and delete_nodes (node_lifecycle.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakeapi/autoscaler_books.h"
#include "fakeapi/autoscaler_drain.h"
#include "fakeapi/autoscaler_machines.h"
#include "fakeapi/autoscaler_packing.h"
#include "fakeapi/context.h"

namespace podramp::fakeapi {

class Autoscaler {
 public:
  Autoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes, const AutoscalerSpec& spec);
  virtual ~Autoscaler() = default;

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // Appends "group x waits for: ..." and what pods wait for in vain.
  void waiting(std::vector<std::string>& lines) const;
  // Nodes are on their way in or out, or will go when their time is up.
  bool busy() const;

 protected:
  static constexpr std::uint8_t kFirstKind = 32;  // timers of the models

  // Something that may matter to the model has happened; it may set timers, but not emit.
  virtual void changed(const Fact& fact, Seq seq) = 0;
  virtual void act(const ClusterTimer& timer, Seq cause) = 0;
  virtual void machine_news(std::uint32_t node, Machines::News news, Seq cause) = 0;
  virtual void waiting_for(std::vector<std::string>& lines) const = 0;
  virtual bool expecting() const = 0;

  const AutoscalerSpec& spec() const { return spec_; }
  const NodeGroupSpec& group(std::size_t g) const { return spec_.groups[g]; }
  // Asks for a machine of the group, and counts on it.
  std::uint32_t ask(std::size_t group, Seq cause);
  // Tells, once, that so many pods find no help, and why.
  void refuse(std::int64_t pods, const std::string& reason, Seq cause);
  // Tells, once until it changes, why a node has to stay; "" that nothing holds it.
  void blocked(const std::string& node, const std::string& reason, const std::string& pod, Seq cause);

  Context& context_;
  const AutoscalerSpec& spec_;
  AutoscalerBooks books_;
  Machines machines_;
  Drains drains_;
  std::vector<GroupTemplate> templates_;  // by group

 private:
  std::string refused_;
  std::int64_t refused_pods_ = 0;
  std::map<std::string, std::string, std::less<>> blocked_;  // node -> reason and pod
};

// The configured one; null when there is none.
std::unique_ptr<Autoscaler> make_autoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes);

}  // namespace podramp::fakeapi
