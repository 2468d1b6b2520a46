// The RunRecord of a run that goes on: what a report would read from its log if that ended now. Listens to the run and
// decides nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/report/record_folder.h"
#include "sim/report/run_record.h"
#include "sim/scenario.h"
#include "sim/wait_slices.h"

namespace podramp::sim {

class LiveRecord {
 public:
  // Errors: an application of the scenario cannot be built.
  static Result<std::unique_ptr<LiveRecord>> of(const Scenario& scenario);
  LiveRecord(const LiveRecord&) = delete;
  LiveRecord& operator=(const LiveRecord&) = delete;

  void append(const EventRef& event, PodMemory& memory);
  std::uint64_t events() const { return events_; }  // so far
  // now: not before the last event. over: the run goes on no longer. Costs time in proportion to executors and rounds.
  RunRecord at(TimeUs now, bool over);

 private:
  explicit LiveRecord(const Scenario& scenario);

  RunRecord record_;
  WaitSlices slices_;
  std::unique_ptr<RecordFolder> folder_;
  std::uint64_t events_ = 0;
};

}  // namespace podramp::sim
