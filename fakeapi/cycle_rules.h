// Everything about one pod's cycle that looks beyond the room of nodes: its neighbours, its spread, its images, put
// together with their weights (K49-K51). Made when the pod is tried, thrown away after.
#pragma once

#include <optional>

#include "fakeapi/image_states.h"
#include "fakeapi/neighbours.h"
#include "fakeapi/node_room.h"
#include "fakeapi/pod_spread.h"

namespace podramp::fakeapi {

class CycleRules final : public NodeJudge {
 public:
  struct Books {
    const ClusterState& state;
    NodeRoom& room;
    PodCounts& counts;
    Topologies& topologies;
    ImageStates& images;
  };
  CycleRules(const Pod& pod, NodeRoom::ShapeId shape, Books books);

  // Nothing to say: the table of the books decides alone.
  bool silent() const { return !neighbours_ && !spread_ && !images_matter_; }
  // Does it refuse nodes, or only prefer some?
  bool filters() const { return (neighbours_ && neighbours_->filters()) || (spread_ && spread_->filters()); }
  Verdict check(std::uint32_t node) const override;
  void score(const std::vector<std::uint32_t>& passing, std::vector<std::int64_t>& totals) const override;

 private:
  void add_spread(const Pod& pod, NodeRoom::ShapeId shape, const std::vector<SpreadConstraint>& constraints,
                  bool by_default);

  Books books_;
  const SharedTemplate& tmpl_;
  std::optional<Neighbours> neighbours_;
  std::optional<PodSpread> spread_;
  bool images_matter_;
};

// Could a pod that comes to a node, or one that leaves it, let the other one have a node? (K47)
bool may_let_in(const Pod& waiting, const Pod& other, bool comes);

}  // namespace podramp::fakeapi
