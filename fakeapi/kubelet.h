// The kubelets of all nodes: from "bound to my node" to a running process, its end, graceful deletion, and what
// happens to all that while a node is silent (K58-K66, K72, K75). Not here: pulling images (image_pulls.h), deciding
// that a node is lost (node_lifecycle.h), removing objects (deletion.h), where volumes are (claims.h).
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/image_pulls.h"

namespace podramp::fakeapi {

class Claims;
class Faults;
class InitDownloads;
class Deletion;

class Kubelets {
 public:
  // Becomes the listener of pulls. All three must outlive it.
  Kubelets(Context& context, ImagePulls& pulls, Deletion& deletion);

  // Pods that name claims wait for their volumes; without, such pods start as others do. It must outlive the kubelets.
  void set_claims(Claims& claims);
  // Crash loops and slow disks; without, there are none. It must outlive the kubelets.
  void set_faults(const Faults& faults) { faults_ = &faults; }

  // What init containers fetch; without, they take no time. It must outlive the kubelets.
  void set_downloads(InitDownloads& downloads);

  // Sends ProcessStopped when containers die at once with their node; else only sets timers.
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  // The pod's main process has ended by itself; works for pods that existed at the start too. oom: killed for its
  // memory (K64). A process that is not running is ignored. Pods of policy Always, and OnFailure after a failure, start
  // again in place, with a back-off (K63), unless it is for good.
  void process_exited(PodId pod, int exit_code, Seq cause, bool oom = false, bool for_good = false);

  // The preStop hook of a pod that is to stop has ended; a later word than the end of its grace is ignored.
  void hook_ended(PodId pod, Seq cause);

  // The kernel kills the pod's main process for its memory: 137, OOMKilled (K64).
  void oom_kill(PodId pod, Seq cause);
  // The kubelet itself ends the pod, which stays as Failed with this reason: pressure (K65), shutdown (K76). What is
  // not running, not the node's, or on its way out already, is left alone.
  struct Ending {
    std::int64_t grace_cap_s = 0;  // the pod's own grace if that is shorter
    std::string reason;
    std::string message;
  };
  void terminate(PodId pod, const Ending& ending, Seq cause);
  // From now until the node returns, it takes no pods (K76).
  void shuts_down(const std::string& node) { nodes_[node].shutting_down = true; }

  // Appends "pod ns/x waits for: ..." for bound pods that are neither running nor finished, and for Terminating ones.
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t {
    kSeen,
    kStarted,
    kRunning,
    kReport,
    kKill,
    kDead,
    kResume,
    kShowWaiting,
    kOrphan,
    kRestart,
    kCrash,
    kHookOver
  };
  enum class Stage : std::uint8_t {
    bound,         // the kubelet has not seen it yet
    mounting,      // waits for volumes
    pulling,       // waits for images
    creating,      // sandbox, network, create, start
    initializing,  // waits for what its init containers fetch
    running,       // its process is alive
    dead,          // its process has ended, or will never start; not reported yet
    crashed,       // waits for its next start
  };

  struct Work {
    std::string node;
    Stage stage = Stage::bound;
    bool admitted = false;       // counts on its node
    bool started = false;        // had a process
    bool shown_running = false;  // PodRunning is out
    bool told_to_stop = false;   // SIGTERM is out
    bool gone = false;           // the object is removed, what runs is not
    bool lost = false;           // died with its node
    bool oom = false;
    bool for_good = false;  // whatever its restart policy
    int exit_code = 0;
    int crash_code = 0;         // when a fault ends it
    std::uint64_t starts = 0;   // of its process, in this work
    std::uint32_t crashes = 0;  // that count for the back-off
    TimeUs started_us = 0;      // its present process
    std::uint32_t round = 0;    // timers from before the node's last silence are ignored
    std::size_t images_ready = 0;
    std::size_t inits_done = 0;
    TimeUs hook_until = 0;       // a preStop hook runs, until then at the latest; 0: none has begun
    TimeUs dead_at = kNever;     // when a process that was told to stop is dead
    std::string waiting_reason;  // to be shown
    std::string waiting_message;
    std::string end_reason;  // the kubelet ends it by itself
    std::string end_message;
    std::optional<std::int64_t> end_grace_s;
  };
  struct OnNode {
    bool silent = false;
    bool shutting_down = false;
    std::set<PodId> pods;
    Resources admitted;
    std::int64_t pods_admitted = 0;
  };

  Work* find(PodId id);
  bool silent(const Work& work) const;
  Work& take(PodId id, const std::string& node);
  void count(const Work& work, const Resources& requests, std::int64_t sign);
  void release(Work& work, const Resources& requests);
  void forget(PodId id);
  void arm(Kind kind, const LatencyModel& model, std::string_view stream, PodId id, Seq cause);

  void pod_created(PodId id, const Pod& pod, Seq seq);
  void object_gone(PodId id, Seq seq);
  void node_silent(const fact::NodeSilent& fact, Seq seq);
  void node_returned(const std::string& node, Seq seq);

  void seen(PodId id, Work& work, Seq cause);
  bool admit(PodId id, Work& work, Seq cause);
  std::string why_closed(const Work& work, const PodTemplate& tmpl, std::string& reason) const;
  bool reject(PodId id, const std::string& reason, const std::string& message, Seq cause);
  void mounted(PodId id, Seq cause);
  void pull_images(PodId id, Work& work, Seq cause);
  void pull_news(PodId id, PullNews news, const std::string& message, Seq cause);
  void show_waiting(PodId id, const std::string& reason, const std::string& message, Seq cause);
  void create(PodId id, Work& work, Seq cause);
  bool initializes(PodId id, Work& work, Seq cause);
  void downloaded(PodId id, bool ok, Seq cause);
  void stop_fetching(PodId id, Seq cause);
  void arm_crash(PodId id, Work& work, Seq cause);
  void crash(PodId id, const Work& work, Seq cause);
  void started(PodId id, Work& work, Seq cause);
  void show_running(PodId id, Work& work, Seq cause);
  void kill(PodId id, Work& work, Seq cause);
  bool run_hook(PodId id, Work& work, const Pod& pod, TimeUs kill_at, Seq cause);
  void hook_over(PodId id, Work& work, Seq cause);
  void stop(PodId id, Work& work, TimeUs kill_at, Seq cause);
  void say_end(PodId id, const Work& last, Seq& cause);
  void report_end(PodId id, Work& work, Seq cause);
  bool restarts(const Work& work, const Pod& pod) const;
  void restart(PodId id, Work& work, Seq cause);
  void restart_lost(PodId id, Work& work, Seq cause);
  void resume(PodId id, Work& work, Seq cause);
  void clear_away(PodId id, Work& work, Seq cause);

  Context& context_;
  ImagePulls& pulls_;
  Deletion& deletion_;
  Claims* claims_ = nullptr;
  const Faults* faults_ = nullptr;
  InitDownloads* downloads_ = nullptr;
  std::unordered_map<PodId, Work> works_;  // never iterated
  std::map<std::string, OnNode, std::less<>> nodes_;
};

}  // namespace podramp::fakeapi
