// What the files of the cluster import share. Private to import_*.cpp.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/field_reader.h"
#include "sim/import_cluster.h"

namespace podramp::sim {

// One object of the file and where it stands.
struct ClusterItem {
  const JsonValue* object = nullptr;
  std::string path;  // "items[17]"
};

// The value at the end of these keys, or nullptr.
const JsonValue* dig(const JsonValue& value, std::initializer_list<std::string_view> keys);
// Its text, "" when it is absent or no scalar.
std::string text_at(const JsonValue& value, std::initializer_list<std::string_view> keys);
StringMap map_at(const JsonValue& value, std::initializer_list<std::string_view> keys);

// {"cpu": "1930m", "memory": "..", "nvidia.com/gpu": "1"}; amounts of 0 and attachable volumes are left out.
Resources import_amounts(Reading& reading, const JsonValue* value, const std::string& path);

// Things of one sort that could not be used: how many, and the first few names.
class Tally {
 public:
  void add(const std::string& reason, const std::string& name);
  // "3 pods: REASON (a/b, c/d, ...)" for each reason.
  void write(std::string_view what, bool changes_decisions, std::vector<Warning>& into) const;

 private:
  std::map<std::string, std::vector<std::string>> names_;
};

// Fills cluster.existing from Pod objects; cluster.nodes are there already.
void import_pods(Reading& reading, const std::vector<ClusterItem>& pods, ImportedCluster& cluster);

}  // namespace podramp::sim
