// The 2.2 fork's books of Running pods by their IP (01 1.1 pods_by_ip, 1.9), quirks included: ADDED events do not count
// (Q14), and an entry goes by its IP whoever holds it now (Q47). Which events arrive at all is the watch's business.
#pragma once

#include <map>
#include <string>

#include "backend/port/api.h"
#include "backend/port/kube.h"

namespace podramp::backend {

struct PodPlace {
  std::string pod;
  std::string uid;
  std::string node;     // spec.nodeName
  std::string host_ip;  // status.hostIP
  friend bool operator==(const PodPlace&, const PodPlace&) = default;
};

struct PodsByIpRules {
  bool added_counts = false;  // fix Q14
  bool compares_uid = false;  // fix Q47
};

class PodsByIp {
 public:
  explicit PodsByIp(PodsByIpRules rules = {}) : rules_(rules) {}

  // One event of the pod watch. host_ip: the node's address, which our Pod does not hold.
  void on_event(WatchEventType type, const Pod& pod, const std::string& host_ip);
  // A driver with other books of its pods (Spark 3.5-4.4 has none) or a test enters them so.
  void put(const std::string& ip, PodPlace place) { pods_[ip] = std::move(place); }
  // The pod is gone, or on its way out: its entry goes, whoever has it now without fix Q47. A pod without an IP:
  // nothing.
  void forget(const Pod& pod);
  const PodPlace* find(const std::string& ip) const;
  const std::map<std::string, PodPlace>& all() const { return pods_; }
  void clear() { pods_.clear(); }

 private:
  PodsByIpRules rules_;
  std::map<std::string, PodPlace> pods_;
};

}  // namespace podramp::backend
