// Events, as the real components write them for people: Scheduled, Pulling, Killing, NodeNotReady, ... Only where the
// configuration asks for them (records_events), because each is an object with a version of its own. Which fact makes
// which event: event_words.cpp. Equal ones are counted up in one object, which goes an hour after the last of them
// (kube-apiserver's --event-ttl). Not modelled: the client's filter against floods of events about one object.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "fakeapi/context.h"
#include "fakeapi/object_store.h"

namespace podramp::fakeapi {

// One event before it is an object.
struct EventNote {
  std::string kind = "Pod";  // of the object that it is about
  std::string api_version = "v1";
  std::string ns;
  std::string name;
  std::string uid;
  std::string field_path;  // "spec.containers{spark}"
  bool warning = false;
  std::string reason;
  std::string message;
  std::string component;
  std::string host;  // the kubelet's node
};

class EventRecorder {
 public:
  EventRecorder(Context& context, ObjectStore& store) : context_(context), store_(store) {}

  // by: the part that emits the fact.
  void on_fact(std::string_view by, const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Task : std::uint8_t { kWrite, kExpire };
  struct Known {
    std::string name;  // "namespace/name" of the object
    std::int64_t count = 0;
    TimeUs first_us = 0;
    TimeUs last_us = 0;
  };
  struct Words;  // one overload per fact, event_words.cpp

  void note(EventNote note, Seq cause);
  bool takes_events(const std::string& ns) const;
  void write(const EventNote& note, Seq cause);
  void expire(std::uint64_t serial, Seq cause);

  Context& context_;
  ObjectStore& store_;
  std::deque<std::pair<EventNote, Seq>> noted_;   // to be written when the timer is due
  std::map<std::string, std::uint64_t> serials_;  // of events that are stored, by what makes them equal
  std::map<std::uint64_t, std::pair<std::string, Known>> known_;
  std::map<std::pair<std::string, std::string>, std::pair<TimeUs, std::int64_t>> pulls_;  // (node, image): since, bytes
  std::set<std::string> pulled_;  // pods that wait for nothing more of their images, to be told when they run
  std::uint64_t last_serial_ = 0;
};

// The object of an event: kind Event, its fields as extra_json. Its times and count are data ("first_us", "last_us",
// "count"), because only who shows it knows the wall clock.
Manifest event_document(const EventNote& note, std::string_view name);

}  // namespace podramp::fakeapi
