// Groups of pods that a gang scheduler places together or not at all, and the room that it holds for members that do
// not exist yet: Volcano's PodGroup with its minimum, YuniKorn's placeholders, in one model (02 8.6). A pod names its
// group by the label or annotation scheduling.k8s.io/group-name; groups are the scenario's. Books only: the
// scheduler (scheduler_gangs.cpp) does the placing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/node_room.h"

namespace podramp::fakeapi {

inline constexpr std::string_view kGroupName = "scheduling.k8s.io/group-name";

// The group that the pod names, "" for none.
std::string group_of(const Pod& pod);

struct Gang {
  const PodGroupSpec* spec = nullptr;
  std::string key;                  // "namespace/name"
  bool admitted = false;            // its minimum has had room at one time
  std::vector<std::uint32_t> held;  // nodes, once for each place that is held there
  std::uint32_t held_shape = 0;
  std::vector<PodId> waiting;  // members without a node, in the order of their coming
};

class Gangs {
 public:
  Gangs(Context& context, NodeRoom& room);
  // The gang of a pod, or nullptr when it names none that is known.
  Gang* of(const Pod& pod);
  Gang& at(std::size_t index) { return all_.at(index); }
  std::size_t index(const Gang& gang) const { return static_cast<std::size_t>(&gang - all_.data()); }

  void hold(Gang& gang, std::uint32_t node);
  // Gives back the oldest held place: on which node; absent when none is left.
  std::optional<std::uint32_t> release(Gang& gang);

 private:
  NodeRoom& room_;
  std::vector<Gang> all_;
  std::map<std::string, std::size_t> by_key_;
};

}  // namespace podramp::fakeapi
