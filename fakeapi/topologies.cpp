#include "fakeapi/topologies.h"

namespace podramp::fakeapi {

void Topologies::place(Key& key, const std::string& name, NodeIndex node, const StringMap& labels) {
  if (key.of_node.size() <= node) key.of_node.resize(node + 1, kNone);
  const auto label = labels.find(name);
  key.of_node[node] =
      label == labels.end()
          ? kNone
          : key.by_value.emplace(label->second, static_cast<std::uint32_t>(key.by_value.size())).first->second;
}

void Topologies::set_node(NodeIndex node, const StringMap& labels) {
  if (labels_.size() <= node) {
    labels_.resize(node + 1);
    present_.resize(node + 1, false);
  }
  labels_[node] = labels;
  present_[node] = true;
  for (auto& [name, key] : keys_) place(key, name, node, labels);
}

void Topologies::remove_node(NodeIndex node) {
  if (node >= labels_.size()) return;
  present_[node] = false;
  for (auto& [name, key] : keys_) {
    if (node < key.of_node.size()) key.of_node[node] = kNone;
  }
}

const Topologies::Key& Topologies::key(const std::string& name) {
  const auto [it, fresh] = keys_.try_emplace(name);
  for (NodeIndex node = 0; fresh && node < labels_.size(); ++node) {
    if (present_[node]) place(it->second, name, node, labels_[node]);
  }
  return it->second;
}

const StringMap* Topologies::labels(NodeIndex node) const {
  return node < labels_.size() && present_[node] ? &labels_[node] : nullptr;
}

}  // namespace podramp::fakeapi
