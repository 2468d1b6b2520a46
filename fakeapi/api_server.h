// The life of a request: fault points, its seat (flow_control.h), the time it takes, the verb (*_verbs.h, pod_lists.h,
// watch_hub.h), the answer. It arrives latency.request after it was sent; with a seat it is decided and committed after
// its service time (read or write) and answered latency.reply later, so concurrent ones commit as their times say.
// The client's time-out counts from arrival: a later answer is a transport failure then (maybe_committed when a write
// was committed, K10). Service time and reply are draws of (client, call id).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/faults.h"
#include "fakeapi/flow_control.h"
#include "fakeapi/manifest_lists.h"
#include "fakeapi/manifest_verbs.h"
#include "fakeapi/node_verbs.h"
#include "fakeapi/pod_lists.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/quota_line.h"
#include "fakeapi/watch_hub.h"

namespace podramp::fakeapi {

class ApiServer {
 public:
  ApiServer(Context& context, const Faults& faults, PodVerbs& verbs, ManifestVerbs& manifests, WatchHub& watches,
            Deletion& deletion, const Admission& admission)
      : context_(context),
        faults_(faults),
        verbs_(verbs),
        manifests_(manifests),
        watches_(watches),
        deletion_(deletion),
        admission_(admission),
        lists_(context, verbs, watches.history()),
        manifest_lists_(context),
        flow_(context.config().profile) {}

  // The next client's user, in the order of its ids (K90).
  void add_client(std::string_view user) { flows_.push_back(flow_of(user)); }

  // Without them nodes are only read.
  void set_nodes(NodeVerbs& nodes) { nodes_ = &nodes; }

  void receive(const to::Request& message, Seq cause);
  // The world's answer to from::SendReply; false when that was somebody else's.
  bool reply_sent(PullId reply);
  // A watch that its client has released before it was open never opens.
  void release(const to::ReleaseWatch& message);

  void on_fact(const Fact&, Seq) {}
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Task : std::uint8_t { kServe, kQueueEnds, kSeatsFree, kAdjust, kQuotaWritten, kSendingEnds };

  struct Call {
    ClientId client = 0;
    CallId id;
    ApiRequest request;
    int attempt = 1;
    Seq cause = 0;
    TimeUs arrived_us = 0;
    bool too_slow = false;             // its service time is beyond the time-out: it is given up, uncommitted
    bool lose_answer = false;          // K10
    bool waited = false;               // K16
    bool lost = false;                 // it never arrives
    bool listed = false;               // deletecollection: pods or objects is filled
    std::vector<PodId> pods;           // deletecollection: what is left, last first
    std::vector<std::string> objects;  // likewise, of another kind
    std::optional<Answer> sending;     // a list that is on its way through the server's link
  };

  bool refuse_by_fault(const Call& call);
  FlowWork work_of(const ApiRequest& request) const;
  void take_seat(std::uint64_t slot);
  void start_seated();
  void start(std::uint64_t slot, Call& call);
  void queue_ends(std::uint64_t slot, Call& call);
  void end(std::uint64_t slot);
  void arm_adjustment();
  void adjust(Seq cause);
  bool waits_for_quota(std::uint64_t slot, const Call& call);
  void write_quota(const std::string& ns);
  void quota_written(const std::string& ns);
  DurationUs staleness(Call& call);
  void serve(std::uint64_t slot, Call& call);
  void serve_watch(Call& call);
  bool serve_collection(std::uint64_t slot, Call& call);
  void delete_next(Call& call);
  std::string next_deleted(const Call& call) const;
  bool wait_for_version(std::uint64_t slot, Call& call);
  Answer decide(Call& call);
  Answer decide_pod_create(const ApiRequest& request, Seq cause);
  Answer decide_manifest(const ApiRequest& request, Seq cause);
  bool send_bytes(std::uint64_t slot, Call& call, Answer& answer);
  void sending_ends(std::uint64_t slot, Call& call);
  Answer decide_node(const ApiRequest& request, Seq cause);
  std::optional<ApiReply> refuse_namespace(const ApiRequest& request) const;
  void answer(const Call& call, Answer answer);
  void give_up(const Call& call, Seq cause, bool committed);
  static std::string target_name(const ApiRequest& request);
  Seq note_refusal(const Call& call, const ApiReply& reply, Seq cause);
  void send(const Call& call, TimeUs at, Seq cause, ApiReply reply);
  DurationUs reply_latency(const Call& call) const;
  DurationUs draw(const LatencyModel& model, std::string_view stream, const Call& call) const;
  TimeUs deadline(const Call& call) const;

  Context& context_;
  const Faults& faults_;
  PodVerbs& verbs_;
  ManifestVerbs& manifests_;
  WatchHub& watches_;
  Deletion& deletion_;
  const Admission& admission_;
  PodLists lists_;
  ManifestLists manifest_lists_;
  NodeVerbs* nodes_ = nullptr;
  FlowControl flow_;
  std::vector<Flow> flows_;  // by client
  bool adjustment_armed_ = false;
  QuotaLine quota_line_;
  std::vector<std::string> quota_namespaces_;             // whose charges have been written so far: index of a timer
  std::unordered_map<std::uint64_t, Call> calls_;         // by slot; never iterated
  std::set<std::pair<ClientId, std::uint64_t>> opening_;  // watches that are asked for and not open yet
  std::uint64_t last_slot_ = 0;
};

}  // namespace podramp::fakeapi
