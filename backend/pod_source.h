// Where the driver learns of its executors' pods (02 2.2, 2.3): one watch, reconnected by the client library after a
// plain close (K86), and a full listing every interval. Both are state machines over api_calls and timers; they turn
// what they hear into snapshot changes. Not here: what a snapshot is and who gets it (snapshots.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/api_calls.h"
#include "backend/snapshots.h"

namespace podramp::backend {

// What both sources read of the application's conf.
struct PodSourceSettings {
  std::string ns;
  std::string app_id;
  bool watch_enabled = true;  // executor.enableApiWatcher
  bool poll_enabled = true;   // executor.enableApiPolling
  DurationUs poll_interval_us = 30 * kSecondUs;
  bool poll_from_cache = false;       // executor.enablePollingWithResourceVersion
  bool watch_skips_inactive = false;  // from 4.1 (SPARK-54188)
  bool watch_bookmarks = true;        // the client library asks for them
  ClassifyOptions classify;
};

// K86: waits between reconnects: initial * 2^min(i, exponent_max), 1 s ... 32 s, for ever.
struct ReconnectPolicy {
  DurationUs initial_us = kSecondUs;
  int exponent_max = 5;
};

// updatePod: always exactly one change, also for a pod without an executor id (02 2.1).
SnapshotChange update_pod(const PodPtr& pod, const ClassifyOptions& options);
// replaceSnapshot: exactly these pods, taken at `now`; pods without an executor id are left out.
SnapshotChange replace_snapshot(const std::vector<PodPtr>& pods, TimeUs now, const ClassifyOptions& options);

class PodWatch {
 public:
  // settings and calls must outlive this; calls are made as CallOwner::watch.
  PodWatch(const PodSourceSettings& settings, ApiCalls& calls, ReconnectPolicy policy = {})
      : settings_(settings), calls_(calls), policy_(policy) {}

  void start(Outbox& out);
  void on_open_reply(TimeUs now, const Completed& completed, Outbox& out);
  void on_reconnect_due(Outbox& out);
  // Every event, whatever its type, is one change; bookmarks only move the resource version.
  std::vector<SnapshotChange> on_events(const in::Watched& watched);
  void on_closed(TimeUs now, const in::WatchClosed& closed, Outbox& out);
  void stop(Outbox& out);

  bool is_open() const { return state_ == State::open; }
  // 410 has ended it (02 2.2): polling only.
  bool is_dead() const { return state_ == State::dead; }

 private:
  enum class State : std::uint8_t { off, opening, open, waiting, dead };
  void open(Outbox& out);
  void lost(TimeUs now, int code, const std::string& why, DurationUs at_least_us, Outbox& out);

  const PodSourceSettings& settings_;
  ApiCalls& calls_;
  ReconnectPolicy policy_;
  State state_ = State::off;
  CallId id_;                           // when open
  std::uint64_t resource_version_ = 0;  // of the last event; 0 before the first
  int reconnects_ = 0;                  // since it was last open
};

class PodPoll {
 public:
  // settings and calls must outlive this; calls are made as CallOwner::poll.
  PodPoll(const PodSourceSettings& settings, ApiCalls& calls) : settings_(settings), calls_(calls) {}

  void start(TimeUs now, Outbox& out);  // the first listing is one interval later
  void on_due(Outbox& out);
  // nullopt: the listing failed, or is older than one accepted before.
  std::optional<SnapshotChange> on_reply(TimeUs now, const ApiReply& reply, Outbox& out);
  void stop(Outbox& out);

 private:
  void arm(TimeUs now, Outbox& out);

  const PodSourceSettings& settings_;
  ApiCalls& calls_;
  bool armed_ = false;
  std::uint64_t accepted_version_ = 0;
};

}  // namespace podramp::backend
