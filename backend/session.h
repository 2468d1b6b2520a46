// START HERE for "how is the backend driven": the only caller of Backend::step. Simulation, live loop and replay all
// go through feed(): the input is in the log before the step, each effect is in the log before it is performed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/port/event.h"
#include "backend/port/json_writer.h"

namespace podramp::backend {

class Session {
 public:
  // The ledger must outlive the session; its now is the time of every input.
  Session(Application application, Ledger& ledger);

  // An effect and the event that records it.
  struct Logged {
    Seq seq = 0;
    Effect effect;
  };

  // Append in.*, step, append one out.* per effect, hand them out in order. cause: the event the input follows from.
  std::vector<Logged> feed(const Input& input, Seq cause);

  const std::string& name() const { return name_; }
  const Backend& backend() const { return backend_; }

 private:
  std::string name_;
  Ledger& ledger_;
  PodMemory memory_;
  Backend backend_;
};

}  // namespace podramp::backend
