// Which executors have been idle for too long: Spark's ExecutorMonitor (02 4.3, S-F1..S-F15). It hears of tasks,
// blocks, jobs and executors as Spark's listener bus tells them, and keeps a list of executors that have timed out,
// which it makes anew only when a deadline passes or an event forces it. Not here: whether they may go
// (dynamic_allocation.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/ids.h"
#include "backend/port/time.h"

namespace podramp::backend {

using ShuffleId = std::int32_t;

// Of an executor that was heard of before it registered (S-F2).
inline constexpr ProfileId kUnknownProfile = -1;

// The reason of a removal that counts as a graceful decommissioning (S-E20), and how others of that kind begin.
inline constexpr std::string_view kDecommissionFinished = "Finished decommission";
inline constexpr std::string_view kDecommissionPrefix = "Executor decommission: ";

struct MonitorSettings {
  DurationUs idle_timeout_us = 60 * kSecondUs;
  DurationUs cached_idle_timeout_us = INT32_MAX * kSecondUs;
  DurationUs shuffle_timeout_us = kNever;
  bool shuffle_service = false;         // spark.shuffle.service.enabled
  bool service_fetches_blocks = false;  // spark.shuffle.service.fetch.rdd.enabled
  bool shuffle_tracking = true;         // counts only without the external service
};

// A stage of a job, and the shuffle it writes, if any.
struct StageShuffle {
  StageId stage = 0;
  std::optional<ShuffleId> shuffle;
};

struct IdleExecutor {
  ExecutorId executor = 0;
  ProfileId profile = kDefaultProfile;
  friend bool operator==(const IdleExecutor&, const IdleExecutor&) = default;
};

// How executors have gone (S-E19, S-E20).
struct RemovalCounts {
  std::int64_t gracefully_decommissioned = 0;
  std::int64_t decommission_unfinished = 0;
  std::int64_t driver_killed = 0;
  std::int64_t exited_unexpectedly = 0;
  friend bool operator==(const RemovalCounts&, const RemovalCounts&) = default;
};

// Spark's executor ids are text: "10" is before "9" (S-F7).
bool comes_before_as_text(ExecutorId a, ExecutorId b);

class ExecutorMonitor {
 public:
  explicit ExecutorMonitor(MonitorSettings settings) : settings_(settings) {}
  void set_settings(const MonitorSettings& settings) { settings_ = settings; }

  // The listener's events. `active`: the scheduler backend knows the executor and is not rid of it (02 4.2).
  void job_started(JobId job, const std::vector<StageShuffle>& stages);
  void job_ended(JobId job);
  void task_started(TimeUs now, ExecutorId executor, bool active);
  void task_ended(TimeUs now, StageId stage, ExecutorId executor, bool success);
  void executor_added(TimeUs now, ExecutorId executor, ProfileId profile);
  void executor_removed(ExecutorId executor, std::string_view reason);
  // A block of an RDD is now stored so; nowhere at all: dropped.
  void block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool memory, bool disk, bool active);
  // A shuffle's data block has moved to this executor (decommissioning of another one).
  void shuffle_block_stored(ExecutorId executor, ShuffleId shuffle, bool active);
  void rdd_unpersisted(std::int32_t rdd);
  // The context cleaner's news; not heard with the external service (S-F11).
  void shuffle_cleaned(ShuffleId shuffle);
  void reset();

  // Timed out at `now`, by id as text; of the list as it was last made (02 4.3).
  const std::vector<IdleExecutor>& timed_out(TimeUs now);
  // The same list without looking at the clock, and how many of it each profile has.
  const std::vector<IdleExecutor>& candidates() const { return candidates_; }
  const std::map<ProfileId, std::int64_t>& candidates_by_profile() const { return candidates_by_profile_; }
  // When the list is made anew: kNever, or a time that may have passed.
  TimeUs next_look_us() const { return next_look_us_; }

  // What the backend has really killed or begun to decommission.
  void killed(const std::vector<ExecutorId>& executors);
  void decommissioned(const std::vector<ExecutorId>& executors);

  std::int64_t count() const { return static_cast<std::int64_t>(executors_.size()); }
  std::int64_t count(ProfileId profile) const { return tally(profile).live; }
  // live - pending removal - decommissioning; one that is both counts twice, as in Spark.
  std::int64_t remaining(ProfileId profile) const;
  bool is_idle(ExecutorId executor) const;
  TimeUs deadline_us(ExecutorId executor) const;
  std::optional<ProfileId> profile_of(ExecutorId executor) const;
  std::set<ExecutorId> pending_removal() const;
  std::set<ExecutorId> decommissioning() const;
  const RemovalCounts& removals() const { return removals_; }

  // Idle at `when` by deadline alone, whatever the list says: for tests and `podramp show`.
  std::vector<ExecutorId> would_time_out(TimeUs when) const;

 private:
  struct Tracker {
    ProfileId profile = kUnknownProfile;
    TimeUs timeout_at_us = kNever;
    bool timed_out = false;  // as the list was last made
    bool pending_removal = false;
    bool decommissioning = false;
    bool has_active_shuffle = false;
    std::optional<TimeUs> idle_since_us;
    std::int64_t running = 0;
    std::map<std::int32_t, std::set<std::int32_t>> cached;  // splits by RDD
    std::set<ShuffleId> shuffles;
    bool is_idle() const { return idle_since_us && !has_active_shuffle; }
  };
  struct Tally {
    std::int64_t live = 0;
    std::int64_t pending_removal = 0;
    std::int64_t decommissioning = 0;
  };

  bool tracks_shuffles() const { return settings_.shuffle_tracking && !settings_.shuffle_service; }
  Tally tally(ProfileId profile) const;
  void add_to_tally(const Tracker& tracker, std::int64_t sign);
  Tracker& ensure_tracked(ExecutorId executor, ProfileId profile);
  void add_running(TimeUs now, Tracker& tracker, std::int64_t delta);
  void update_deadline(Tracker& tracker);
  void activate(Tracker& tracker, const std::set<ShuffleId>& active);
  void look_no_later_than(TimeUs when);
  void look_at_once() { next_look_us_ = INT64_MIN; }

  MonitorSettings settings_;
  std::map<ExecutorId, Tracker> executors_;
  std::map<ProfileId, Tally> tallies_;
  TimeUs next_look_us_ = kNever;
  std::vector<IdleExecutor> candidates_;
  std::map<ProfileId, std::int64_t> candidates_by_profile_;
  std::map<ShuffleId, std::vector<JobId>> jobs_of_shuffle_;
  std::map<StageId, ShuffleId> shuffle_of_stage_;
  std::map<JobId, std::vector<StageId>> stages_of_job_;
  RemovalCounts removals_;
};

}  // namespace podramp::backend
