#include "sim/show.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "backend/session.h"
#include "fakeapi/cluster_state.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"
#include "sim/projection.h"

namespace podramp::sim {
namespace {

ShownCluster count(const fakeapi::ClusterState& cluster) {
  ShownCluster shown;
  shown.resource_version = cluster.resource_version();
  for (const auto& [name, id] : cluster.pods_by_name()) {
    const Pod& pod = *cluster.find_pod(id)->pod;
    ++shown.pods[pod.deletion_us ? "Terminating" : std::string(to_text(pod.phase))];
    const Condition* scheduled = pod.condition("PodScheduled");
    const bool waits = pod.node.empty() && scheduled != nullptr && scheduled->status == Truth::no;
    if (waits) ++shown.unschedulable[scheduled->message];
  }
  for (const auto& [name, record] : cluster.nodes()) {
    ++shown.nodes;
    shown.silent += record.silent ? 1 : 0;
    shown.not_ready += record.node.ready == Truth::yes ? 0 : 1;
    shown.tainted += record.node.taints.empty() ? 0 : 1;
  }
  for (const auto& [name, quota] : cluster.quotas()) {
    for (const auto& [resource, hard] : quota.hard) {
      const auto used = quota.used.find(resource);
      shown.quotas[name][resource] = {used == quota.used.end() ? 0 : used->second, hard};
    }
  }
  return shown;
}

std::string text_of(const ShownCluster& c) {
  std::string text = fmt::format("cluster   resource version {}, {} nodes ({} silent, {} not ready, {} tainted)\n",
                                 c.resource_version, c.nodes, c.silent, c.not_ready, c.tainted);
  std::string pods;
  for (const auto& [phase, n] : c.pods) pods += fmt::format("{}{} {}", pods.empty() ? "" : ", ", n, phase);
  text += fmt::format("pods      {}\n", pods.empty() ? "none" : pods);
  for (const auto& [reason, n] : c.unschedulable) text += fmt::format("          {} pods: {}\n", n, reason);
  for (const auto& [name, resources] : c.quotas) {
    std::string used;
    for (const auto& [resource, amount] : resources)
      used += fmt::format(" {} {}/{}", resource, amount.first, amount.second);
    text += fmt::format("quota     {}:{}\n", name, used);
  }
  return text;
}

// What the driver cannot know: how far its sets are, and their executors that have not asked for an id yet.
std::string text_of_sets(const ApplicationView& app) {
  std::string text;
  for (const auto& [profile, set] : app.sets) {
    text += fmt::format("set of profile {}: {} of {} pods made", profile, set.pods, set.replicas);
    if (!set.lacking.empty()) {
      const SetHold& hold = set.holds.back();
      text += fmt::format(", {} wait for: {}{}", set.lacking.size(), to_text(hold.wait),
                          hold.by_quota ? " by a ResourceQuota" : "");
    }
    text += "\n";
  }
  for (const ExecutorRow& row : app.executors) {
    if (row.of_set && row.id == 0 && row.stage != Stage::ended) {
      text += fmt::format("pod {}: {}, no id yet\n", row.pod, to_text(row.stage));
    }
  }
  return text;
}

}  // namespace

Result<Shown> show_log(const std::string& path, const ShowAt& at) {
  auto log = LogReader::open(path);
  if (!log) return tl::unexpected(log.error());
  auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  Ledger ledger({});
  std::map<std::string, std::unique_ptr<backend::Session>, std::less<>> sessions;
  Projection projection;
  for (LoggedApplication& app : *logged) {
    projection.add_application(app.by, app.application.app_id, app.application.conf.initial_executors);
    sessions[app.by] = std::make_unique<backend::Session>(std::move(app.application), ledger);
  }
  fakeapi::ClusterState cluster;
  PodMemory memory(false);
  Seq last = 0;
  TimeUs t = 0;
  std::string last_line;
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event || (at.t && (*event)->t > *at.t)) break;
    const Event& e = **event;
    ledger.set_now(e.t);
    projection.append(e.ref(), memory);
    std::visit(
        [&](const auto& data) {
          using T = std::remove_cvref_t<decltype(data)>;
          if constexpr (T::kType.starts_with("in.")) {
            if (const auto it = sessions.find(e.by); it != sessions.end()) (void)it->second->feed(Input(data), e.cause);
          } else if constexpr (T::kType.starts_with("fact.")) {
            cluster.apply(data);
          }
        },
        e.data);
    last = e.seq;
    t = e.t;
    last_line = log->line();
    if (at.seq && e.seq >= *at.seq) break;
  }
  Shown shown{last, t, last_line, std::string(to_text(log->header().level)), {}, {}};
  if (log->header().level == LogLevel::all) shown.cluster = count(cluster);
  for (const auto& [name, session] : sessions) shown.application[name] = session->backend().describe();
  if (!shown.cluster) return shown;
  for (const ApplicationView& app : projection.applications()) shown.application[app.name] += text_of_sets(app);
  return shown;
}

std::string show_text(const Shown& shown) {
  std::string text =
      fmt::format("at        event {}, {}\nlast      {}\n", shown.seq, format_time(shown.t), shown.line.substr(0, 300));
  text += shown.cluster ? text_of(*shown.cluster)
                        : fmt::format("cluster   not in this log (level {}); run with --log all\n", shown.level);
  for (const auto& [name, description] : shown.application) text += fmt::format("\n[{}]\n{}", name, description);
  return text;
}

}  // namespace podramp::sim
