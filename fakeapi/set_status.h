// What the controllers of sets write into their status: how many pods a StatefulSet, Deployment, ReplicaSet or
// DaemonSet has, and how many of them are ready. Only where people look (records_events), because each change is a
// version of the set; the controllers themselves (set_controllers.h) count pods, not statuses. Kept as the set's data
// ("replicas", "ready"); who shows it makes Kubernetes' status of it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "fakeapi/context.h"
#include "fakeapi/object_store.h"

namespace podramp::fakeapi {

class SetStatus {
 public:
  SetStatus(Context& context, ObjectStore& store) : context_(context), store_(store) {}

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(Seq cause);

 private:
  using Key = std::pair<podramp::Kind, std::string>;  // "namespace/name"
  struct Counts {
    std::int64_t replicas = 0;
    std::int64_t ready = 0;
  };

  void note(const std::vector<OwnerReference>& owners, Seq seq);
  Counts count(const Manifest& set) const;
  void write(const Key& key, Seq cause);

  Context& context_;
  ObjectStore& store_;
  std::set<Key> changed_;
};

}  // namespace podramp::fakeapi
