// Simulated executor JVMs: a container starts, the JVM comes up after a while and asks the driver to let it register -
// or first who it is, when a StatefulSet or Deployment made its pod; it ends when its container is stopped, when it is
// told to or refused, or when its driver goes away. Decides nothing else.
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
  ExecutorId executor = 0;  // 0: it has to ask for it (02 4.2, GenerateExecID)
  std::string pod_name;
  std::string host;
  ProfileId profile = kDefaultProfile;
  std::int64_t cores = 0;  // 0: its pod does not say
  bool asked = false;      // it has asked to register
  std::optional<TimeUs> registered_us;
  bool ending = false;  // told to stop by its driver
  bool silent = false;  // its node cannot be reached: it neither hears nor is heard
};

class Executors {
 public:
  // app_id: the label spark-app-selector of an application's pods.
  void add_application(std::uint32_t application, const std::string& app_id) { by_app_id_[app_id] = application; }

  // A container runs. The process it holds, or nullptr when it is not an executor of one of our applications.
  const Process* started(fakeapi::PodId pod, const Pod& object);
  // Its process is gone; returns what it was.
  std::optional<Process> stopped(fakeapi::PodId pod);
  // The process is up and asks: to register, or for its id when it has none. nullptr: it is dead or has asked before.
  const Process* ask(fakeapi::PodId pod);
  // The driver has told it who it is. Absent: that process is gone.
  std::optional<fakeapi::PodId> named(std::uint32_t application, const std::string& pod_name, ExecutorId executor);
  void registered(std::uint32_t application, ExecutorId executor, TimeUs now);
  void set_ending(fakeapi::PodId pod);
  // Its node cannot be reached any more, or again. Returns the pods of the registered processes that this changes.
  std::vector<fakeapi::PodId> set_silent(const std::string& host, bool silent);

  // Living processes of an application, in pod order; those without an id last.
  std::vector<fakeapi::PodId> of(std::uint32_t application) const;
  std::optional<fakeapi::PodId> find(std::uint32_t application, ExecutorId executor) const;
  const Process* process(fakeapi::PodId pod) const;

 private:
  std::map<std::string, std::uint32_t> by_app_id_;
  std::map<fakeapi::PodId, Process> processes_;
  std::map<std::pair<std::uint32_t, ExecutorId>, fakeapi::PodId> by_executor_;
  std::map<std::pair<std::uint32_t, std::string>, fakeapi::PodId> nameless_;  // without an id, by pod name
};

}  // namespace podramp::sim
