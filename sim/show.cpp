#include "sim/show.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "backend/session.h"
#include "fakeapi/cluster_state.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

std::string describe(const fakeapi::ClusterState& cluster) {
  std::map<std::string, std::int64_t> phases;
  std::map<std::string, std::int64_t> reasons;
  for (const auto& [name, id] : cluster.pods_by_name()) {
    const Pod& pod = *cluster.find_pod(id)->pod;
    ++phases[pod.deletion_us ? "Terminating" : std::string(to_text(pod.phase))];
    const Condition* scheduled = pod.condition("PodScheduled");
    if (pod.node.empty() && scheduled != nullptr && scheduled->status == Truth::no) ++reasons[scheduled->message];
  }
  std::int64_t silent = 0;
  std::int64_t not_ready = 0;
  std::int64_t tainted = 0;
  for (const auto& [name, record] : cluster.nodes()) {
    silent += record.silent ? 1 : 0;
    not_ready += record.node.ready == Truth::yes ? 0 : 1;
    tainted += record.node.taints.empty() ? 0 : 1;
  }
  std::string text = fmt::format("cluster   resource version {}, {} nodes ({} silent, {} not ready, {} tainted)\n",
                                 cluster.resource_version(), cluster.nodes().size(), silent, not_ready, tainted);
  std::string pods;
  for (const auto& [phase, count] : phases) pods += fmt::format("{}{} {}", pods.empty() ? "" : ", ", count, phase);
  text += fmt::format("pods      {}\n", pods.empty() ? "none" : pods);
  for (const auto& [reason, count] : reasons) text += fmt::format("          {} pods: {}\n", count, reason);
  for (const auto& [name, quota] : cluster.quotas()) {
    std::string used;
    for (const auto& [resource, hard] : quota.hard) {
      const auto it = quota.used.find(resource);
      used += fmt::format(" {} {}/{}", resource, it == quota.used.end() ? 0 : it->second, hard);
    }
    text += fmt::format("quota     {}:{}\n", name, used);
  }
  return text;
}

}  // namespace

Result<std::string> show_log(const std::string& path, const ShowAt& at) {
  auto log = LogReader::open(path);
  if (!log) return tl::unexpected(log.error());
  auto scenario = load_scenario({"the log's header", log->header().scenario_json}, {}, {});
  if (!scenario) return tl::unexpected(Error{path + ": " + to_string(scenario.error().front())});
  Ledger ledger({});
  std::map<std::string, std::unique_ptr<backend::Session>, std::less<>> sessions;
  for (const HeaderApplication& named : log->header().applications) {
    auto app = make_application(scenario->scenario.applications.at(named.spec), log->header().seed);
    if (!app) return tl::unexpected(app.error());
    app->app_id = named.app_id;
    app->pod_name_prefix = named.pod_name_prefix;
    sessions[named.by] = std::make_unique<backend::Session>(std::move(*app), ledger);
  }
  fakeapi::ClusterState cluster;
  Seq last = 0;
  TimeUs t = 0;
  std::string last_line;
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event || (at.t && (*event)->t > *at.t)) break;
    const Event& e = **event;
    ledger.set_now(e.t);
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
  std::string text =
      fmt::format("at        event {}, {}\nlast      {}\n", last, format_time(t), last_line.substr(0, 300));
  if (log->header().level == LogLevel::all) {
    text += describe(cluster);
  } else {
    text += fmt::format("cluster   not in this log (level {}); run with --log all\n", to_text(log->header().level));
  }
  for (const auto& [name, session] : sessions) text += fmt::format("\n[{}]\n{}", name, session->backend().describe());
  return text;
}

}  // namespace podramp::sim
