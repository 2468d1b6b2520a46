#include "sim/report/life_phases.h"

#include <algorithm>

namespace podramp::sim {
namespace {

// Instants in the order of a life; an absent one is passed over, one before its predecessor is moved up to it.
class PhaseCutter {
 public:
  PhaseCutter(std::string_view first, TimeUs begin_us, TimeUs over_us) : name_(first), at_(begin_us), over_(over_us) {}
  void enter(std::string_view name, const std::optional<TimeUs>& t) {
    if (!t || *t >= over_) return;
    close(std::max(at_, *t));
    name_ = name;
  }
  std::vector<Phase> finish() {
    close(std::max(at_, over_));
    return std::move(phases_);
  }

 private:
  void close(TimeUs t) {
    if (t > at_) phases_.push_back({name_, at_, t});
    at_ = t;
  }

  std::string_view name_;
  TimeUs at_;
  TimeUs over_;
  std::vector<Phase> phases_;
};

// The first of those that are there.
std::optional<TimeUs> earliest(std::initializer_list<std::optional<TimeUs>> instants) {
  std::optional<TimeUs> first;
  for (const auto& t : instants) {
    if (t && (!first || *t < *first)) first = t;
  }
  return first;
}

}  // namespace

std::vector<Phase> phases_of(const ExecutorRow& row, TimeUs end_us) {
  // Without facts the log shows neither a pod's end nor its object's: then the driver's word counts.
  std::optional<TimeUs> over = row.gone_us ? row.gone_us : row.finished_us;
  if (!over && row.stage == Stage::ended) over = row.removed_us ? row.removed_us : row.asked_us;
  if (!over && !row.stored_us) over = row.removed_us;
  PhaseCutter cut("api", row.asked_us, over.value_or(end_us));
  cut.enter("scheduling", row.stored_us);
  cut.enter("kubelet", row.bound_us);
  cut.enter("image pull", row.pull_started_us);
  cut.enter("start", row.pulled_us);
  cut.enter("registration", row.running_us);
  cut.enter("serving", row.registered_us);
  const auto ending = earliest({row.terminating_us, row.finished_us});
  if (row.lost_us && (!ending || *row.lost_us < *ending)) cut.enter("lost", row.lost_us);
  cut.enter("ending", ending);
  return cut.finish();
}

std::vector<Phase> phases_of(const PodLife& pod, TimeUs end_us) {
  PhaseCutter cut("scheduling", pod.created_us, pod.gone_us.value_or(end_us));
  cut.enter("start", pod.bound_us);
  cut.enter("running", pod.running_us);
  cut.enter("ending", pod.finished_us);
  return cut.finish();
}

}  // namespace podramp::sim
