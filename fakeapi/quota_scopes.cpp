#include "fakeapi/quota_scopes.h"

#include <algorithm>
#include <array>

namespace podramp::fakeapi {
namespace {

constexpr std::array<std::string_view, 4> kScopes{"Terminating", "NotTerminating", "BestEffort", "NotBestEffort"};

// No container asks for anything or is limited: QoS class BestEffort.
bool best_effort(const PodTemplate& tmpl) {
  const auto asks_nothing = [](const Container& c) {
    return !c.requests.cpu_milli && !c.requests.memory_bytes && !c.limits.cpu_milli && !c.limits.memory_bytes;
  };
  return std::ranges::all_of(tmpl.containers, asks_nothing) && std::ranges::all_of(tmpl.init_containers, asks_nothing);
}

bool has_deadline(const PodTemplate& tmpl) {
  return tmpl.extra_json.find("\"activeDeadlineSeconds\"") != std::string::npos;
}

bool in_scope(std::string_view scope, const PodTemplate& tmpl) {
  if (scope == "Terminating") return has_deadline(tmpl);
  if (scope == "NotTerminating") return !has_deadline(tmpl);
  if (scope == "BestEffort") return best_effort(tmpl);
  if (scope == "NotBestEffort") return !best_effort(tmpl);
  return scope.substr(kPriorityScope.size()) == tmpl.priority_class;
}

}  // namespace

bool is_scope(std::string_view text) {
  if (text.starts_with(kPriorityScope)) return text.size() > kPriorityScope.size();
  return std::ranges::find(kScopes, text) != kScopes.end();
}

bool in_scopes(const std::vector<std::string>& scopes, const PodTemplate& tmpl) {
  return std::ranges::all_of(scopes, [&](const std::string& scope) { return in_scope(scope, tmpl); });
}

}  // namespace podramp::fakeapi
