// The part of the kernel (kernel.h) that plays the applications' programs: jobs come and follow each other, tasks'
// words travel to their driver. Not here: how a task runs (task_runner.cpp), the main loop (kernel.cpp).
#include <utility>

#include "sim/hdfs_hosts.h"
#include "sim/kernel.h"

namespace podramp::sim {
namespace {

// How often a node that cannot be reached tries to say what it has to say.
constexpr DurationUs kSilentRetryUs = kSecondUs;

}  // namespace

void Kernel::add_workload(std::uint32_t index, const ApplicationSpec& spec, const backend::Conf& conf) {
  const auto& nodes = parts_.cluster.config().nodes;
  std::vector<std::string> datanodes;  // HDFS runs on the nodes that are there from the start
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    node_index_[nodes[i].node.name] = static_cast<std::int32_t>(i);
    if (!nodes[i].joins_later) datanodes.push_back(nodes[i].node.name);
  }
  std::vector<StageRun> stages = make_stages(*spec.workload, spec.name, options_.seed, datanodes);
  applications_[index].has_workload = true;
  applications_[index].jobs = JobSequence(*spec.workload, as_hdfs_says(stages, spec.workload->hdfs_names, nodes));
  ShuffleFiles files = ShuffleFiles::with_executor;
  if (conf.scheduling.shuffle_service && !spec.shuffle_sidecar) files = ShuffleFiles::with_node;
  if (applications_[index].uses_shuffle_pods) files = ShuffleFiles::with_service;
  runner_.add_application(index, std::move(stages), files);
  submit_later(index, applications_[index].jobs.first(), spec.start_us);
}

void Kernel::submit_later(std::uint32_t application, const std::vector<std::pair<DurationUs, JobPlan>>& jobs,
                          TimeUs from) {
  for (const auto& [delay, plan] : jobs) {
    ++planned_;
    push_input(from + delay, Lane::demand, ForSession{application, in::JobSubmitted{plan}, 0, true, !started_});
  }
}

void Kernel::job_ended(std::uint32_t application, const out::JobEnded& job) {
  Application& app = applications_[application];
  submit_later(application, app.jobs.ended(job.job, !job.error.empty()), now());
  if (!app.has_workload || !app.jobs.done() || !app.jobs.stops_when_done()) return;
  ++planned_;
  push_input(now(), Lane::demand, ForSession{application, in::Stopped{}, 0, true});
}

void Kernel::start_task(std::uint32_t application, const out::TaskLaunched& task, Seq cause) {
  const auto pod = executors_.find(application, task.executor);
  if (!pod) return;  // it died, and the driver does not know yet
  runner_.executor_started(application, task.executor, executors_.process(*pod)->host);
  runner_.launch(now(), application, task, cause);
}

void Kernel::tell_driver(std::uint32_t application, ExecutorId from, Input input, Seq cause) {
  push_input(now(), Lane::executors, TaskWord{application, from, std::move(input), cause});
}

void Kernel::handle(TaskWord& item) {
  const auto pod = executors_.find(item.application, item.from);
  if (!pod) return;
  if (executors_.process(*pod)->silent) {
    return push_input(now() + kSilentRetryUs, Lane::executors, std::move(item));
  }
  if (!applications_[item.application].exit_code) feed(item.application, item.input, item.cause);
}

void Kernel::handle(TaskFlow& item) {
  if (item.id >= kMigrationTransfers) return decommissioner_.transfer_ended(now(), item.id, item.ok);
  runner_.transfer_ended(now(), item.id, item.ok);
}

bool Kernel::node_up(std::int32_t node) const {
  const std::string& name = parts_.cluster.config().nodes.at(static_cast<std::size_t>(node)).node.name;
  const fakeapi::NodeRecord* record = parts_.cluster.state().find_node(name);
  return record != nullptr && !record->silent;
}

}  // namespace podramp::sim
