// What a published fact is compared with: a figure of a run, taken from its events. Who needs it: published.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/port/event.h"
#include "sim/kpis.h"
#include "sim/published_fact.h"

namespace podramp::sim {

// Listens to a run for some measures.
class Measurer : public EventSink {
 public:
  explicit Measurer(std::vector<Measure> measures);
  void append(const EventRef& event, PodMemory& memory) override;
  // In thousandths; absent: what is measured did not happen.
  std::optional<std::int64_t> value_milli(std::size_t measure, const Kpis& kpis,
                                          const std::map<std::string, Kpis>& applications) const;

 private:
  struct Pattern {
    std::string type;
    std::string key_part;
  };
  struct Seen {
    Measure measure;
    Pattern event;
    Pattern to;
    std::vector<TimeUs> at;  // of event
    std::optional<TimeUs> to_at;
  };
  static Pattern pattern(const std::string& text);
  static bool matches(const Pattern& pattern, const EventRef& event);
  void note_pod(const EventRef& event);

  std::vector<Seen> seen_;
  bool wants_pods_ = false;
  std::unordered_map<std::string, TimeUs> created_;  // "namespace/name" of pods that do not run yet; never iterated
  std::vector<DurationUs> starts_;
};

}  // namespace podramp::sim
