// What a driver asked the API server of its executors, whoever it was: the backend of a run, as its events tell, or a
// real Spark driver, as an audit log of the API server tells. Next: against.h, which lays two of them side by side.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/event.h"
#include "backend/port/json_writer.h"
#include "backend/port/status.h"

namespace podramp::sim {

enum class DriverVerb : std::uint8_t { create, remove, remove_all };

struct DriverCall {
  TimeUs at = 0;        // asked; of an audit log counted from the second of its first line
  TimeUs answered = 0;  // the same when nobody knows
  DriverVerb verb = DriverVerb::create;
  std::int64_t executor = 0;  // 0: it is about all of an application's
  int code = 0;               // HTTP; 0: no answer
  friend bool operator==(const DriverCall&, const DriverCall&) = default;
};

// "create 7: 201"
std::string to_words(const DriverCall& call);

// The number of an executor's pod, 0 for other pods: "etl-exec-7" is 7.
std::int64_t executor_of_pod(std::string_view pod);

// Those of one application of a run. Hears its events.
class DriverCalls final : public EventSink {
 public:
  explicit DriverCalls(std::string application) : application_(std::move(application)) {}
  void append(const EventRef& event, PodMemory& memory) override;
  const std::vector<DriverCall>& calls() const { return calls_; }

 private:
  std::string application_;
  std::vector<DriverCall> calls_;
  std::map<std::uint64_t, std::size_t> open_;  // by call: which one waits for its answer
};

// Those of an audit log (audit.k8s.io/v1, a JSON event a line, level Metadata or more), in the order in which they
// came. prefix: of the pods' names when several drivers are in it, "" for the only one. Errors, with the line: no JSON,
// no audit event; several drivers and no prefix.
Result<std::vector<DriverCall>> read_audit(const std::string& path, const std::string& prefix);

}  // namespace podramp::sim
