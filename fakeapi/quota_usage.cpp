#include "fakeapi/quota_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fakeapi/limit_range.h"

namespace podramp::fakeapi {
namespace {

// A quota that names one of these wants every container to state it (K40).
constexpr std::array<std::string_view, 6> kMustState{"cpu",    "limits.cpu",   "limits.memory",
                                                     "memory", "requests.cpu", "requests.memory"};

bool is_native(std::string_view resource) {
  return resource == "cpu" || resource == "memory" || resource == "ephemeral-storage" ||
         resource.starts_with("hugepages-");
}

// The quota names under which a pod's (or container's) requests and limits count (K39).
fact::Usage compute_usage(const Resources& requests, const Resources& limits) {
  fact::Usage usage;
  for (const auto& [name, amount] : by_name(requests)) {
    usage["requests." + name] = amount;
    if (is_native(name)) usage[name] = amount;
  }
  for (const auto& [name, amount] : by_name(limits)) {
    if (is_native(name) && !name.starts_with("hugepages-")) usage["limits." + name] = amount;
  }
  return usage;
}

}  // namespace

fact::Usage quota_usage(const PodTemplate& tmpl) {
  fact::Usage usage = compute_usage(pod_requests(tmpl), pod_limits(tmpl));
  usage["pods"] = 1;
  usage["count/pods"] = 1;
  return usage;
}

Unstated unstated_resources(const PodTemplate& tmpl) {
  Unstated unstated;
  for (const std::vector<Container>* containers : {&tmpl.containers, &tmpl.init_containers}) {
    for (const Container& c : *containers) {
      const fact::Usage usage = compute_usage(c.requests, c.limits);
      for (const std::string_view name : kMustState) {
        if (!usage.contains(std::string(name))) unstated[std::string(name)].push_back(c.name);
      }
    }
  }
  for (auto& [name, containers] : unstated) std::ranges::sort(containers);
  return unstated;
}

std::string print_usage(const fact::Usage& usage, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ',';
    const auto it = usage.find(name);
    text += fmt::format("{}={}", name, print_amount(name, it == usage.end() ? 0 : it->second));
  }
  return text;
}

std::string quota_refusal(const QuotaRecord& quota, const fact::Usage& usage, const Unstated& unstated) {
  std::vector<std::string> missing;
  for (const auto& [name, containers] : unstated) {
    if (quota.hard.contains(name)) missing.push_back(fmt::format("{} for: {}", name, fmt::join(containers, ",")));
  }
  if (!missing.empty()) {
    return fmt::format("failed quota: {}: must specify {}", quota.name, fmt::join(missing, "; "));
  }
  std::vector<std::string> exceeded;
  for (const auto& [name, limit] : quota.hard) {
    const auto wanted = usage.find(name);
    if (wanted == usage.end()) continue;
    const auto used = quota.used.find(name);
    if ((used == quota.used.end() ? 0 : used->second) + wanted->second > limit) exceeded.push_back(name);
  }
  if (exceeded.empty()) return "";
  return fmt::format("exceeded quota: {}, requested: {}, used: {}, limited: {}", quota.name,
                     print_usage(usage, exceeded), print_usage(quota.used, exceeded),
                     print_usage(quota.hard, exceeded));
}

}  // namespace podramp::fakeapi
