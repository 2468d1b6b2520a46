// The fork's external shuffle service, one process of it (01 4.3): which executors' files it serves, which applications
// have registered their drivers, and the watch of driver pods after which it deletes an application's files. Its
// registrations are in memory only and end with the process (Q31). No files here: whoever runs it has them.
// Quirks: fork_shuffle.h. Nothing of it is logged: what it decides is told by what becomes of the files.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "backend/api_calls.h"
#include "backend/fork_shuffle.h"
#include "backend/fork_watch.h"

namespace podramp::backend {

class ForkShuffleService {
 public:
  // What it knows: applications whose drivers have registered, and executors by application.
  struct Registrations {
    std::set<std::string> drivers;
    std::map<std::string, std::set<ExecutorId>> executors;
  };
  // An application whose files it deletes now, with the executors that it knew.
  struct Removal {
    std::string app_id;
    std::set<ExecutorId> executors;
  };

  // ns: its own, the only one that it watches unless Q30 is fixed. known: what it finds when it starts; nothing but
  // with Q31 fixed.
  ForkShuffleService(std::string ns, const Fixes& fixes, Registrations known = {});

  // Opens the watch. When that fails there is no clean-up, and it serves all the same.
  void start(Outbox& out);
  // in::Replied, in::Watched, in::WatchClosed, in::TimerDue; others are not for it.
  std::vector<Removal> step(TimeUs now, const Input& input, Outbox& out);

  void register_driver(const std::string& app_id);
  void register_executor(const std::string& app_id, ExecutorId executor);
  bool knows(const std::string& app_id, ExecutorId executor) const;
  const Registrations& registrations() const { return known_; }

 private:
  std::vector<Removal> watched(const in::Watched& watched);

  ApiCalls calls_;
  ForkWatch watch_;
  ShuffleCleaner cleaner_;
  Registrations known_;
};

}  // namespace podramp::backend
