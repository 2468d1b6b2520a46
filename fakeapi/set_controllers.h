// The controllers of StatefulSets, Deployments, ReplicaSets and DaemonSets, as kube-controller-manager runs them: a
// change is heard of one watch latency later, one sync of a set at a time works off a plan (set_plan.h, daemon_plan.h),
// creates go out 1, 2, 4, ... at a time, each controller's client has its own rate limit, and a sync that fails is
// tried again after a back-off.
// Not modelled: rolling updates, adoption of orphans, status, revisions. Who cleans up after a set: owner_gc.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/daemon_plan.h"
#include "fakeapi/deletion.h"
#include "fakeapi/object_store.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/set_plan.h"
#include "fakeapi/token_bucket.h"

namespace podramp::fakeapi {

class SetControllers {
 public:
  SetControllers(Context& context, PodVerbs& verbs, ObjectStore& store, Deletion& deletion);

  // The configured DaemonSets are stored when their time comes.
  void start();

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // The pods that a set owns at present, in order of their making.
  std::vector<PodId> pods_of(podramp::Kind kind, std::string_view full_name) const;
  // Appends "statefulset ns/x waits for: ...": sets whose last sync has failed.
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kSync, kAct, kStore };
  using SetId = std::uint64_t;

  struct Run {  // a sync under way
    std::vector<SetStage> stages;
    std::size_t stage = 0;
    std::size_t next = 0;  // first action of the stage that has not been sent
    std::size_t batch = 1;
    std::size_t in_flight = 0;
    bool failed = false;
  };
  struct Set {
    podramp::Kind kind = podramp::Kind::replica_set;
    std::string name;  // "namespace/name"
    std::string uid;
    bool armed = false;
    std::optional<Run> run;
    std::uint32_t failures = 0;
    std::string last_error;
    std::uint64_t syncs = 0;
    std::uint64_t acts = 0;
    std::set<PodId> pods;
    TemplatePtr tmpl;  // of its pods, once made
    FailedDaemons failed_daemons;
  };

  Set* find(SetId id);
  Set* owner_of(const Pod& pod);
  TokenBucket& client(podramp::Kind kind);
  void set_changed(const ClusterState::ObjectChange& change, Seq seq);
  void pod_changed(const Fact& fact, const ClusterState::Change& change, Seq seq);
  void touch(Set& set, Seq cause);
  void touch_daemons(Seq cause);
  void sync(SetId id, Set& set, Seq cause);
  std::vector<SetStage> plan(SetId id, Set& set, const Manifest& object, Seq cause);
  void send_batch(SetId id, Set& set, Seq cause);
  void act(SetId id, Set& set, std::size_t action, Seq cause);
  void end_run(SetId id, Set& set, Seq cause);
  bool perform(Set& set, const Manifest& object, const SetAction& action, Seq cause);
  bool create_pod(Set& set, const Manifest& object, const SetAction& action, Seq cause);
  void name_stateful(Pod& pod, const Manifest& object, std::int64_t ordinal, Seq cause);
  void store_configured(std::uint32_t index, Seq cause);
  bool apply_deployment(Set& set, const Manifest& object, Seq cause);
  TemplatePtr pod_template(Set& set, const Manifest& object, std::int64_t ordinal);
  std::vector<OwnedPod> owned(const Set& set) const;

  Context& context_;
  PodVerbs& verbs_;
  ObjectStore& store_;
  Deletion& deletion_;
  std::map<SetId, Set> sets_;
  std::map<std::string, SetId, std::less<>> by_uid_;
  std::unordered_map<PodId, TimeUs> ready_us_;  // of owned pods; never iterated
  std::array<TokenBucket, 4> clients_;
  SetId last_set_ = 0;
};

// The label value by which a Deployment's ReplicaSets differ: a hash of the template in letters that spell no words.
std::string template_hash(const SetSpec& set);

}  // namespace podramp::fakeapi
