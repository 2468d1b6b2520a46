// What the host of an executor is called elsewhere. Executors register with their pod's IP; HDFS says node names or
// node IPs. Spark 3.5-4.4 on Kubernetes uses the plain TaskSchedulerImpl: a host is itself and has no rack, so such
// preferences never match (docs/behaviour.md). The 2.2 fork follows pod IP -> node name -> node IP -> DNS name
// (01 2.1). Next: pods_by_ip.h (the fork's books of pods), rack_table.h, task_set.h (who asks).
#pragma once

#include <functional>
#include <string>

#include "backend/pods_by_ip.h"
#include "backend/rack_table.h"

namespace podramp::backend {

class HostNames {
 public:
  using Has = std::function<bool(const std::string& name)>;
  virtual ~HostNames() = default;
  // The name of the offering host under which pending tasks are looked up: the first one for which `has` holds, else
  // the host itself (01 2.1).
  virtual std::string name_with_tasks(const std::string& host, const Has& has) const = 0;
  // Whether tasks that prefer `preferred` count an executor on `host` as near, for valid locality levels (Q16).
  virtual bool is_near(const std::string& preferred, const std::string& host) const = 0;
  // "" for none. A port behind the host is ignored (01 2.2).
  virtual std::string rack(const std::string& host) const = 0;
  // Whether a preferred name may stand for another host's name: then is_near has to be asked for every pair.
  virtual bool has_aliases() const = 0;
};

// Spark 3.5-4.4: TaskSchedulerImpl.getRacksForHosts knows no rack, TaskSetManager looks up the host alone.
class PlainHostNames final : public HostNames {
 public:
  std::string name_with_tasks(const std::string& host, const Has& has) const override;
  bool is_near(const std::string& preferred, const std::string& host) const override;
  std::string rack(const std::string& host) const override;
  bool has_aliases() const override { return false; }
};

// Reverse DNS as data: IP to canonical name. A name that is not known is the IP itself, as InetAddress says.
class ReverseDns {
 public:
  explicit ReverseDns(StringMap names = {}) : names_(std::move(names)) {}
  std::string canonical_name(const std::string& ip) const;
  // Look-ups so far; each blocks a real driver (Q13).
  int asked() const { return asked_; }

 private:
  StringMap names_;
  mutable int asked_ = 0;
};

struct ForkHostRules {
  bool dns_lookup = false;        // spark.kubernetes.driver.hdfslocality.clusterNodeNameDNSLookup.enabled (01 2.1)
  bool near_by_any_name = false;  // fix Q16: valid levels are judged by all names of a host, not by pod IPs
};

// The fork's rule. The books, DNS and racks are not owned and outlive it.
class ForkHostNames final : public HostNames {
 public:
  ForkHostNames(ForkHostRules rules, const PodsByIp& pods, const ReverseDns& dns, const RackTable& racks)
      : rules_(rules), pods_(pods), dns_(dns), racks_(racks) {}
  std::string name_with_tasks(const std::string& host, const Has& has) const override;
  bool is_near(const std::string& preferred, const std::string& host) const override;
  std::string rack(const std::string& host) const override;
  bool has_aliases() const override { return rules_.near_by_any_name; }

 private:
  ForkHostRules rules_;
  const PodsByIp& pods_;
  const ReverseDns& dns_;
  const RackTable& racks_;
};

}  // namespace podramp::backend
