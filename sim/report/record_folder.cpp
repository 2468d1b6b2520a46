#include "sim/report/record_folder.h"

#include "backend/port/json_writer.h"

namespace podramp::sim {

RecordFolder::RecordFolder(RunRecord& record, bool pods) : record_(record), with_pods_(pods) {
  for (const HeaderApplication& app : record.header.applications) is_application_[app.by] = true;
}

void RecordFolder::append(const EventRef& event) {
  std::visit([&](const auto* data) { on(event, *data); }, event.data);
}

void RecordFolder::on(const EventRef& e, const in::Replied& data) {
  if (!is_application_.contains(std::string(e.by))) return;
  const ApiReply& reply = data.reply;
  const bool answered = reply.transport == Transport::ok;
  record_.answers[answered ? std::to_string(reply.code) : std::string(to_text(reply.transport))].push_back(e.t);
}

void RecordFolder::on(const EventRef& e, const fact::PodCreated& data) {
  if (!with_pods_) return;
  pods_[pod_key(*data.pod)] = record_.pods.size();
  record_.pods.push_back({pod_key(*data.pod), data.pod->node, e.t, {}, {}, {}, {}});
  if (!data.pod->node.empty()) record_.pods.back().bound_us = e.t;
}

void RecordFolder::on(const EventRef& e, const fact::PodBound& data) {
  if (PodLife* pod = find_pod(data.pod)) {
    pod->bound_us = e.t;
    pod->node = data.node;
  }
}

void RecordFolder::on(const EventRef& e, const fact::PodRunning& data) {
  if (PodLife* pod = find_pod(data.pod); pod != nullptr && !pod->running_us) pod->running_us = e.t;
}

void RecordFolder::on(const EventRef& e, const fact::PodFinished& data) {
  if (PodLife* pod = find_pod(data.pod)) pod->finished_us = e.t;
}

void RecordFolder::on(const EventRef& e, const fact::PodGone& data) {
  if (PodLife* pod = find_pod(data.pod)) pod->gone_us = e.t;
  pods_.erase(data.pod);
}

void RecordFolder::on(const EventRef& e, const fact::NodeAdded& data) {
  nodes_[data.node.name] = record_.nodes.size();
  record_.nodes.push_back({data.node.name, e.t, {}, {}, {}});
  if (data.node.ready != Truth::yes) record_.nodes.back().unready.push_back({e.t, {}});
}

void RecordFolder::on(const EventRef& e, const fact::NodeSilent& data) {
  if (NodeLife* node = find_node(data.node)) node->silent.push_back({e.t, {}});
}

void RecordFolder::on(const EventRef& e, const fact::NodeReturned& data) {
  if (NodeLife* node = find_node(data.node)) close(node->silent, e.t);
}

void RecordFolder::on(const EventRef& e, const fact::NodeReadyChanged& data) {
  NodeLife* node = find_node(data.node);
  if (node == nullptr) return;
  if (data.ready == Truth::yes) return close(node->unready, e.t);
  if (node->unready.empty() || node->unready.back().to_us) node->unready.push_back({e.t, {}});
}

void RecordFolder::on(const EventRef& e, const fact::NodeGone& data) {
  NodeLife* node = find_node(data.node);
  if (node == nullptr) return;
  node->gone_us = e.t;
  close(node->silent, e.t);
  close(node->unready, e.t);
  nodes_.erase(data.node);
}

void RecordFolder::on(const EventRef& e, const fact::QuotaSet& data) { note(e.t, quota(data.quota).hard, data.hard); }

void RecordFolder::on(const EventRef& e, const fact::QuotaCharged& data) {
  note(e.t, quota(data.quota).used, data.used);
}

void RecordFolder::on(const EventRef& e, const fact::QuotaRecounted& data) {
  note(e.t, quota(data.quota).used, data.used);
}

void RecordFolder::on(const EventRef& e, const fault::Fired& data) {
  record_.faults.push_back({e.t, data.point, data.target, {}});
}

void RecordFolder::on(const EventRef& e, const fault::WindowOpened& data) {
  windows_[data.point] = record_.faults.size();
  record_.faults.push_back({e.t, data.point, "", {}});
}

void RecordFolder::on(const EventRef& e, const fault::WindowClosed& data) {
  const auto it = windows_.find(data.point);
  if (it != windows_.end()) record_.faults[it->second].closed_us = e.t;
}

void RecordFolder::on(const EventRef& e, const check::Failed& data) {
  record_.violations.emplace_back(e.t, data.property + ": " + data.detail);
}

PodLife* RecordFolder::find_pod(const std::string& name) {
  const auto it = pods_.find(name);
  return it == pods_.end() ? nullptr : &record_.pods[it->second];
}

NodeLife* RecordFolder::find_node(const std::string& name) {
  const auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : &record_.nodes[it->second];
}

void RecordFolder::close(std::vector<Span>& spans, TimeUs t) {
  if (!spans.empty() && !spans.back().to_us) spans.back().to_us = t;
}

void RecordFolder::note(TimeUs t, std::map<std::string, Steps, std::less<>>& steps, const fact::Usage& usage) {
  for (const auto& [resource, amount] : usage) {
    Steps& of = steps[resource];
    const auto value = static_cast<double>(amount);
    if (!of.empty() && of.back().t == t) of.back().value = value;
    if (of.empty() || of.back().value != value) of.push_back({t, value});
  }
}

QuotaUse& RecordFolder::quota(const std::string& name) {
  const auto [it, is_new] = quotas_.try_emplace(name, record_.quotas.size());
  if (is_new) record_.quotas.push_back({name, {}, {}});
  return record_.quotas[it->second];
}

}  // namespace podramp::sim
