// The fork's KubernetesExternalShuffleManager (01 4.2): which shuffle service an executor on a node is to use. A cache
// of node -> shuffle pod fed by a listing and a watch, with its quirks Q26-Q28; and what a shuffle service does when a
// driver goes away (01 4.3, Q29, Q30). Pure books: requests are made by fork_driver.cpp.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/fixes.h"
#include "backend/port/api.h"

namespace podramp::backend {

class ShuffleCache {
 public:
  explicit ShuffleCache(Fixes fixes) : fixes_(std::move(fixes)) {}

  // What goes wrong, as the exception's text; "" when nothing does.
  std::string on_listed(const std::vector<PodPtr>& pods);
  std::string on_event(const WatchEvent& event);
  // The shuffle pod's IP for an executor on a node, or an error for the executor.
  Result<std::string> find(const std::string& node) const;
  std::size_t size() const { return by_node_.size(); }

 private:
  struct Entry {
    std::string uid;
    std::string ip;
  };
  std::string insert(const Pod& pod);
  void remove(const Pod& pod);
  bool fixed(Fix fix) const { return fixes_.contains(fix); }

  Fixes fixes_;
  std::map<std::string, Entry> by_node_;
};

// The driver-gone half of one shuffle service (01 4.3).
class ShuffleCleaner {
 public:
  ShuffleCleaner(std::string ns, Fixes fixes) : ns_(std::move(ns)), fixes_(std::move(fixes)) {}

  // RegisterDriver. False: it was known already, which is a warning only.
  bool add(const std::string& app_id) { return apps_.insert(app_id).second; }
  // An event of a pod with role driver: the application whose files are deleted now, if any.
  std::optional<std::string> on_event(const WatchEvent& event);
  const std::set<std::string>& apps() const { return apps_; }

 private:
  std::string ns_;  // the service's own, the only one it watches unless Q30 is fixed
  Fixes fixes_;
  std::set<std::string> apps_;
};

}  // namespace podramp::backend
