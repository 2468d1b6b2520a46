#include "sim/report/run_record.h"

#include <filesystem>
#include <unordered_map>

#include "backend/port/json_writer.h"
#include "sim/compare.h"
#include "sim/experiment.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

// Folds what a Projection does not keep.
class RecordFolder {
 public:
  explicit RecordFolder(RunRecord& record) : record_(record) {
    for (const HeaderApplication& app : record.header.applications) is_application_[app.by] = true;
  }
  void append(const EventRef& e) {
    std::visit([&](const auto* data) { on(e, *data); }, e.data);
  }

 private:
  void on(const EventRef& e, const in::Replied& data) {
    if (!is_application_.contains(std::string(e.by))) return;
    const ApiReply& reply = data.reply;
    const bool answered = reply.transport == Transport::ok;
    record_.answers[answered ? std::to_string(reply.code) : std::string(to_text(reply.transport))].push_back(e.t);
  }
  void on(const EventRef& e, const fact::PodCreated& data) {
    pods_[pod_key(*data.pod)] = record_.pods.size();
    record_.pods.push_back({pod_key(*data.pod), data.pod->node, e.t, {}, {}, {}, {}});
    if (!data.pod->node.empty()) record_.pods.back().bound_us = e.t;
  }
  void on(const EventRef& e, const fact::PodBound& data) {
    if (PodLife* pod = find_pod(data.pod)) {
      pod->bound_us = e.t;
      pod->node = data.node;
    }
  }
  void on(const EventRef& e, const fact::PodRunning& data) {
    if (PodLife* pod = find_pod(data.pod); pod != nullptr && !pod->running_us) pod->running_us = e.t;
  }
  void on(const EventRef& e, const fact::PodFinished& data) {
    if (PodLife* pod = find_pod(data.pod)) pod->finished_us = e.t;
  }
  void on(const EventRef& e, const fact::PodGone& data) {
    if (PodLife* pod = find_pod(data.pod)) pod->gone_us = e.t;
    pods_.erase(data.pod);
  }
  void on(const EventRef& e, const fact::NodeAdded& data) {
    nodes_[data.node.name] = record_.nodes.size();
    record_.nodes.push_back({data.node.name, e.t, {}, {}, {}});
    if (data.node.ready != Truth::yes) record_.nodes.back().unready.push_back({e.t, {}});
  }
  void on(const EventRef& e, const fact::NodeSilent& data) {
    if (NodeLife* node = find_node(data.node)) node->silent.push_back({e.t, {}});
  }
  void on(const EventRef& e, const fact::NodeReturned& data) {
    if (NodeLife* node = find_node(data.node)) close(node->silent, e.t);
  }
  void on(const EventRef& e, const fact::NodeReadyChanged& data) {
    NodeLife* node = find_node(data.node);
    if (node == nullptr) return;
    if (data.ready == Truth::yes) return close(node->unready, e.t);
    if (node->unready.empty() || node->unready.back().to_us) node->unready.push_back({e.t, {}});
  }
  void on(const EventRef& e, const fact::NodeGone& data) {
    NodeLife* node = find_node(data.node);
    if (node == nullptr) return;
    node->gone_us = e.t;
    close(node->silent, e.t);
    close(node->unready, e.t);
    nodes_.erase(data.node);
  }
  void on(const EventRef& e, const fact::QuotaSet& data) { note(e.t, quota(data.quota).hard, data.hard); }
  void on(const EventRef& e, const fact::QuotaCharged& data) { note(e.t, quota(data.quota).used, data.used); }
  void on(const EventRef& e, const fact::QuotaRecounted& data) { note(e.t, quota(data.quota).used, data.used); }
  void on(const EventRef& e, const fault::Fired& data) { record_.faults.push_back({e.t, data.point, data.target, {}}); }
  void on(const EventRef& e, const fault::WindowOpened& data) {
    windows_[data.point] = record_.faults.size();
    record_.faults.push_back({e.t, data.point, "", {}});
  }
  void on(const EventRef& e, const fault::WindowClosed& data) {
    const auto it = windows_.find(data.point);
    if (it != windows_.end()) record_.faults[it->second].closed_us = e.t;
  }
  void on(const EventRef& e, const check::Failed& data) {
    record_.violations.emplace_back(e.t, data.property + ": " + data.detail);
  }
  template <class T>
  void on(const EventRef&, const T&) {}

  PodLife* find_pod(const std::string& name) {
    const auto it = pods_.find(name);
    return it == pods_.end() ? nullptr : &record_.pods[it->second];
  }
  NodeLife* find_node(const std::string& name) {
    const auto it = nodes_.find(name);
    return it == nodes_.end() ? nullptr : &record_.nodes[it->second];
  }
  static void close(std::vector<Span>& spans, TimeUs t) {
    if (!spans.empty() && !spans.back().to_us) spans.back().to_us = t;
  }
  static void note(TimeUs t, std::map<std::string, Steps, std::less<>>& steps, const fact::Usage& usage) {
    for (const auto& [resource, amount] : usage) {
      Steps& of = steps[resource];
      const auto value = static_cast<double>(amount);
      if (!of.empty() && of.back().t == t) of.back().value = value;
      if (of.empty() || of.back().value != value) of.push_back({t, value});
    }
  }
  QuotaUse& quota(const std::string& name) {
    const auto [it, is_new] = quotas_.try_emplace(name, record_.quotas.size());
    if (is_new) record_.quotas.push_back({name, {}, {}});
    return record_.quotas[it->second];
  }

  RunRecord& record_;
  std::map<std::string, bool> is_application_;
  std::unordered_map<std::string, std::size_t> pods_;   // never iterated
  std::unordered_map<std::string, std::size_t> nodes_;  // never iterated
  std::map<std::string, std::size_t> quotas_;
  std::map<std::string, std::size_t> windows_;
};

}  // namespace

Result<RunRecord> read_record(const std::string& path, std::size_t slowest) {
  const std::string log_path = log_of(path);
  auto log = LogReader::open(log_path);
  if (!log) return tl::unexpected(log.error());
  const auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  RunRecord record;
  record.path = path;
  record.header = log->header();
  std::tie(record.scenario, record.about) = scenario_names(record.header.scenario_json);
  for (const auto& [by, app] : *logged) record.projection.add_application(by, app.app_id, app.conf.initial_executors);
  RecordFolder folder(record);
  PodMemory memory(false);
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    record.end_us = (*event)->t;
    record.projection.append((*event)->ref(), memory);
    folder.append((*event)->ref());
  }
  record.footer = log->footer();
  record.torn_bytes = log->torn_bytes();
  if (record.footer) record.end_us = record.footer->t;
  record.projection.finish(record.end_us);
  ComparedRun summed = summed_up(path, record.header, record.projection, record.end_us);
  record.kpis = std::move(summed.kpis);
  for (const ApplicationView& app : record.projection.applications()) {
    record.applications.push_back(summed.applications.at(app.name));
  }

  ExplainWhat what;
  what.slowest = slowest;
  auto explained = explain_log(log_path, what);
  if (!explained) return tl::unexpected(explained.error());
  record.explanation = std::move(*explained);
  std::error_code code;
  const std::string summary = path + "/summary.json";
  if (std::filesystem::exists(summary, code)) {
    if (const auto text = read_file(summary)) record.verdict = summary_verdict(*text);
  }
  return record;
}

}  // namespace podramp::sim
