// PersistentVolumeClaims: who makes the volume and when, which pods use it, and on which node it is. The scheduler asks
// whether a pod's claims let it be placed, the kubelet when they are mounted; deletion waits for pods that use a claim.
// Not here: storing claims (object_store.h). Not modelled: zones of volumes, time-outs of binding, volumes per node.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

inline constexpr DurationUs kForceDetachUs = 6 * kMinuteUs;  // a node that does not unmount (docs/behaviour.md)

class Claims {
 public:
  explicit Claims(Context& context) : context_(context) {}

  static bool any(const PodTemplate& tmpl);  // does a pod of it name a claim?
  // Told when all volumes of a pod that mount() could not serve at once are on its node.
  void set_listener(std::function<void(PodId, Seq)> mounted) { mounted_ = std::move(mounted); }
  // The configured claims come to be, bound.
  void start(std::uint64_t& last_object);

  // Why the scheduler can place this pod nowhere at present. `everywhere`: each node says so, and preemption might
  // help.
  struct Refusal {
    std::string reason;  // "" when nothing is in the way
    bool everywhere = false;
  };
  Refusal check(PodId id, const Pod& pod) const;
  // The scheduler has chosen a node: claims that wait for their first consumer get their volumes now.
  void choose(PodId id, const Pod& pod, Seq cause);
  // The choice came to nothing.
  void unchoose(PodId id, const Pod& pod);
  bool bound(const Pod& pod) const;

  // The kubelet of pod.node wants the volumes: true when they are there, else the listener is told later.
  bool mount(PodId id, const Pod& pod, Seq cause);
  void forget_mount(PodId id);

  bool in_use(const std::string& claim) const;  // a scheduled pod names it, so a delete has to wait

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // Appends "claim ns/x waits for: ...".
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kBind, kAttached, kLook, kProtection, kGrow };

  struct Volume {
    std::string name;  // "namespace/name"
    bool provisioning = false;
    bool looks = false;         // the protection controller is about to look
    std::set<PodId> users;      // scheduled, their objects exist
    std::set<PodId> holders;    // of those, not ended
    std::set<PodId> chosen;     // the scheduler has a node for them
    std::set<PodId> mounted;    // have it on that node
    std::string node;           // where it is attached
    TimeUs released_us = 0;     // since when nobody holds it there
    std::deque<PodId> waiting;  // want it on another node, or want it first
    bool moving = false;        // waiting.front() is being served
    std::uint64_t moves = 0;
    std::uint64_t growths = 0;
  };

  static std::vector<std::string> names(const Pod& pod);
  std::size_t number(const std::string& claim);
  Volume& volume(const std::string& claim) { return volumes_[number(claim)]; }
  const Volume* find(const std::string& claim) const;
  ManifestPtr object(const std::string& claim) const;
  bool immediate(const ClaimSpec& spec) const;
  bool provisions(const ClaimSpec& spec) const;
  void provision(const std::string& claim, Seq cause);
  void scheduled(PodId id, const Pod& pod);
  void ended(PodId id, const Pod& pod, bool gone, Seq seq);
  void claim_changed(const ClusterState::ObjectChange& change, Seq seq);
  void serve(std::size_t number, Seq cause);
  bool here(const Volume& v, const std::string& node) const;
  DurationUs unmount_delay(const Volume& v) const;
  void attached(std::size_t number, Seq cause);
  void change(Manifest next, Seq cause);

  Context& context_;
  std::function<void(PodId, Seq)> mounted_;
  std::vector<Volume> volumes_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::map<PodId, std::set<std::size_t>> mounts_;  // what a pod still waits for
};

}  // namespace podramp::fakeapi
