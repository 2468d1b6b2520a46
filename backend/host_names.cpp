#include "backend/host_names.h"

#include <utility>

namespace podramp::backend {

std::string PlainHostNames::name_with_tasks(const std::string& host, const Has& /*has*/) const { return host; }
bool PlainHostNames::is_near(const std::string& preferred, const std::string& host) const { return preferred == host; }
std::string PlainHostNames::rack(const std::string& /*host*/) const { return {}; }

std::string ReverseDns::canonical_name(const std::string& ip) const {
  ++asked_;
  const auto it = names_.find(ip);
  return it == names_.end() ? ip : it->second;
}

std::string ForkHostNames::name_with_tasks(const std::string& host, const Has& has) const {
  if (has(host)) return host;
  const PodPlace* pod = pods_.find(host);
  if (pod == nullptr) return host;
  if (has(pod->node)) return pod->node;
  if (has(pod->host_ip)) return pod->host_ip;
  if (!rules_.dns_lookup) return host;
  std::string name = dns_.canonical_name(pod->host_ip);
  return has(name) ? name : host;
}

bool ForkHostNames::is_near(const std::string& preferred, const std::string& host) const {
  if (preferred == host) return true;
  const PodPlace* pod = rules_.near_by_any_name ? pods_.find(host) : nullptr;
  if (pod == nullptr) return false;
  if (preferred == pod->node || preferred == pod->host_ip) return true;
  return rules_.dns_lookup && preferred == dns_.canonical_name(pod->host_ip);
}

std::string ForkHostNames::rack(const std::string& host) const {
  if (!racks_.configured()) return {};  // and no DNS traffic
  const std::string name = host.substr(0, host.find(':'));
  const PodPlace* pod = pods_.find(name);
  if (pod == nullptr) return racks_.rack(name);
  std::string rack = racks_.rack(pod->node);
  if (rack.empty()) rack = racks_.rack(pod->host_ip);
  if (rack.empty() && rules_.dns_lookup) rack = racks_.rack(dns_.canonical_name(pod->host_ip));
  return rack;
}

}  // namespace podramp::backend
