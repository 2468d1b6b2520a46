// The code under test: Spark's executor scaling on Kubernetes as one function, step(). It does no I/O and reads no
// clock; the same object runs in simulation, live and in replay. Parts: pod_source -> snapshots -> allocator and
// lifecycle; api_calls carries their requests; executor_table knows who has registered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/conf.h"
#include "backend/pod_builder.h"
#include "backend/port/step.h"

namespace podramp::backend {

// One application as the backend is told of it at its start. Everything that decisions depend on is here or comes in
// as Input; a log's header holds it, so a replay can rebuild it.
struct Application {
  std::string name;  // the session's name: `by` in the log
  std::string app_id;
  std::string pod_name_prefix;  // resolved (02 6.1)
  Conf conf;
  std::vector<ResourceProfile> profiles;  // besides the default one
};

class Backend {
 public:
  explicit Backend(Application application);
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // One input at `now`; inputs come in time order. All that is to be done about it is added to `out`, in order.
  void step(TimeUs now, const Input& input, Outbox& out);

  // The allocator's own books, for invariants and `podramp show`.
  struct Books {
    std::int64_t next_executor_id = 0;
    std::int64_t outstanding = 0;
    std::int64_t registered = 0;
    bool round_in_flight = false;
    std::vector<ProfileReport> profiles;  // of the round in flight, or of the last one
  };
  Books books() const;
  // The whole state as text for people, one fact a line.
  std::string describe() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace podramp::backend
