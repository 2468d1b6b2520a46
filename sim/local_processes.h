// podramp serve --kubelet process: the main processes of pods as processes of this machine. Each has a folder of its
// own, its container's environment, signals and exit code; what it prints is kept for `kubectl logs` and written to a
// file. Whatever happens to the server, none outlives it. Next: container_command.h (what is run), process_host.h (who
// asks).
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fakeapi/cluster_state.h"
#include "fakeapi/http/container_output.h"
#include "sim/container_command.h"
#include "sim/process_host.h"

namespace podramp::sim {

class LocalProcesses final : public ProcessHost, public fakeapi::rest::ContainerOutputs {
 public:
  struct Options {
    std::vector<ProcessSpec> specs;
    std::string folder;              // "": a new one below the system's temporary folder
    std::size_t lines_max = 20'000;  // kept of each container
  };
  struct Ended {
    fakeapi::PodId pod = 0;
    int exit_code = 0;  // 128 + signal when one has ended it
  };

  // Errors: the folder cannot be made.
  static Result<std::unique_ptr<LocalProcesses>> prepare(Options options);
  ~LocalProcesses() override;  // ends all of them: SIGTERM, and SIGKILL two seconds later
  LocalProcesses(const LocalProcesses&) = delete;
  LocalProcesses& operator=(const LocalProcesses&) = delete;

  // Where config maps are; it must outlive the processes.
  void set_state(const fakeapi::ClusterState& state) { state_ = &state; }

  bool start(fakeapi::PodId pod, const Pod& object) override;
  bool stop(fakeapi::PodId pod, TimeUs kill_at) override;
  const fakeapi::rest::ContainerOutput* output(const std::string& pod, bool previous) const override;

  // Reads what they have printed, kills those whose time is over, and tells which have ended since the last call.
  std::vector<Ended> attend(TimeUs now);
  // So many run.
  std::size_t running() const { return processes_.size(); }
  const std::string& folder() const { return options_.folder; }

 private:
  struct Process {
    pid_t pid = 0;
    int output = -1;  // the pipe that it prints into
    std::string pod;  // "namespace/name"
    std::string partial;
    std::string file;
    TimeUs kill_at = kNever;
    std::size_t printed = 0;  // bytes in the file
  };
  struct Kept {
    fakeapi::rest::ContainerOutput now;
    fakeapi::rest::ContainerOutput before;
    bool restarted = false;
  };

  explicit LocalProcesses(Options options) : options_(std::move(options)) {}

  bool spawn(const ContainerCommand& command, Process& process, std::string& why);
  void read_output(Process& process, TimeUs now);
  void keep(Process& process, std::string text, TimeUs now);
  void forget_gone_pods();

  Options options_;
  const fakeapi::ClusterState* state_ = nullptr;
  std::map<fakeapi::PodId, Process> processes_;
  std::map<std::string, Kept> kept_;  // by pod
  std::vector<Ended> failed_;         // could not be started
  std::size_t looks_ = 0;
};

}  // namespace podramp::sim
