#include "sim/hdfs_hosts.h"

#include <fmt/format.h>

namespace podramp::sim {
namespace {

std::string node_ip(std::size_t index) {
  const std::size_t n = index + 1;
  return fmt::format("192.{}.{}.{}", 168 + n / 65'536, n / 256 % 256, n % 256);
}

std::string dns_name(const std::string& node) { return node + ".nodes.internal"; }

}  // namespace

backend::NodeDirectory node_directory(const std::vector<fakeapi::NodeSpec>& nodes, const std::string& rack_label) {
  backend::NodeDirectory directory;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string& name = nodes[i].node.name;
    const std::string ip = node_ip(i);
    directory.ip_of[name] = ip;
    directory.canonical_of[ip] = dns_name(name);
    const auto rack = nodes[i].node.labels.find(rack_label);
    if (rack_label.empty() || rack == nodes[i].node.labels.end()) continue;
    for (const std::string& known : {name, ip, dns_name(name)}) directory.rack_of[known] = "/" + rack->second;
  }
  return directory;
}

std::vector<StageRun> as_hdfs_says(std::vector<StageRun> stages, HdfsNames names,
                                   const std::vector<fakeapi::NodeSpec>& nodes) {
  if (names == HdfsNames::node) return stages;
  const StringMap ip_of = node_directory(nodes, "").ip_of;
  for (StageRun& stage : stages) {
    for (std::vector<std::string>& hosts : stage.plan.preferred) {
      for (std::string& host : hosts) host = names == HdfsNames::ip ? ip_of.at(host) : dns_name(host);
    }
  }
  return stages;
}

}  // namespace podramp::sim
