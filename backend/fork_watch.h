// One watch of the fork's client library (01 1.9, 12): a cut connection is opened again from the last version seen,
// after 1, 2, 4 ... 32 s; one that is too old (410) is gone for good, which nobody handles (Q07). What its events mean
// is said elsewhere: fork_driver.cpp for executors, fork_shuffle.h for shuffle pods.
#pragma once

#include <optional>
#include <string>

#include "backend/api_calls.h"

namespace podramp::backend {

class ForkWatch {
 public:
  ForkWatch(std::string ns, LabelSelector selector, std::uint64_t timer_arg)
      : ns_(std::move(ns)), selector_(std::move(selector)), timer_arg_(timer_arg) {}

  // Opens it from what is there now (everything comes as ADDED), or from a version. The call that asks for it.
  CallId open(ApiCalls& calls, Outbox& out) { return open_from("", calls, out); }
  CallId open_from(const std::string& version, ApiCalls& calls, Outbox& out);
  // The answer to open. False: it did not open; the first opening is then not tried again.
  bool opened(TimeUs now, const Completed& completed, Outbox& out);
  std::optional<CallId> on_reconnect_due(ApiCalls& calls, Outbox& out);
  // Whether the events are of this watch while it is open; remembers their version.
  bool takes(const in::Watched& watched);
  // True when it has just died of a 410.
  bool on_closed(TimeUs now, const in::WatchClosed& closed, Outbox& out);
  void close(Outbox& out);

  bool is_open() const { return state_ == State::open; }
  bool is_dead() const { return state_ == State::dead; }
  bool was_open() const { return was_open_; }
  const std::string& ns() const { return ns_; }
  const LabelSelector& selector() const { return selector_; }

 private:
  enum class State : std::uint8_t { off, opening, open, waiting, dead };
  void lost(TimeUs now, int code, Outbox& out);

  std::string ns_;
  LabelSelector selector_;
  std::uint64_t timer_arg_;
  State state_ = State::off;
  CallId id_;
  std::string version_;  // of the last event
  int reconnects_ = 0;
  bool was_open_ = false;
};

}  // namespace podramp::backend
