// There is no Spark in a live run's pods, so what executors would say to their driver is derived from what the cluster
// says of their pods: one that becomes ready asks to register, one whose container ends has disconnected, one that is
// not ready any more while its container runs sends no heartbeats. Pure. docs/live.md says where real Spark differs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/step.h"

namespace podramp::live {

struct RosterSettings {
  std::string app_id;
  bool is_fork = false;  // fork-2.2: executors ask for their conf first and register by pod IP (01 1.11, 2.1)
  std::map<ProfileId, std::int64_t> cores{};  // of one executor, as the conf says
};

class Roster {
 public:
  explicit Roster(RosterSettings settings) : settings_(std::move(settings)) {}

  // What executors say now that this was seen; in the order in which they say it.
  std::vector<Input> seen(const WatchEvent& event);
  // whole: the list is of all of the application's executors that are not finished, so what is missing in it is gone.
  std::vector<Input> listed(const ApiReply& reply, bool whole);

  // The driver's answers to in::ExecutorIdAsked and in::ConfigAsked: the executor goes on to register.
  std::vector<Input> named(const std::string& pod, ExecutorId executor);
  std::vector<Input> configured(ExecutorId executor);

 private:
  struct Member {
    PodPtr pod;
    ExecutorId executor = 0;  // 0: it has to ask
    bool asked = false;
    bool connected = false;  // has asked to register
    bool silent = false;
  };
  void see(const PodPtr& pod, std::vector<Input>& inputs);
  void gone(const std::string& uid, std::vector<Input>& inputs);
  void ask(Member& member, std::vector<Input>& inputs) const;
  void hang_up(Member& member, std::vector<Input>& inputs) const;
  in::Registered registration(const Member& member) const;

  RosterSettings settings_;
  std::map<std::string, Member> members_;  // by the pod's uid
};

}  // namespace podramp::live
