// THE CATALOGUE: every type of event that a log can hold, and the ledger that numbers them.
// One line of the log is {"seq":..,"t":..,"type":"family.what_happened","by":"..","cause":..,"key":"..","data":{..}}.
// Families: in, out (decisions), fact (world), fault, check, note, run. Next: json_writer.h, event_json.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "backend/port/fact.h"
#include "backend/port/step.h"

namespace podramp {

namespace detail {

template <class... Variants>
struct Join;
template <class... A>
struct Join<std::variant<A...>> {
  using Owned = std::variant<A...>;
  using Ref = std::variant<const A*...>;
};
template <class... A, class... B, class... Rest>
struct Join<std::variant<A...>, std::variant<B...>, Rest...> : Join<std::variant<A..., B...>, Rest...> {};

using Catalogue = Join<Input, Effect, Fact,
                       std::variant<fault::Fired, fault::WindowOpened, fault::WindowClosed, check::Failed, check::Seen,
                                    note::Text, run::Checkpoint, run::Requested>>;

}  // namespace detail

using EventData = detail::Catalogue::Owned;  // one event's data, owned
using DataRef = detail::Catalogue::Ref;      // the same, borrowed while an event is being appended

template <class... V>
DataRef ref(const std::variant<V...>& data) {
  // Naming the alternative spares the compiler an overload resolution over the whole catalogue per type.
  return std::visit([]<class T>(const T& one) { return DataRef(std::in_place_type<const T*>, &one); }, data);
}
template <class T>
requires requires { T::kType; }
DataRef ref(const T& data) { return DataRef(std::in_place_type<const T*>, &data); }

std::string_view type_name(const DataRef& data);

// An event as observers see it while it is appended; everything in it is borrowed.
struct EventRef {
  Seq seq = 0;
  TimeUs t = 0;
  std::string_view by;   // who: an application's name, "apiserver", "scheduler", "kubelet", ...
  Seq cause = 0;         // the event that led to this one, 0 for none
  std::string_view key;  // what it is about: "pods/ns/name", "nodes/name", "call/17", ""
  DataRef data;
};

// An event read back from a log.
struct Event {
  Seq seq = 0;
  TimeUs t = 0;
  std::string by;
  Seq cause = 0;
  std::string key;
  EventData data;
  EventRef ref() const;
};

class PodMemory;  // json_writer.h: which objects a session has already been shown

// Receives every event in order. memory is the session's for in.* and out.*, the world's for the rest.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void append(const EventRef& event, PodMemory& memory) = 0;
};

// Numbers events and hands them to its sinks. The one place where seq is made.
class Ledger {
 public:
  explicit Ledger(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}

  TimeUs now() const { return now_; }
  void set_now(TimeUs now) { now_ = now; }
  Seq last_seq() const { return seq_; }
  void set_last_seq(Seq seq) { seq_ = seq; }  // replay only: numbers go on as in the log that is replayed

  Seq append(std::string_view by, Seq cause, std::string_view key, const DataRef& data, PodMemory& memory) {
    const EventRef event{++seq_, now_, by, cause, key, data};
    for (EventSink* sink : sinks_) sink->append(event, memory);
    return event.seq;
  }

 private:
  std::vector<EventSink*> sinks_;
  Seq seq_ = 0;
  TimeUs now_ = 0;
};

}  // namespace podramp
