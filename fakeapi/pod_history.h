// The latest changes of one kind's objects, as the API server's watch cache keeps them (K19): what resumed watches read
// on from, and what undoes the present to what a stale read sees. Not here: who watches (watch_hub.h), lists
// (pod_lists.h, manifest_lists.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "fakeapi/cluster_state.h"
#include "fakeapi/config.h"

namespace podramp::fakeapi {

template <class Object>
struct Version {  // one change of one object
  TimeUs at_us = 0;
  std::uint64_t rv = 0;
  std::shared_ptr<const Object> before;  // null: it was created
  std::shared_ptr<const Object> after;   // null: it is gone
  std::uint8_t fact = 0;                 // which kind of fact, for draws
};

template <class Object>
class History {
 public:
  using Versions = std::deque<Version<Object>>;
  using ByName = std::map<std::string, std::shared_ptr<const Object>, std::less<>>;

  // Keeps the newest watch_history_max, and drops what is older than watch_history_us but for the last hundred.
  void remember(Version<Object> version, const ClusterProfile& profile);
  // etcd's compaction: exact reads of older versions fail from now on (K19). The watch cache keeps what it has. False:
  // that version has been compacted already.
  bool compact(std::uint64_t rv) {
    if (rv <= compacted_rv_) return false;
    compacted_rv_ = rv;
    return true;
  }
  std::uint64_t compacted_rv() const { return compacted_rv_; }

  const Versions& versions() const { return versions_; }
  typename Versions::const_iterator after(std::uint64_t rv) const;
  // Everything after it is known; what came before is not.
  std::uint64_t forgotten_rv() const { return forgotten_rv_; }
  // The newest version at this instant; what is forgotten counts as there.
  std::uint64_t version_at(TimeUs instant) const;
  // How the objects that have changed since were at this version, by "namespace/name"; null: not there.
  ByName undone(std::uint64_t rv) const;

 private:
  Versions versions_;
  std::uint64_t forgotten_rv_ = 0;
  std::uint64_t compacted_rv_ = 0;
};

using PodVersion = Version<Pod>;
using PodHistory = History<Pod>;
using ManifestVersion = Version<Manifest>;
using ManifestHistory = History<Manifest>;

}  // namespace podramp::fakeapi
