// YAML (and so JSON) text as a tree of values that remember their lines. Scalars are typed as YAML 1.2's core schema
// says. The only user of yaml-cpp; not here: what a document means (pod_manifest.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::yaml {

enum class YamlKind : std::uint8_t { null, boolean, number, text, list, map };

struct YamlValue {
  YamlKind kind = YamlKind::null;
  std::string text;              // of a text; a number or boolean as written
  std::string key;               // its name in the map around it
  std::vector<YamlValue> items;  // of a list; the members of a map as written
  int line = 0;                  // from 1

  const YamlValue* find(std::string_view name) const;  // a member, or nullptr
  bool is_scalar() const { return kind != YamlKind::list && kind != YamlKind::map; }
};

struct YamlText {
  std::vector<YamlValue> documents;  // empty ones (only comments) are left out
  FieldErrors errors;                // a syntax error, duplicate keys, what goes beyond the limits below
};

inline constexpr int kYamlDepthMax = 64;
inline constexpr std::size_t kYamlDocumentsMax = 1'000;
inline constexpr std::size_t kYamlValuesMax = 100'000;  // after aliases are expanded

// file: only for messages.
YamlText parse_yaml(std::string_view text, std::string_view file);

// One line of JSON, members in alphabetical order. A number that JSON cannot write becomes a string.
std::string to_json(const YamlValue& value);

// `the number 5`, `the string "x"`, `a list`: for "must be ... (got ...)".
std::string describe(const YamlValue& value);

}  // namespace podramp::yaml
