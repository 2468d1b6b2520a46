// A folder for each test, and what an import of a file in it comes to. Not part of the library.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/import/notes.h"
#include "sim/test_runs.h"

namespace podramp::sim {

class ImportFolder : public testing::Test {
 protected:
  ImportFolder() : folder_(scratch_file("import")) { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    write_bytes(path(name), text);
    return path(name);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

using ImportResult = tl::expected<ImportedScenario, FieldErrors>;

inline ImportedScenario must(ImportResult result) {
  if (!result) ADD_FAILURE() << all_errors(result.error());
  return result ? std::move(*result) : ImportedScenario{"{}", {}};
}
inline std::string mistake(const ImportResult& result) { return result ? "" : to_string(result.error().front()); }

inline nlohmann::json application_of(const ImportedScenario& imported) {
  return nlohmann::json::parse(imported.json)["applications"][0];
}
inline std::vector<std::string> lines_of(const ImportNotes& notes) {
  std::vector<std::string> lines;
  for (const ImportNote& note : notes.all()) lines.push_back(to_string(note));
  return lines;
}

}  // namespace podramp::sim
