// What happens to the text of a scenario before it is read: the base is merged in, conf files are laid under or over
// the applications' conf, --set changes single values. Every value keeps the place it came from for error messages.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/field_reader.h"

namespace podramp::sim {

// Members that `over` lacks come from `base`. Objects at the top are merged member by member, once; everything
// deeper, and every list, is replaced as a whole.
void merge_base(JsonValue& over, JsonValue base);

// One line of a conf file.
struct ConfLine {
  std::string key;
  std::string value;
  int line = 0;
};
enum class ConfLayer { below, above };  // of what the application says itself
// Adds these settings to the conf of every application in `root`.
void merge_conf(JsonValue& root, const std::vector<ConfLine>& lines, int source, ConfLayer layer);

// One --set PATH=VALUE. Keys are separated by dots, list positions are numbers ("nodes.0" or "nodes[0]"); after
// conf, labels, hard, node_selector and resources the rest of PATH is one key.
void apply_set(Reading& reading, JsonValue& root, const std::string& set);

}  // namespace podramp::sim
