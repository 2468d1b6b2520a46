#include "fakeapi/node_match.h"

#include <algorithm>

namespace podramp::fakeapi {

bool matches(const NodeTerm& term, const std::string& name, const StringMap& labels) {
  if (term == NodeTerm{}) return false;
  const auto of_label = [&](const Requirement& r) {
    const auto it = labels.find(r.key);
    return holds(r, it == labels.end() ? nullptr : &it->second);
  };
  const auto of_name = [&](const Requirement& r) { return r.key == "metadata.name" && holds(r, &name); };
  return std::ranges::all_of(term.expressions, of_label) && std::ranges::all_of(term.names, of_name);
}

bool node_matches(const StringMap& selector, const std::vector<NodeTerm>& required, const std::string& name,
                  const StringMap& labels) {
  const bool selected = std::ranges::all_of(selector, [&](const auto& label) {
    const auto it = labels.find(label.first);
    return it != labels.end() && it->second == label.second;
  });
  const auto answers = [&](const NodeTerm& term) { return matches(term, name, labels); };
  return selected && (required.empty() || std::ranges::any_of(required, answers));
}

std::int64_t preferred_weight(const std::vector<NodePreference>& preferred, const std::string& name,
                              const StringMap& labels) {
  std::int64_t sum = 0;
  for (const NodePreference& one : preferred) {
    if (matches(one.term, name, labels)) sum += one.weight;
  }
  return sum;
}

}  // namespace podramp::fakeapi
