// The life of a request: fault points, the time it takes, the verb, the answer. Decisions: *_verbs.h, watch_hub.h.
//
// A to::Request has arrived at the server now (the sender's network adds latency.request before). It is decided and
// committed after the verb's service time (read or write), and answered latency.reply later. Requests of one client
// that are sent one after another are therefore processed in order; concurrent ones commit as their service times say.
// The client's time-out is counted from arrival: an answer that would be later becomes a transport failure at that
// instant (maybe_committed when a write was committed, K10). Service time and reply are draws of (client, call id).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/faults.h"
#include "fakeapi/manifest_verbs.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/watch_hub.h"

namespace podramp::fakeapi {

class ApiServer {
 public:
  ApiServer(Context& context, const Faults& faults, PodVerbs& verbs, ManifestVerbs& manifests, WatchHub& watches,
            Deletion& deletion)
      : context_(context),
        faults_(faults),
        verbs_(verbs),
        manifests_(manifests),
        watches_(watches),
        deletion_(deletion) {}

  void receive(const to::Request& message, Seq cause);
  // A watch that its client has released before it was open never opens.
  void release(const to::ReleaseWatch& message);

  void on_fact(const Fact&, Seq) {}
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Task : std::uint8_t { kServe };

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
    bool listed = false;               // deletecollection: pods or objects is filled
    std::vector<PodId> pods;           // deletecollection: what is left, last first
    std::vector<std::string> objects;  // likewise, of another kind
  };

  bool refuse_by_fault(const Call& call);
  void serve(std::uint64_t slot, Call& call);
  void serve_watch(const Call& call);
  bool serve_collection(std::uint64_t slot, Call& call);
  void delete_next(Call& call);
  std::string next_deleted(const Call& call) const;
  bool wait_for_version(std::uint64_t slot, Call& call);
  Answer decide(const Call& call);
  Answer decide_manifest(const ApiRequest& request, Seq cause);
  void answer(const Call& call, Answer answer);
  void give_up(const Call& call, Seq cause, bool committed);
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
  std::unordered_map<std::uint64_t, Call> calls_;         // by slot; never iterated
  std::set<std::pair<ClientId, std::uint64_t>> opening_;  // watches that are asked for and not open yet
  std::uint64_t last_slot_ = 0;
};

}  // namespace podramp::fakeapi
