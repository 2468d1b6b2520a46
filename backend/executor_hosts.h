// Which executors are alive, on which host and rack: the tables of Spark's task scheduler that decide which locality
// levels can be had at all. An executor whose loss has no reason yet is not alive, but its host is still known.
#pragma once

#include <map>
#include <set>
#include <string>

#include "backend/host_names.h"
#include "backend/port/ids.h"

namespace podramp::backend {

class ExecutorHosts {
 public:
  explicit ExecutorHosts(const HostNames& names) : names_(names) {}

  // False when it is alive already.
  bool add(ExecutorId id, const std::string& host);
  // Gone from hosts and racks; the host mapping stays until forget() (TaskSchedulerImpl.removeExecutor).
  void remove(ExecutorId id);
  void forget(ExecutorId id) { host_of_.erase(id); }
  void decommission(ExecutorId id) { decommissioned_.insert(id); }

  bool knows(ExecutorId id) const { return host_of_.contains(id); }
  bool decommissioned(ExecutorId id) const { return decommissioned_.contains(id); }
  const std::string& host_of(ExecutorId id) const { return host_of_.at(id); }
  // Alive and not decommissioning.
  bool usable(ExecutorId id) const { return alive_.contains(id) && !decommissioned(id); }
  // Whether tasks that prefer this name may find such an executor near.
  bool usable_near(const std::string& preferred) const;
  bool usable_on_rack(const std::string& rack) const;
  const std::map<std::string, std::set<ExecutorId>>& by_host() const { return by_host_; }
  const HostNames& names() const { return names_; }

 private:
  bool any_usable(const std::set<ExecutorId>& executors) const;

  const HostNames& names_;
  std::set<ExecutorId> alive_;
  std::set<ExecutorId> decommissioned_;  // also after they are gone
  std::map<ExecutorId, std::string> host_of_;
  std::map<std::string, std::set<ExecutorId>> by_host_;
  std::map<std::string, std::set<std::string>> hosts_by_rack_;
};

}  // namespace podramp::backend
