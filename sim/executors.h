// Simulated executor JVMs: a container starts, the JVM comes up after a while and asks the driver to let it register;
// it ends when its container is stopped, when it is refused, or when its driver goes away. Decides nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/ids.h"
#include "backend/port/kube.h"
#include "fakeapi/message.h"

namespace podramp::sim {

struct Process {
  std::uint32_t application = 0;
  ExecutorId executor = 0;
  std::string pod_name;
  std::string host;    // the node
  bool asked = false;  // it has asked to register
};

class Executors {
 public:
  // app_id: the label spark-app-selector of an application's pods.
  void add_application(std::uint32_t application, const std::string& app_id) { by_app_id_[app_id] = application; }

  // A container runs. The process it holds, or nullptr when it is not an executor of one of our applications.
  const Process* started(fakeapi::PodId pod, const Pod& object);
  // Its process is gone; returns what it was.
  std::optional<Process> stopped(fakeapi::PodId pod);
  // The process asks to register now: still alive and not asked before?
  const Process* ask(fakeapi::PodId pod);

  // Living processes of an application, in pod order.
  std::vector<fakeapi::PodId> of(std::uint32_t application) const;
  std::optional<fakeapi::PodId> find(std::uint32_t application, ExecutorId executor) const;

 private:
  std::map<std::string, std::uint32_t> by_app_id_;
  std::map<fakeapi::PodId, Process> processes_;
  std::map<std::pair<std::uint32_t, ExecutorId>, fakeapi::PodId> by_executor_;
};

}  // namespace podramp::sim
