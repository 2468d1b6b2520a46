// Image pulls of all nodes: who waits for which image, whose turn it is, what the registry may be asked, back-off
// after failures. Moving the bytes is the world's work (from::StartPull). Next: kubelet.h, which is the customer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/image_layers.h"
#include "fakeapi/token_bucket.h"

namespace podramp::fakeapi {

// What a pod that waits for an image is told.
enum class PullNews : std::uint8_t {
  ready,        // the image is on the node
  failed,       // this attempt failed: ErrImagePull
  backing_off,  // the next attempt waits: ImagePullBackOff
  never_pull,   // policy Never and the image is not there: ErrImageNeverPull
};

class ImagePulls {
 public:
  // message is what the kubelet shows. Called from on_timer, pull_ended or need; may emit.
  using Listener = std::function<void(PodId pod, PullNews news, const std::string& message, Seq cause)>;
  // The fault points of pulls: should this attempt (from 1) fail at this registry?
  using FailHook = std::function<bool(std::string_view node, std::string_view image, int registry, int attempt)>;

  explicit ImagePulls(Context& context);

  void set_listener(Listener listener) { listener_ = std::move(listener); }
  // Asked once per attempt and registry, mirrors first, until one does not fail; for an image of 0 bytes, once per pod
  // until an attempt has to be made.
  void set_fail_hook(FailHook hook) { fail_hook_ = std::move(hook); }

  // A pod on a node needs an image. True: it is there, go on. False: the listener will be told, once or more often,
  // the last time with ready. Asking again is fine, and due when the node is back. policy as in the container; "" is
  // Always for ":latest" and IfNotPresent else (K60). An image that is not listed, or has 0 bytes, counts as present.
  bool need(PodId pod, const std::string& node, const std::string& image, const std::string& policy, Seq cause);
  // The pod does not wait any more. A pull that nobody waits for is given up. Not from on_fact.
  void cancel(PodId pod, const std::string& node, Seq cause);

  // The world's answer to from::StartPull.
  void pull_ended(PullId pull, bool ok, Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  // Appends "image X on node N waits for: ..." lines.
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kRetry, kAnswered, kShowBackOff, kUnpacked };

  struct Job {                // one image on one node
    std::vector<PodId> pods;  // who waits, in order of arrival
    bool queued = false;      // in the node's queue
    bool running = false;
    bool check_only = false;   // policy Always and present: asks the registry, moves nothing
    bool doomed = false;       // the running attempt will fail (fault point pull.fail)
    bool interrupted = false;  // the node fell silent meanwhile
    bool unpacking = false;    // the transfer is over, the disk is not
    PullId pull = 0;           // of the running attempt, 0 when it moves nothing
    std::int64_t bytes = 0;    // that it moves
    int attempt = 0;
    int failures = 0;  // in a row, for the back-off
    std::uint32_t number = 0;
    Seq cause = 0;
  };
  struct NodePulls {
    TokenBucket registry;
    std::deque<std::string> queue;
    std::map<std::string, Job, std::less<>> jobs;
    int running = 0;
    TimeUs disk_free_us = 0;  // when what was pulled before is unpacked
  };
  using Place = std::pair<std::string, std::string>;  // node, image

  NodePulls& pulls_of(const std::string& node);
  Job* find_job(const Place& place);
  bool silent(const std::string& node) const;
  int registry_of(std::string_view image) const;
  std::vector<int> mirrors_of(int registry, const std::string& node) const;
  std::optional<int> answering_registry(const Place& place, int attempt) const;
  void enqueue(const Place& place, Job& job);
  void start_next(const std::string& node);
  void start(const Place& place, Job& job);
  void answered(const Place& place, Seq cause);
  bool unpack(const Place& place, Job& job, Seq cause);
  void unpacked(const Place& place, Seq cause);
  void stop(const Place& place, Job& job);
  void attempt_failed(const Place& place, const std::string& why, Seq cause);
  void attempt_interrupted(const Place& place, Seq cause);
  void finished(const Place& place, Seq cause);
  void drop(const Place& place);
  void tell(std::vector<PodId> pods, PullNews news, const std::string& message, Seq cause);
  void set_timer(Kind kind, DurationUs delay, const Job& job, Seq cause);

  Context& context_;
  Listener listener_;
  FailHook fail_hook_;
  ImageLayers layers_;
  std::map<std::string, std::uint32_t, std::less<>> node_index_;
  std::map<std::string, NodePulls, std::less<>> nodes_;
  std::map<PullId, Place> running_;
  std::map<std::uint32_t, Place> places_;  // of jobs, by number
  std::uint32_t jobs_made_ = 0;
  PullId pulls_made_ = 0;
};

}  // namespace podramp::fakeapi
