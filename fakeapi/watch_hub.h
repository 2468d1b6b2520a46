// Open watches: who sees which change as what, bookmarks, lifetimes, watchers that do not read (K17-K23, K25, K26).
// Pods are here; of the other kinds, which are few, watch_hub_objects.cpp tells.
// Each watch is a FIFO: an event is due at commit + latency, never before an earlier one; events due at the same
// microsecond leave as one message. A change touches only watches that may care: they are indexed by one label.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/faults.h"
#include "fakeapi/label_index.h"
#include "fakeapi/pod_history.h"

namespace podramp::fakeapi {

class WatchHub {
 public:
  WatchHub(Context& context, const Faults& faults, LabelIndex& index)
      : context_(context), faults_(faults), pods_(index) {}

  // Why a watch cannot start after this version: "too old resource version: A (B)" (K18); absent when it can.
  // Emits HistoryTrimmed when the window has moved since the last one.
  std::optional<std::string> too_old(std::uint64_t rv, Seq cause);
  // Likewise, of another kind.
  std::optional<std::string> too_old(podramp::Kind kind, std::uint64_t rv) const;

  // Opens a watch on the request's namespace and selectors. after_rv absent: synthetic ADDED for what is there (K17);
  // else the changes after it. Nothing is delivered before not_before_us, when the client has its answer. initial: what
  // the synthetic ADDED show, and the version that they are of; absent: what is there now.
  struct Initial {
    std::vector<PodPtr> pods;
    std::uint64_t rv = 0;
  };
  void open(ClientId client, CallId id, const ApiRequest& request, std::optional<std::uint64_t> after_rv,
            TimeUs not_before_us, Seq cause, std::optional<Initial> initial = std::nullopt);
  // The client hangs up: nothing more is delivered. An unknown watch is ignored.
  void release(ClientId client, CallId id);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // watch.expire and api.outage end watches when their window opens.
  void on_window(const FaultSpec& spec, bool opens, Seq seq);

  std::size_t open_watches() const { return watches_.size(); }
  // Watches that a change in this namespace concerns, whatever their selectors (K93).
  int watchers(const std::string& ns) const;
  PodHistory& history() { return history_; }
  const ManifestHistory& history(podramp::Kind kind) const { return histories_[static_cast<std::size_t>(kind)]; }

 private:
  enum Kind : std::uint8_t { kDeliver, kLifetime, kBookmark };
  using Serial = std::uint64_t;

  struct Group {  // events due together
    TimeUs due_us = 0;
    Seq cause = 0;
    std::vector<WatchEvent> events;
  };
  struct Watch {
    ClientId client = 0;
    CallId id;
    podramp::Kind kind = podramp::Kind::pod;
    std::string ns;
    LabelSelector labels;
    FieldSelector fields;
    const Requirement* indexed_by = nullptr;  // in labels; null: in unindexed_
    std::deque<Group> pending;
    std::size_t unread = 0;  // events in pending
    TimeUs ends_us = 0;      // its lifetime
    TimeUs answered_us = 0;  // when the client has the answer that opened it
    TimeUs last_due_us = 0;
    bool closing = false;  // after what is pending
    int close_code = 0;
    std::string close_reason;
  };
  using Bucket = std::vector<Serial>;

  static bool matches(const Watch& watch, const Pod& pod);
  static bool matches(const Watch& watch, const Manifest& object);
  void open_objects(Serial serial, Watch& watch, std::optional<std::uint64_t> after_rv, TimeUs due_us, Seq cause);
  void object_changed(const Fact& fact, Seq seq);
  void show(Serial serial, Watch& watch, const ManifestVersion& version, Seq seq);
  void deliver_later(Serial serial, Watch& watch, const std::string& key, std::uint8_t ordinal, WatchEvent event,
                     Seq seq);
  void show(Serial serial, Watch& watch, const PodVersion& version, PodPtr& last_state, Seq seq);
  void replay(Serial serial, Watch& watch, std::uint64_t after_rv, TimeUs due_us, Seq cause);
  void enqueue(Serial serial, Watch& watch, WatchEvent event, TimeUs due_us, Seq cause);
  void bookmark(Serial serial, Watch& watch, TimeUs due_us, Seq cause, bool initial_end);
  void arm_bookmark(Serial serial, const Watch& watch, Seq cause);
  bool stalled(Serial serial, Watch& watch, Seq cause);
  void deliver(Serial serial, Seq cause);
  void close(Serial serial, int code, std::string reason, Seq cause);
  void erase(Serial serial);
  Bucket& bucket_of(const Watch& watch);
  void add_to_index(Serial serial, Watch& watch);
  void interested(const Pod& pod, Bucket& out) const;

  Context& context_;
  const Faults& faults_;
  LabelIndex& pods_;
  std::map<Serial, Watch> watches_;
  std::map<std::pair<ClientId, std::uint64_t>, Serial> by_call_;
  // Label -> value -> watches.
  std::map<std::string, std::unordered_map<std::string, Bucket>, std::less<>> index_;  // never iterated
  Bucket unindexed_;
  std::array<Bucket, EnumText<podramp::Kind>::names.size()> by_kind_;  // watches of other kinds
  std::array<ManifestHistory, EnumText<podramp::Kind>::names.size()> histories_;
  Bucket candidates_;  // scratch of on_fact
  PodHistory history_;
  std::map<std::string, int> by_namespace_;  // watches; "" for those of all namespaces
  Serial last_serial_ = 0;
};

}  // namespace podramp::fakeapi
