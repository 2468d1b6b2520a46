// Reads the fields of one object of a scenario for podramp-live; what nobody has asked for is an error at the end.
// Private to plan_file.cpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"
#include "backend/yaml/yaml_tree.h"

namespace podramp::live {

struct PlanErrors {
  std::string file;
  FieldErrors all;
  void add(int line, std::string path, std::string message) {
    all.push_back({file, line, std::move(path), std::move(message)});
  }
};

class PlanFields {
 public:
  PlanFields(const yaml::YamlValue& object, std::string path, PlanErrors& errors);

  const yaml::YamlValue* take(std::string_view name);  // nullptr when absent or null
  std::string text(std::string_view name, std::string otherwise = "");
  bool flag(std::string_view name, bool otherwise);
  std::optional<DurationUs> duration(std::string_view name);
  std::optional<std::int64_t> whole(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  StringMap map(std::string_view name);
  const std::vector<yaml::YamlValue>& list(std::string_view name);
  // What is left over is an error each, unless it is one of `passed_over`, which are returned.
  std::vector<std::string> finish(const std::set<std::string, std::less<>>& passed_over = {});

  void error(const yaml::YamlValue& at, std::string_view name, std::string message);
  std::string path_of(std::string_view name) const;

 private:
  const yaml::YamlValue& object_;
  std::string path_;
  PlanErrors& errors_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace podramp::live
