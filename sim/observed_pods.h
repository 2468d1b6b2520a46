// How long things took as drivers saw them: the round trips of their requests, and their executors' pods from the
// answered create to the end of their objects. From inputs and decisions alone, so from live logs too (they have no
// facts). Next: latency_fit.h, which makes latency models of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/event.h"
#include "backend/port/json_writer.h"

namespace podramp::sim {

// All durations in microseconds, in the order in which they came to an end.
struct Observed {
  std::vector<DurationUs> writes;      // a create, patch or delete of a driver until its answer
  std::vector<DurationUs> reads;       // a get or list likewise
  std::vector<DurationUs> bound;       // create answered -> the watch shows a node
  std::vector<DurationUs> running;     // that -> it shows the pod Running
  std::vector<DurationUs> registered;  // that -> the executor registers
  std::vector<DurationUs> stopped;     // delete asked for a running pod -> the watch shows its object gone
};

class ObservedPods final : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override;
  const Observed& observed() const { return observed_; }

 private:
  struct PodView {
    std::optional<TimeUs> answered;
    std::optional<TimeUs> bound;
    std::optional<TimeUs> running;
    std::optional<TimeUs> delete_asked;
    bool registered = false;
  };
  struct Call {
    TimeUs at = 0;
    bool writes = false;
    std::string pod;  // of a create: its key
  };
  using ByName = std::map<std::string, PodView>;

  void called(const std::string& by, TimeUs t, const out::Called& called);
  void replied(const std::string& by, TimeUs t, const in::Replied& replied);
  void watched(const std::string& by, TimeUs t, const WatchEvent& event);
  void registered(const std::string& by, TimeUs t, ExecutorId executor);

  Observed observed_;
  std::map<std::string, ByName> pods_;  // by application, then by pod
  std::map<std::pair<std::string, std::uint64_t>, Call> calls_;
};

}  // namespace podramp::sim
