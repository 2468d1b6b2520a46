// How much work waits and runs, by stage attempt and resource profile: the books of Spark's allocation listener, with
// their oddities (02 4.3): a late task start may push an attempt's pending count below zero for good, and tasks of a
// zombie attempt keep counting. Not here: what is asked for because of it (dynamic_allocation.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "backend/port/ids.h"
#include "backend/port/job.h"

namespace podramp::backend {

struct StageAttempt {
  StageId stage = 0;
  int attempt = 0;
  friend auto operator<=>(const StageAttempt&, const StageAttempt&) = default;
};

// Where executors would be near the data of a stage, or of a profile's stages that are under way.
struct LocalityHints {
  std::int64_t tasks = 0;  // with a preference
  std::map<std::string, std::int64_t> tasks_by_host{};
  friend bool operator==(const LocalityHints&, const LocalityHints&) = default;
};
// By task the hosts it would rather run on; empty for a task without a preference (S-E33, 01 2.3).
LocalityHints locality_hints(const std::vector<std::vector<std::string>>& preferred);

// A set of task indices of one stage attempt.
class IndexSet {
 public:
  void insert(int index);
  void erase(int index);
  std::int64_t size() const { return size_; }

 private:
  std::vector<bool> has_;
  std::int64_t size_ = 0;
};

class TaskBacklog {
 public:
  void stage_submitted(StageAttempt attempt, std::int64_t tasks, ProfileId profile, LocalityHints hints);
  // True: no stage is left whose tasks may be waiting.
  bool stage_completed(StageAttempt attempt);
  // True: no task waits any more, of any profile.
  bool task_started(StageAttempt attempt, int index, bool speculative);
  // True: nothing waited, and a failed task is about to (S-E34).
  bool task_ended(StageAttempt attempt, int index, bool speculative, TaskEnd end);
  void speculative_submitted(StageAttempt attempt, int index);
  void unschedulable_added(StageAttempt attempt) { unschedulable_.insert(attempt); }
  void unschedulable_removed(StageAttempt attempt);

  // Sums over a profile's attempts. pending() is a plain subtraction and may be negative.
  std::int64_t pending(ProfileId profile) const;
  std::int64_t pending_speculative(ProfileId profile) const;
  std::int64_t running(ProfileId profile) const;
  std::int64_t unschedulable(ProfileId profile) const;  // task sets
  bool has_pending() const;
  LocalityHints hints(ProfileId profile) const;

 private:
  struct Placement {
    ProfileId profile = kDefaultProfile;
    LocalityHints hints;
  };
  const std::set<StageAttempt>& attempts_of(ProfileId profile) const;
  std::int64_t pending_of(StageAttempt attempt) const;
  std::int64_t pending_speculative_of(StageAttempt attempt) const;
  void forget_if_unused(StageAttempt attempt);

  // As in Spark an attempt may be in some of these and not in others, and an empty set is still an entry.
  std::map<StageAttempt, std::int64_t> tasks_;
  std::map<StageAttempt, std::int64_t> running_;
  std::map<StageAttempt, IndexSet> started_;
  std::map<StageAttempt, IndexSet> started_speculative_;
  std::map<StageAttempt, IndexSet> pending_speculative_;
  std::map<ProfileId, std::set<StageAttempt>> attempts_;
  std::set<StageAttempt> unschedulable_;
  std::map<StageAttempt, Placement> placements_;
};

}  // namespace podramp::backend
