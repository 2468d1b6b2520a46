// Racks of hosts as Hadoop's topology plug-in says them, as data (01 2.2): whether a plug-in is configured at all, and
// its table. Spark 3.5-4.4 on Kubernetes does not use it.
#pragma once

#include <string>

#include "backend/port/kube.h"

namespace podramp::backend {

// Hadoop's rack of a host that no topology names; the fork takes it for "none".
inline constexpr std::string_view kDefaultRack = "/default-rack";

// Whether Hadoop's settings name a usable topology plug-in: the script mapping (the default) needs a script, the table
// mapping a table, any other class is taken as it is.
bool topology_configured(const StringMap& hadoop_conf);

class RackTable {
 public:
  RackTable() = default;  // no plug-in
  explicit RackTable(StringMap racks) : configured_(true), racks_(std::move(racks)) {}
  bool configured() const { return configured_; }
  // "" for a host that the table lacks, or that it puts into the default rack.
  std::string rack(const std::string& host) const;

 private:
  bool configured_ = false;
  StringMap racks_;
};

}  // namespace podramp::backend
