// The fake cluster's objects: nodes, pods, quotas, the resource version. Changed ONLY by apply(fact), so folding a
// log's facts rebuilds it (design 2). It decides nothing. Indexes by name and id are kept for the parts that decide.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/port/fact.h"
#include "fakeapi/message.h"

namespace podramp::fakeapi {

struct PodRecord {
  PodId id = 0;
  PodPtr pod;                                      // the current version
  Resources requests;                              // pod_requests(template), computed once per template
  mutable std::optional<std::uint64_t> text_hash;  // of this version as text, once ClusterState::hash has wanted it
};

struct NodeRecord {
  Node node;
  bool silent = false;                           // its kubelet does not talk
  bool containers_run = true;                    // false while it has no power
  std::set<PodId> pods;                          // bound here and still stored
  Resources requested;                           // of those that are not Succeeded or Failed
  std::int64_t pods_active = 0;                  // how many those are
  std::set<std::string> images;                  // present
  std::set<std::string, std::less<>> pressures;  // conditions that are true (K65)
};

struct QuotaRecord {
  std::string ns;
  std::string name;
  fact::Usage hard;
  fact::Usage used;      // status.used
  bool counted = false;  // the controller has written a status for all that hard names (K6)
};

class ClusterState {
 public:
  ClusterState() = default;
  ClusterState(const ClusterState&) = delete;  // named_ looks into by_name_
  ClusterState& operator=(const ClusterState&) = delete;
  ClusterState(ClusterState&&) = default;
  ClusterState& operator=(ClusterState&&) = default;

  void apply(const Fact& fact);

  std::uint64_t resource_version() const { return rv_; }  // of the newest change
  std::uint64_t history_trimmed() const { return trimmed_; }

  const PodRecord* find_pod(PodId id) const;
  const PodRecord* find_pod(std::string_view full_name) const;  // "namespace/name"
  // All pods by "namespace/name" in order; and those of one namespace via lower_bound("ns/").
  const std::map<std::string, PodId, std::less<>>& pods_by_name() const { return by_name_; }

  const NodeRecord* find_node(std::string_view name) const;
  const std::map<std::string, NodeRecord, std::less<>>& nodes() const { return nodes_; }

  const std::map<std::string, QuotaRecord, std::less<>>& quotas() const { return quotas_; }  // by "namespace/name"

  // What the newest fact about a pod did, for on_fact: a pod that is gone can no longer be found by its name.
  struct Change {
    PodId id = 0;
    PodPtr before;       // null: it was created
    PodPtr after;        // null: it is gone
    Resources requests;  // of its template
  };
  const Change& last_change() const { return change_; }

  // Objects of other kinds by "namespace/name", with an empty namespace when they have none; of nodes what their
  // watchers see.
  using Objects = std::map<std::string, ManifestPtr, std::less<>>;
  const Objects& objects(Kind kind) const { return objects_[static_cast<std::size_t>(kind)]; }
  ManifestPtr find_object(Kind kind, std::string_view full_name) const;  // null: there is none
  ManifestPtr find_object(std::string_view uid) const;                   // of whatever kind
  // What the newest fact about an object or node did; before is null when it was created, after when it is gone.
  struct ObjectChange {
    ManifestPtr before;
    ManifestPtr after;
  };
  const ObjectChange& last_object_change() const { return object_change_; }

  // Order-independent of how it was reached: equal for equal contents (rung 3 of design 2.4).
  std::uint64_t hash() const;

 private:
  struct Apply;  // one overload per fact, cluster_state.cpp

  std::uint64_t rv_ = 0;
  std::uint64_t trimmed_ = 0;
  std::map<std::string, PodId, std::less<>> by_name_;
  std::unordered_map<std::string_view, PodRecord*> named_;  // the same by hash, for finding; never iterated
  std::vector<std::unique_ptr<PodRecord>> pods_;            // by id, which count from 1; null: it is gone
  std::map<std::string, NodeRecord, std::less<>> nodes_;
  std::map<std::string, std::set<PodId>, std::less<>> orphans_;  // bound to a node whose object is gone
  Change change_;
  std::array<Objects, EnumText<Kind>::names.size()> objects_;
  std::map<std::string, ManifestPtr, std::less<>> objects_by_uid_;
  ObjectChange object_change_;
  std::map<std::string, QuotaRecord, std::less<>> quotas_;
};

// A pod's uid as text and back; ids are counted from 1 by the API server.
std::string uid_text(PodId id);
PodId uid_number(std::string_view uid);  // 0 when it is not one of ours

std::string node_uid_text(std::string_view name);
// The uid of the n-th object of another kind: these are counted apart, so that pods keep their ids.
std::string object_uid_text(std::uint64_t n);
std::string object_key(const Manifest& object);  // "namespace/name"

// Succeeded or Failed: holds no resources of its node (K28, K36).
bool is_terminal(const Pod& pod);

}  // namespace podramp::fakeapi
