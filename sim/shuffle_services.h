// The external shuffle services of a run: processes in the pods of DaemonSets that the scenario says are such. Which of
// them is up on a node, which executors have registered with which, and so whether an executor's files can be fetched.
// Only books: the kernel carries requests, registrations and files about (kernel_shuffle.cpp). What a service decides
// is backend/fork_shuffle_service.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/fork_shuffle_service.h"
#include "fakeapi/message.h"
#include "sim/scenario.h"
#include "sim/task_runner.h"

namespace podramp::sim {

// An executor tries to register with its node's service so often, five seconds apart, and then ends (01 4.2).
inline constexpr int kShuffleRegistrations = 3;
inline constexpr DurationUs kShuffleRegistrationWaitUs = 5 * kSecondUs;

class ShuffleServices {
 public:
  struct Executor {
    std::uint32_t application = 0;
    ExecutorId executor = 0;
    friend auto operator<=>(const Executor&, const Executor&) = default;
  };
  // One process; its watches are the kernel's to fill.
  struct Service {
    fakeapi::PodId pod = 0;
    std::string pod_name;  // "namespace/name"
    std::string node;
    fakeapi::ClientId client = 0;
    bool keeps_address = false;  // Q31 fixed: its successor on the node has its address and its registrations
    std::set<CallId> watches;    // asked for or open
    backend::ForkShuffleService process;
  };

  // None: what an executor has written is served by its node as long as that is there.
  void add(const ShuffleServiceSpec& spec);
  bool any() const { return !fixes_.empty(); }
  void add_application(std::uint32_t application, const std::string& app_id);
  // The application of an id; absent: none of this run.
  std::optional<std::uint32_t> application_of(const std::string& app_id) const;

  // Whether a pod's container is a shuffle service.
  bool is_service(const Pod& pod) const;
  // Its process has been started, because of this event; whether that start is still the last one of the pod.
  void booting(fakeapi::PodId pod, Seq start) { booting_[pod] = start; }
  bool boots(fakeapi::PodId pod, Seq start) const;
  // Its process listens from now on. It knows nothing, unless it has Q31 fixed and another was there before.
  Service& up(fakeapi::PodId pod, const Pod& object, fakeapi::ClientId client);
  // The process of a pod is gone: what it was, absent when it was none.
  std::optional<Service> down(fakeapi::PodId pod);
  Service* of_client(fakeapi::ClientId client);

  // A driver tells an executor which pod of its node is its service, and that service about the application. 0: no
  // pod has the address, or nobody listens there.
  void told(const Executor& executor, const std::string& node, fakeapi::PodId pod);
  // One try of an executor to register with the service that it has been told of, or else its node's. True: done.
  bool register_executor(const Executor& executor, const std::string& node);
  // Whether its files can be fetched where it has registered.
  Serving serving(const Executor& executor) const;

 private:
  struct Address {
    fakeapi::PodId pod = 0;  // 0: nobody has it
    std::string node;
  };
  const Service* on_node(const std::string& node) const;
  const Service* at(const Address& address) const;

  std::map<std::string, backend::Fixes> fixes_;  // by DaemonSet
  std::map<std::uint32_t, std::string> app_ids_;
  std::map<fakeapi::PodId, Seq> booting_;
  std::map<fakeapi::PodId, Service> services_;
  std::map<std::string, fakeapi::PodId> by_node_;
  std::map<fakeapi::ClientId, fakeapi::PodId> by_client_;
  std::map<Executor, Address> told_;
  std::map<Executor, Address> registered_;
  // Q31 fixed: what the process before has left on the node.
  std::map<std::string, backend::ForkShuffleService::Registrations> files_;
};

}  // namespace podramp::sim
