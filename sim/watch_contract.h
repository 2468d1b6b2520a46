// The contract of watches, checked for every client on every event (K17, K18, K23, K26): what a watch delivers is what
// happened to the pods that it selects, each change once and in order, until it ends; one that goes on where another
// ended misses nothing. A sink with books of its own, made from facts and inputs. Faults that break the contract on
// purpose (watch.drop, watch.duplicate, api.stale) end the checking of a run.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backend/port/event.h"
#include "fakeapi/cluster_state.h"
#include "sim/properties.h"

namespace podramp::sim {

class WatchContract : public EventSink {
 public:
  // Violations go to the properties.
  explicit WatchContract(Properties& properties) : properties_(properties) {}
  // Where pods' labels are looked up. It must outlive this, and not have applied an event yet when it is appended.
  void look_at(const fakeapi::ClusterState& state) { state_ = &state; }
  void append(const EventRef& event, PodMemory& memory) override;

 private:
  using WatchKey = std::pair<std::string, std::uint64_t>;  // session, call

  struct Change {
    std::uint64_t rv = 0;
    PodPtr pod;             // its labels before, or at its creation
    StringMap labels = {};  // set by the change
    TimeUs at_us = 0;
  };
  struct Watch {
    std::string ns;
    LabelSelector labels;
    bool open = false;
    bool plain = true;                      // no field selector: we know who matches
    std::optional<std::uint64_t> after_rv;  // asked for
    std::uint64_t opened_rv = 0;            // what the synthetic ADDED show
    std::uint64_t last_rv = 0;              // delivered
    const Requirement* indexed_by = nullptr;
    std::deque<std::uint64_t> expected;  // versions not delivered yet
  };

  void on(const EventRef& event, const out::Called& called);
  void on(const EventRef& event, const in::Replied& replied);
  void on(const EventRef& event, const in::Watched& watched);
  void on(const EventRef& event, const in::WatchClosed& closed);
  void on(const EventRef& event, const out::WatchReleased& released);
  void on(const EventRef& event, const out::Exited& exited);
  void on(const EventRef& event, const fault::Fired& fired);
  void on(const EventRef& event, const fact::PodCreated& created);
  void on(const EventRef& event, const fact::PodLabelled& labelled);
  void on(const EventRef& event, const fact::PodEdited& edited);
  template <class T>
  void on(const EventRef& event, const T& data) {
    if constexpr (requires { data.pod.empty(), data.rv; }) changed(event, data.pod, data.rv, {});
  }
  void changed(const EventRef& event, const std::string& pod, std::uint64_t rv, const StringMap& labels);
  void note(Change change);
  static bool selects(const Watch& watch, const Change& change);
  void fail(const EventRef& event, const WatchKey& key, const std::string& what);
  void drop(const WatchKey& key);
  void forget_session(std::string_view session);

  Properties& properties_;
  const fakeapi::ClusterState* state_ = nullptr;
  bool broken_on_purpose_ = false;
  std::map<WatchKey, Watch> watches_;
  // Label -> value -> watches with that requirement, and those without any.
  std::map<std::string, std::unordered_map<std::string, std::vector<WatchKey>>, std::less<>> index_;  // never iterated
  std::vector<WatchKey> unindexed_;
  std::deque<Change> changes_;  // the newest, for watches that resume; each keeps a pod alive
  std::uint64_t forgotten_rv_ = 0;
};

}  // namespace podramp::sim
