// What the processes of containers have printed, where processes are real (sim/local_processes.h).
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "backend/port/time.h"

namespace podramp::fakeapi::rest {

struct OutputLine {
  TimeUs at = 0;  // of the run
  std::string text;
};

struct ContainerOutput {
  std::string container;
  std::size_t dropped = 0;  // lines that are not kept any more, from the beginning
  std::deque<OutputLine> lines;
};

class ContainerOutputs {
 public:
  virtual ~ContainerOutputs() = default;
  // Of a pod ("namespace/name") now, or of the run of its container before that; null: none was run for real.
  virtual const ContainerOutput* output(const std::string& pod, bool previous) const = 0;
};

}  // namespace podramp::fakeapi::rest
