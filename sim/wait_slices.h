// Where an executor's wait went, second by second: from the moment the application wanted one more executor until this
// one registered, cut into slices that each have a reason. Folds a log's events; a Projection beside it keeps the
// executors' own instants. Not here: what people read (explain.h).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/projection.h"

namespace podramp::sim {

enum class WaitReason : std::uint8_t {
  backlog_timer,   // dynamic allocation had not raised the target yet (02 4.3)
  round,           // the allocator's next round had not come (batch.delay)
  batch,           // allocation.batch.size: others were created first
  creating,        // its round was creating others; creates are serial (02 1.4)
  pending_cap,     // allocation.maxPendingPods
  profile_share,   // the profile's part of the free pending slots
  unacknowledged,  // T1: a created pod was in no snapshot yet
  claims,          // no claim was free to be reused
  quota,           // refused: exceeded quota
  refused,         // refused otherwise
  api_error,       // the API server failed or could not be reached
  api,             // its own create was under way, or the request for its set
  controller,      // its StatefulSet or Deployment was to have it, and its controller had not made its pod
  scheduler,       // stored, not looked at yet
  unschedulable,   // no node fitted
  autoscaler,      // ... and an autoscaler was to bring one, or could not
  kubelet,         // bound: the kubelet's start path
  image_pull,
  start,         // the image was there, the container not up
  registration,  // the JVM came up and registered
  unknown,       // the log has no facts, or the executor's end came first
};
inline constexpr std::size_t kWaitReasons = 21;
}  // namespace podramp::sim

template <>
struct podramp::EnumText<podramp::sim::WaitReason> {
  static constexpr std::array<std::string_view, podramp::sim::kWaitReasons> names{
      "backlog_timer", "round",      "batch",   "creating",   "pending_cap", "profile_share", "unacknowledged",
      "claims",        "quota",      "refused", "api_error",  "api",         "controller",    "scheduler",
      "unschedulable", "autoscaler", "kubelet", "image_pull", "start",       "registration",  "unknown"};
};

namespace podramp::sim {

struct WaitSlice {
  WaitReason reason = WaitReason::unknown;
  TimeUs from_us = 0;
  TimeUs to_us = 0;
  friend bool operator==(const WaitSlice&, const WaitSlice&) = default;
};

// How a wait ended.
enum class WaitEnd : std::uint8_t {
  registered,
  ended,        // the executor ended before it registered
  open,         // it was on its way when the log ended
  refused,      // its create was: the place in the target passed on to another id, whose wait holds this one's
  never_asked,  // no create was ever sent for this place in the target, or no pod made by its set: the row has no id
};

}  // namespace podramp::sim

template <>
struct podramp::EnumText<podramp::sim::WaitEnd> {
  static constexpr std::array<std::string_view, 5> names{"registered", "ended", "open", "refused", "never_asked"};
};

namespace podramp::sim {

// One executor's wait. Slices follow each other without gap or overlap from wanted_us to until_us.
struct ExecutorWait {
  std::string application;
  ExecutorRow row;
  WaitEnd end = WaitEnd::open;
  TimeUs wanted_us = 0;
  TimeUs until_us = 0;
  std::vector<WaitSlice> slices;
};

class Cutter;  // makes slices (wait_slices.cpp)

// The time by reason.
std::map<WaitReason, DurationUs> sum(const std::vector<WaitSlice>& slices);

// Told of every event of a run, in order; then asked once, or of a run that goes on as often as one likes.
class WaitSlices {
 public:
  // Names an application before its first event, as for a Projection.
  void add_application(const std::string& name, const std::string& app_id, std::int64_t initial_executors);
  void append(const EventRef& event);
  // By application: every executor that was asked for, as rows of a Projection, then what was wanted and never asked
  // for.
  std::vector<ExecutorWait> finish();
  // The same as if the run ended at this time, not before the last event; it may go on.
  std::vector<ExecutorWait> waits_until(TimeUs t);

 private:
  // A place in the target that no create has been sent for yet.
  struct Want {
    TimeUs wanted_us = 0;
    std::optional<TimeUs> targeted_us;  // absent while only dynamic allocation's need covers it
  };
  struct Asked {
    Want want;
    ProfileId profile = kDefaultProfile;
    bool live = true;                    // not given up
    std::optional<TimeUs> refused_us{};  // its want passed on
  };
  struct RoundOfProfile {
    TimeUs started_us = 0;
    TimeUs ended_us = 0;
    WaitReason limit = WaitReason::round;  // of what the profile still lacked
  };
  struct Profile {
    std::int64_t target = 0;
    std::int64_t needed = 0;
    std::int64_t live = 0;  // created or being created, not given up, not forgotten
    std::deque<Want> wants;
    std::vector<RoundOfProfile> rounds;
  };
  using Row = std::size_t;  // of the application's, in the Projection
  struct App {
    std::size_t index = 0;
    std::map<ProfileId, Profile> profiles;
    std::map<Row, Asked> asked;  // every one
    std::map<CallId, Row> creates;
    std::vector<ExecutorWait> unmet;  // of sets, when the application stopped
    std::int64_t initial = 0;
    std::optional<Row> creating;
  };

  void set_targets(App& app, const std::map<ProfileId, std::int64_t>& targets);
  void on_called(App& app, const out::Called& called);
  void on_replied(App& app, const in::Replied& replied);
  void on_round(App& app, const out::RoundDone& round);
  void follow_set(const std::string& pod, const std::optional<Projection::Place>& before);
  void take(App& app, Row row);
  void give_up(App& app, Row row, bool wanted_since_then);
  void over(App& app);
  const ApplicationView& view(const App& app) const { return projection_.applications()[app.index]; }
  std::optional<Row> row_of(const App& app, ExecutorId id);
  ExecutorWait wait_of(const App& app, Row row) const;
  ExecutorWait wait_of_nobody(const App& app, ProfileId profile, const Want& want) const;
  void balance(Profile& profile);
  std::vector<WaitSlice> slices_of(const App& app, const ExecutorRow& row, const Want& want, TimeUs until_us) const;
  void cut_rounds(const App& app, const ExecutorRow& row, Cutter& cut) const;
  void cut_holds(const App& app, const ExecutorRow& row, Cutter& cut) const;
  void cut_unschedulable(const ExecutorRow& row, Cutter& cut) const;

  Projection projection_;
  std::map<std::string, App, std::less<>> apps_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<TimeUs>, std::less<>> came_;  // when pods could come to an autoscaler's machine
  bool autoscaled_ = false;                                       // it has tried
  TimeUs now_ = 0;
};

}  // namespace podramp::sim
