// Who runs the main processes of pods for real, where podramp serve is asked for that (local_processes.h); the kernel
// simulates the others. When one has ended, by itself or because it was told to, the kernel hears of it
// (Kernel::process_ended).
#pragma once

#include "backend/port/kube.h"
#include "fakeapi/message.h"

namespace podramp::sim {

class ProcessHost {
 public:
  virtual ~ProcessHost() = default;
  // The pod's containers start. False: it is not one of the host's.
  virtual bool start(fakeapi::PodId pod, const Pod& object) = 0;
  // SIGTERM now, and SIGKILL at kill_at (the run's time); may come again with an earlier time. False: as above.
  virtual bool stop(fakeapi::PodId pod, TimeUs kill_at) = 0;
};

}  // namespace podramp::sim
