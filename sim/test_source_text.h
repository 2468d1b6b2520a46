// A source file as the source rules see it: its lines, and the same lines with comments and literals blanked out.
// Only for tests. Next: source_rules_test.cpp.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/test_lines.h"

namespace podramp::sim {

struct SourceFile {
  std::string path;                // from the repository root
  std::vector<std::string> lines;  // as they are
  std::vector<std::string> code;   // the same, with comments and the insides of literals blanked

  bool is_test() const {  // or a benchmark, or a header that only they use
    const auto has = [&](const char* part) { return path.find(part) != std::string::npos; };
    return has("_test.") || has("_test_") || has("/test_") || has("/testing_") || has("_bench.");
  }
  std::string folder() const { return path.substr(0, path.rfind('/')); }
};

inline bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the comment or literal that begins at `at` ends (one past it); `at` itself if none begins there.
inline std::size_t end_of_blank(const std::string& text, std::size_t at) {
  const auto past = [&](std::size_t found, std::size_t more) {
    return found == std::string::npos ? text.size() : found + more;
  };
  if (text.compare(at, 2, "//") == 0) return past(text.find('\n', at), 0);
  if (text.compare(at, 2, "/*") == 0) return past(text.find("*/", at + 2), 2);
  if (text.compare(at, 2, "R\"") == 0 && (at == 0 || !is_word(text[at - 1]))) {
    const std::string delimiter = ")" + text.substr(at + 2, text.find('(', at) - at - 2) + "\"";
    return past(text.find(delimiter, at), delimiter.size());
  }
  const char quote = text[at];
  const bool is_digit_separator = quote == '\'' && at > 0 && is_word(text[at - 1]);
  if ((quote != '"' && quote != '\'') || is_digit_separator) return at;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

inline SourceFile source(std::string path, const std::string& text) {
  std::string code = text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_blank(text, at);
    for (std::size_t i = at; i < end; ++i) {
      if (text[i] != '\n') code[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return {std::move(path), split_lines(text), split_lines(code)};
}

inline std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline const std::filesystem::path kRoot = PODRAMP_SOURCE_DIR;

inline std::vector<std::string> files_below(std::string_view folder) {
  std::vector<std::string> paths;
  if (!std::filesystem::exists(kRoot / folder)) return paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().lexically_relative(kRoot).generic_string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::vector<SourceFile> all_sources() {
  std::vector<SourceFile> sources;
  for (const char* folder : {"backend", "fakeapi", "sim"}) {
    for (const std::string& path : files_below(folder)) {
      if (path.ends_with(".h") || path.ends_with(".cpp")) sources.push_back(source(path, read(kRoot / path)));
    }
  }
  return sources;
}

}  // namespace podramp::sim
