// Which nodes are near each other: nodes with the same value of a label form a domain of that topology key.
// Filled by the scheduler beside its books (node_room.h); node indexes are those of the books.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backend/port/kube.h"

namespace podramp::fakeapi {

class Topologies {
 public:
  using NodeIndex = std::uint32_t;
  static constexpr std::uint32_t kNone = UINT32_MAX;  // the node lacks the label, or is not there

  void set_node(NodeIndex node, const StringMap& labels);
  void remove_node(NodeIndex node);

  struct Key {
    std::map<std::string, std::uint32_t> by_value;
    std::vector<std::uint32_t> of_node;  // domain by node, kNone beyond its end
    std::uint32_t domain(NodeIndex node) const { return node < of_node.size() ? of_node[node] : kNone; }
    std::size_t domains() const { return by_value.size(); }
  };
  // Stays where it is for ever.
  const Key& key(const std::string& name);
  const StringMap* labels(NodeIndex node) const;  // nullptr: it is not there
  // As many node indexes as have ever been used.
  std::size_t size() const { return labels_.size(); }

 private:
  static void place(Key& key, const std::string& name, NodeIndex node, const StringMap& labels);

  std::map<std::string, Key> keys_;
  std::vector<StringMap> labels_;
  std::vector<bool> present_;
};

}  // namespace podramp::fakeapi
