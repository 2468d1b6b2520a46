#include "sim/leftovers.h"

#include <fmt/format.h>

namespace podramp::sim {
namespace {

Leftover explain(const ApplicationView& app, const ExecutorRow& row, bool keeps, const fakeapi::ClusterState& cluster,
                 const Pod& pod, TimeUs end_us) {
  Leftover left{row.pod, "", true};
  const fakeapi::NodeRecord* node = pod.node.empty() ? nullptr : cluster.find_node(pod.node);
  const bool node_down = !pod.node.empty() && (node == nullptr || node->silent);
  if (keeps) {
    left = {row.pod, "kept: spark.kubernetes.executor.deleteOnTermination is false", false};
  } else if (pod.deletion_us && node_down) {
    left = {row.pod, fmt::format("Terminating on node {}, which is down", pod.node), false};
  } else if (pod.deletion_us) {
    left.why = fmt::format("the run ended at {} while the pod was terminating", format_time(end_us));
  } else if (app.exit_code != 0) {
    left.why = fmt::format("the driver ended with code {} and cleaned nothing up", app.exit_code);
  } else if (row.stored_us && app.stopped_us && *row.stored_us >= *app.stopped_us) {
    left.why = "its create was under way when the application stopped";
  } else if (row.create_transport != Transport::ok) {
    left.why = "its create was carried out, but the driver heard only of a failure";
  } else {
    for (const auto& [what, count] : app.requests) {
      const bool of_pods = what.find(' ') == what.rfind(' ');
      const bool of_sets = what.starts_with("delete statefulsets ") || what.starts_with("delete deployments ");
      const bool creates_set = what.starts_with("create statefulsets ") || what.starts_with("create deployments ");
      if (row.of_set && creates_set && !what.ends_with(" 201") && left.why.empty()) {
        left.why = "its set's create was carried out, but the driver heard only of a failure and never deleted it";
      }
      const bool clean_up = what.starts_with("delete ") || what.starts_with("deletecollection ");
      if (!(row.of_set ? of_sets : of_pods) || !clean_up || what.ends_with(" 200")) continue;
      if (what == "delete 404" && !left.why.empty()) continue;  // mostly a pod that is gone
      left.why = fmt::format("the clean-up request was answered {}", what.substr(what.find(' ') + 1));
    }
  }
  return left;
}

}  // namespace

std::vector<Leftover> leftovers(const ApplicationView& app, const StringMap& conf, const fakeapi::ClusterState& cluster,
                                TimeUs end_us) {
  std::vector<Leftover> left;
  if (!app.exited_us) return left;
  const auto key = conf.find("spark.kubernetes.executor.deleteOnTermination");
  const bool keeps = key != conf.end() && key->second == "false";
  for (const ExecutorRow& row : app.executors) {
    if (row.gone_us || !row.stored_us || row.restarted) continue;
    const fakeapi::PodRecord* record = cluster.find_pod(row.pod);
    if (record != nullptr) left.push_back(explain(app, row, keeps, cluster, *record->pod, end_us));
  }
  return left;
}

}  // namespace podramp::sim
