// Tasks of one task set that wait for an offer, in a list per place they would like to run at. A task stands in several
// lists and leaves them lazily; lists are used from their tail, where low indexes stand (Spark's
// PendingTasksByLocality).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/host_names.h"
#include "backend/task_events.h"

namespace podramp::backend {

struct PendingTasks {
  std::map<ExecutorId, std::vector<int>> by_executor;
  std::map<std::string, std::vector<int>> by_host;
  std::map<std::string, std::vector<int>> by_rack;
  std::vector<int> no_pref;
  std::vector<int> all;

  // Racks are looked up at once.
  void add(int index, const std::vector<TaskPlace>& places, const HostNames& names);
  // The live list of tasks that an offer from this host may take as node local: that of the first of its names with a
  // list that is not empty (01 2.1); nullptr for none.
  std::vector<int>* on_host(const std::string& host, const HostNames& names);
};

}  // namespace podramp::backend
