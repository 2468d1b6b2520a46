// Facts of the autoscaler: what it decides, and what becomes of machines on their way in and out. What these do to
// nodes and pods is told by facts of its own (fact.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/time.h"

namespace podramp::fact {

// A node group is to grow, for so many pods (K79, K81).
struct ScaleUp {
  static constexpr std::string_view kType = "fact.scale_up";
  std::string group;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t pods = 0;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("from", self.from);
    visit("to", self.to);
    visit("pods", self.pods);
  }
};

// So many of its machines did not come; the group is passed over until then (K79, K83).
struct ScaleUpFailed {
  static constexpr std::string_view kType = "fact.scale_up_failed";
  std::string group;
  std::int64_t machines = 0;
  std::string reason;
  TimeUs until_us = 0;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("machines", self.machines);
    visit("reason", self.reason);
    visit("until_us", self.until_us);
  }
};

// So many pods wait, and no group can help them: why not, group by group. No pods: that is over.
struct ScaleUpRefused {
  static constexpr std::string_view kType = "fact.scale_up_refused";
  std::int64_t pods = 0;
  std::string reason;
  static void fields(auto& visit, auto& self) {
    visit("pods", self.pods);
    visit("reason", self.reason);
  }
};

// The cloud has made a machine; its kubelet registers the Node later (K82).
struct MachineLaunched {
  static constexpr std::string_view kType = "fact.machine_launched";
  std::string group;
  std::string node;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("node", self.node);
  }
};

// The node is Ready and its startup taints are off: pods may come (K82).
struct MachineReady {
  static constexpr std::string_view kType = "fact.machine_ready";
  std::string group;
  std::string node;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("node", self.node);
  }
};

// The machine is no more; its Node object goes with it (K74).
struct MachineGone {
  static constexpr std::string_view kType = "fact.machine_gone";
  std::string group;
  std::string node;
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("node", self.node);
    visit("why", self.why);
  }
};

// A node that could go must stay, and the pod that holds it, if it is one (K80).
struct ScaleDownBlocked {
  static constexpr std::string_view kType = "fact.scale_down_blocked";
  std::string node;
  std::string reason;
  std::string pod;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("reason", self.reason);
    visit("pod", self.pod);
  }
};

// A node is to go: "empty", "underutilized", "unready" (K80).
struct ScaleDown {
  static constexpr std::string_view kType = "fact.scale_down";
  std::string group;
  std::string node;
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("group", self.group);
    visit("node", self.node);
    visit("why", self.why);
  }
};

}  // namespace podramp::fact
