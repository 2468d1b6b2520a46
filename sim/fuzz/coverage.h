// What a run has reached: event types, fault points that did something, refusals by their words. Over many runs the
// types and points that none has reached are holes in the fuzzing (probes, 05 A2).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/event.h"

namespace podramp::sim {

struct Coverage {
  std::map<std::string, std::uint64_t> events;    // by type
  std::map<std::string, std::uint64_t> points;    // of faults, that hit; those that leave no event: windows opened
  std::map<std::string, std::uint64_t> refusals;  // by text class
  void add(const Coverage& other);
};

// Event types that a simulated run can have, in the catalogue's order: all but those that only live runs, served
// clusters or failures have.
std::vector<std::string_view> probes();
// The probes and fault points that are not in it.
std::vector<std::string> unreached(const Coverage& coverage);

// Counts what goes into the log.
class CoverageSink : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override;
  Coverage take() const;

 private:
  std::map<std::string_view, std::uint64_t> events_;  // type names are literals
  std::map<std::string, std::uint64_t> points_;
};

}  // namespace podramp::sim
