// Reads fields of one object of a manifest: what is asked for is typed, what is left over is kept as JSON.
// A wrong type is an error with its line; reading goes on. For pod_manifest.cpp and sim/import/manifest_*.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"
#include "backend/yaml/yaml_tree.h"

namespace podramp::yaml {

// Where mistakes go.
struct Faults {
  std::string file;
  FieldErrors errors;
  void add(int line, std::string path, std::string message);
};

class ManifestFields {
 public:
  // `value` may be nullptr: an absent object has no fields. Anything but an object is an error.
  ManifestFields(const YamlValue* value, std::string path, Faults& faults);

  // The member, or nullptr when it is absent or null; it no longer belongs to the rest.
  const YamlValue* take(std::string_view name);
  std::string text(std::string_view name);  // "" when absent; numbers and booleans as written, as fabric8 takes them
  bool flag(std::string_view name);
  std::optional<std::int64_t> whole(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  StringMap map(std::string_view name);
  void each(std::string_view name, const std::function<void(const YamlValue&, const std::string& path)>& visit);
  // What a nested object has left over goes back to this one's rest.
  void put_back(std::string_view name, const ManifestFields& nested);

  std::string path_of(std::string_view name) const;
  void error(const YamlValue& at, std::string_view name, std::string message);
  Faults& faults() { return faults_; }

  YamlValue rest() const;     // a map of what nobody took
  std::string extra() const;  // the same as JSON, "" when nothing is left

 private:
  const YamlValue* value_;
  std::string path_;
  Faults& faults_;
  std::set<std::string, std::less<>> taken_;
  std::vector<YamlValue> put_back_;
};

}  // namespace podramp::yaml
