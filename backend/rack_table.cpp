#include "backend/rack_table.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kScriptMapping = "org.apache.hadoop.net.ScriptBasedMapping";
constexpr std::string_view kTableMapping = "org.apache.hadoop.net.TableMapping";

std::string value_of(const StringMap& conf, const std::string& key) {
  const auto it = conf.find(key);
  return it == conf.end() ? std::string() : it->second;
}

}  // namespace

bool topology_configured(const StringMap& hadoop_conf) {
  std::string mapping = value_of(hadoop_conf, "net.topology.node.switch.mapping.impl");
  if (mapping.empty()) mapping = kScriptMapping;
  if (mapping == kScriptMapping) return !value_of(hadoop_conf, "net.topology.script.file.name").empty();
  if (mapping == kTableMapping) return !value_of(hadoop_conf, "net.topology.table.file.name").empty();
  return true;
}

std::string RackTable::rack(const std::string& host) const {
  const auto it = racks_.find(host);
  if (it == racks_.end() || it->second == kDefaultRack) return {};
  return it->second;
}

}  // namespace podramp::backend
