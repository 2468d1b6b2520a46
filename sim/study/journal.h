// What a study has done so far: a header line that says which study, then a line for each run, appended as it ends. A
// line that was cut off when the process died is dropped. One process at a time: the file is locked while it is open.
#pragma once

#include <string>

#include "sim/study/outcome.h"

namespace podramp::sim {

class Journal {
 public:
  // Opens or makes it. Errors: it belongs to another study (unless force, which empties it), another process has it,
  // it cannot be read or written.
  static Result<Journal> open(const std::string& path, const std::string& plan_hash, bool force);
  Journal(Journal&& other) noexcept : file_(other.file_), outcomes_(std::move(other.outcomes_)) { other.file_ = -1; }
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Runs that came to nothing (killed, out of memory) are not among them: they are tried again.
  const Outcomes& outcomes() const { return outcomes_; }
  // With the kernel when it returns.
  Result<bool> append(const RunKey& key, const Outcome& outcome);

 private:
  explicit Journal(int file) : file_(file) {}
  int file_;
  Outcomes outcomes_;
};

}  // namespace podramp::sim
