// Queues that admit pods within what they have, as Kueue does with plain pods: a pod with a queue's name waits behind
// a scheduling gate until the queue has room for it, or for its whole group. Unlike a ResourceQuota it refuses
// nothing. docs/behaviour.md, "Other schedulers". Who adds the gate: pod_verbs.cpp.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

inline constexpr std::string_view kQueueLabel = "kueue.x-k8s.io/queue-name";
inline constexpr std::string_view kQueueGate = "kueue.x-k8s.io/admission";
inline constexpr std::string_view kQueueGroupLabel = "kueue.x-k8s.io/pod-group-name";
inline constexpr std::string_view kQueueGroupCount = "kueue.x-k8s.io/pod-group-total-count";  // annotation

// The gates that a pod has when it is stored: its template's, and the queues'.
std::vector<std::string> first_gates(const Pod& pod, const ClusterConfig& config);

class AdmissionQueues {
 public:
  explicit AdmissionQueues(Context& context) : context_(context) {}

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // "queue batch waits for: 3 pods in it; used: cpu=8, it has cpu=8".
  void waiting(std::vector<std::string>& lines) const;

 private:
  struct Use {
    Resources amounts;
    std::int64_t pods = 0;
  };
  using Order = std::tuple<std::int64_t, PodId>;  // minus its priority, then by age
  struct Queue {
    const AdmissionQueueSpec* spec = nullptr;
    Use used;
    std::map<Order, PodId> waiting;
  };
  struct Member {  // of a queue
    std::string queue;
    Resources requests;
    bool admitted = false;
  };

  void pod_created(PodId id, const Pod& pod, Seq seq);
  void pod_left(PodId id, const Pod& pod, Seq seq);
  void arm(Seq cause);
  void admit_from(Queue& queue, Seq cause);
  std::vector<PodId> unit_of(const Queue& queue, PodId id) const;
  bool has_room(const Queue& queue, const std::vector<PodId>& unit) const;
  static void count(Use& use, const Resources& requests, std::int64_t sign);
  Queue* find(const std::string& name);

  Context& context_;
  std::map<std::string, Queue> queues_;
  std::unordered_map<PodId, Member> members_;  // never iterated
  std::uint64_t rounds_ = 0;
  bool armed_ = false;
};

}  // namespace podramp::fakeapi
