// The style of design 1 and 4 as tests: who may include whom, what deterministic code may not name, how long things
// may grow. Reads the sources as text, so it is a net with a known mesh, not a compiler; clang-tidy knows the language.
// Each finding reads "file:line: rule: what to do". The rules' tables and exceptions: test_source_tables.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "sim/test_source_tables.h"
#include "sim/test_source_text.h"

namespace podramp::sim::source_rules_test {
namespace {

using Findings = std::vector<std::string>;

std::string finding(const SourceFile& file, std::size_t line_index, std::string_view words) {
  return file.path + ":" + std::to_string(line_index + 1) + ": " + std::string(words);
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  for (std::size_t i = star; i <= text.size(); ++i) {
    if (matches(pattern.substr(star + 1), text.substr(i))) return true;
  }
  return false;
}

bool matches_any(const Names& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](auto pattern) { return matches(pattern, text); });
}

// The path that this line includes, with its delimiters: "\"sim/kernel.h\"", "<map>"; empty if it includes nothing.
std::string included(const SourceFile& file, std::size_t i) {
  if (!file.code[i].starts_with("#include")) return "";
  const std::string& line = file.lines[i];
  const std::size_t begin = line.find_first_of("<\"");
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_first_of(">\"", begin + 1) - begin + 1);
}

bool is_special_arrow(const SourceFile& file, const std::string& folder) {
  if (const auto of_file = kFileArrows.find(file.path); of_file != kFileArrows.end()) {
    return matches_any(of_file->second, folder);
  }
  const auto row = kTestArrows.find(file.folder());
  return file.is_test() && row != kTestArrows.end() && matches_any(row->second, folder);
}

Findings check_arrows(const SourceFile& file) {
  const auto row = kArrows.find(file.folder());
  if (row == kArrows.end())
    return {finding(file, 0, "arrows: no such folder in design 1: add it there and to kArrows")};
  Findings findings;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string header = included(file, i);
    if (!header.starts_with('"')) continue;
    const std::string path = header.substr(1, header.size() - 2);
    const std::string folder = path.substr(0, std::min(path.rfind('/'), path.size()));
    if (!kArrows.contains(folder)) {
      findings.push_back(finding(file, i, "arrows: write the path of " + path + " from the repository root"));
    } else if (folder != row->first && !matches_any(row->second, folder) && !is_special_arrow(file, folder)) {
      findings.push_back(finding(file, i,
                                 "arrows: " + file.folder() + " may not include " + folder +
                                     " (design 1): pass it in as data, or move the code to where both may see it"));
    }
  }
  return findings;
}

Findings check_quarantine(const SourceFile& file) {
  Findings findings;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string header = included(file, i);
    if (!header.starts_with('<')) continue;
    const std::string path = header.substr(1, header.size() - 2);
    const auto row = std::find_if(kQuarantine.begin(), kQuarantine.end(),
                                  [&](const Quarantine& q) { return path.starts_with(q.header); });
    if (row != kQuarantine.end() && !matches_any(row->files, file.path)) {
      std::string allowed;
      for (auto pattern : row->files) allowed.append(" ").append(pattern);
      findings.push_back(finding(file, i, "quarantine: " + path + " may be included only in" + allowed));
    } else if (row == kQuarantine.end() && path.find('/') != std::string::npos) {
      findings.push_back(finding(file, i, "quarantine: " + path + " is not in kQuarantine: say there who may use it"));
    }
  }
  return findings;
}

bool is_core(const SourceFile& file) {
  const std::string folder = file.folder();
  const Names shells = {"backend/live", "backend/http", "backend/services", "fakeapi/http"};
  return !matches_any(shells, folder) && (folder.starts_with("backend") || folder.starts_with("fakeapi"));
}

// Every identifier of a line, both as it stands and with a leading std:: kept; for an include, the header.
std::vector<std::string> words_of(const SourceFile& file, std::size_t i) {
  if (const std::string header = included(file, i); !header.empty()) return {header};
  const std::string& line = file.code[i];
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && is_word(line[end])) ++end;
    if (end > at) {
      words.push_back(line.substr(at, end - at));
      if (at >= 5 && line.compare(at - 5, 5, "std::") == 0) words.push_back("std::" + words.back());
    }
    at = std::max(end, at + 1);
  }
  return words;
}

Findings check_bans(const SourceFile& file) {
  std::map<std::string_view, const Ban*> banned;
  for (const Ban& ban : kBans) {
    const bool in_scope =
        ban.scope == Scope::everywhere || (is_core(file) && (ban.scope == Scope::core || !file.is_test()));
    if (!in_scope || matches_any(ban.except, file.path)) continue;
    for (auto word : ban.words) banned[word] = &ban;
  }
  Findings findings;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    for (const std::string& word : words_of(file, i)) {
      const auto found = banned.find(word);
      if (found != banned.end()) findings.push_back(finding(file, i, word + ": " + std::string(found->second->rule)));
    }
  }
  return findings;
}

Findings check_pointer_keys(const SourceFile& file) {
  static const std::regex kPointerKey(
      R"(\b(map|set|multimap|multiset)<\s*)"
      R"(((const\s+)?[\w:]+\s*(const\s*)?\*|std::(shared|unique|weak)_ptr\b|\w*Ptr\b))");
  Findings findings;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    if (file.code[i].find("map<") == std::string::npos && file.code[i].find("set<") == std::string::npos) continue;
    if (std::regex_search(file.code[i], kPointerKey)) {
      findings.push_back(finding(file, i, "pointer key: addresses differ from run to run; key by an id or a name"));
    }
  }
  return findings;
}

// The names in this file that unordered containers are declared under. One without a name (an alias, a value of another
// container, a return type) hides iteration from this check, so a human must vouch for it with "never iterated".
std::vector<std::string> unordered_names(const SourceFile& file, Findings& findings) {
  static const std::regex kDeclared(R"(\bunordered_(?:multi)?(?:map|set)<(.*))");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    std::smatch match;
    if (!included(file, i).empty() || !std::regex_search(file.code[i], match, kDeclared)) continue;
    const std::string rest = match[1];
    std::size_t at = 0;
    for (int depth = 1; at < rest.size() && depth > 0; ++at) depth += rest[at] == '<' ? 1 : rest[at] == '>' ? -1 : 0;
    while (at < rest.size() && (rest[at] == ' ' || rest[at] == '&')) ++at;
    const std::size_t begin = at;
    while (at < rest.size() && is_word(rest[at])) ++at;
    const bool is_hidden = at == begin || (at < rest.size() && rest[at] == '(');
    if (is_hidden && file.lines[i].find("// never iterated") == std::string::npos) {
      findings.push_back(
          finding(file, i, "unordered: name the container on this line, or see to it: // never iterated"));
    } else if (!is_hidden) {
      names.push_back(rest.substr(begin, at - begin));
    }
  }
  return names;
}

// Iteration over unordered containers of `file` in `user`, which is the file itself or one that shares its stem.
Findings check_unordered(const SourceFile& file, const SourceFile& user) {
  Findings hidden;
  const std::vector<std::string> names = unordered_names(file, hidden);
  Findings findings = file.path == user.path ? hidden : Findings{};
  for (const std::string& name : names) {
    const std::regex iteration(R"(\bfor \(.*: (?:[\w.]|->)*\b)" + name + R"(\)|\b)" + name + R"((?:\.|->)c?r?begin\()");
    for (std::size_t i = 0; i < user.code.size(); ++i) {
      if (!std::regex_search(user.code[i], iteration)) continue;
      findings.push_back(
          finding(user, i, "unordered: the order of " + name + " is not ours: iterate something ordered"));
    }
  }
  return findings;
}

int columns(std::string_view line) {
  return static_cast<int>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Findings check_shape(const SourceFile& file) {
  Findings findings;
  if (file.lines.size() > kFileLinesMax) {
    findings.push_back(finding(file, kFileLinesMax,
                               "long file: " + std::to_string(file.lines.size()) + " lines, " +
                                   std::to_string(kFileLinesMax) + " allowed: split it by idea"));
  }
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (columns(file.lines[i]) > kColumnsMax && included(file, i).empty()) {
      findings.push_back(finding(file, i, "long line: over " + std::to_string(kColumnsMax) + " columns: break it"));
    }
  }
  const auto is_comment = [](const std::string& line) { return line.starts_with("//"); };
  const auto comments = std::find_if_not(file.lines.begin(), file.lines.end(), is_comment) - file.lines.begin();
  const std::string first = file.lines.empty() ? "" : included(file, 0);  // "sim/log.h" explains sim/log_json.cpp too
  const bool is_explained_in_header = file.path.ends_with(".cpp") && first.ends_with(".h\"") &&
                                      file.path.starts_with(first.substr(1, first.size() - 4));
  if (comments == 0 && !is_explained_in_header) {
    findings.push_back(
        finding(file, 0, "file header: open with a comment: what this is, what not, where to read next"));
  }
  if (comments > kHeaderLinesMax) {
    findings.push_back(finding(file, kHeaderLinesMax, "file header: at most eight lines: the rest belongs in docs/"));
  }
  if (file.path.ends_with(".h") && std::find(file.code.begin(), file.code.end(), "#pragma once") == file.code.end()) {
    findings.push_back(finding(file, 0, "header guard: add #pragma once"));
  }
  return findings;
}

// What an opening brace begins, by the text since the last statement at the same level.
enum class Block { scope, function, other };
Block block_after(const std::string& text) {
  static const std::regex kScope(R"(\b(namespace|class|struct|union|enum|extern)\b)");
  const std::size_t last = text.find_last_not_of(" \n");
  if (last != std::string::npos && text[last] == '=') return Block::other;
  if (text.find('(') != std::string::npos) return Block::function;
  return std::regex_search(text, kScope) ? Block::scope : Block::other;
}

// Follows the braces of a file: functions are what opens after a "(" in a namespace or class, at any depth of those.
class FunctionWalk {
 public:
  explicit FunctionWalk(const SourceFile& file) : file_(file) {
    for (std::size_t i = 0; i < file.code.size(); ++i) {
      if (file.code[i].starts_with("#")) continue;
      for (const char c : file.code[i] + "\n") see(c, i);
    }
  }
  Findings findings;

 private:
  void see(char c, std::size_t line) {
    if (!open_.empty() && open_.back() != Block::scope) {
      depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth_ > 0) {
        is_blank_ = is_blank_ && std::isspace(static_cast<unsigned char>(c)) != 0;
        return;
      }
      judge(line);
    } else if (c == '{') {
      open_.push_back(block_after(text_));
      head_ = text_;
      begin_ = line;
      depth_ = 1;
      is_blank_ = true;
    }
    if (c == '}' && !open_.empty()) open_.pop_back();
    if (c == '{' || c == '}' || c == ';') {
      text_.clear();
    } else {
      text_ += c;
    }
  }

  void judge(std::size_t end) {
    const std::size_t lines = end - begin_ + 1;
    if (open_.back() == Block::function && lines > kFunctionLinesMax) {
      findings.push_back(finding(file_, begin_,
                                 "long function: " + std::to_string(lines) + " lines, " +
                                     std::to_string(kFunctionLinesMax) + " allowed: split it"));
    }
    if (is_blank_ && head_.find("TEST") != std::string::npos) {
      findings.push_back(finding(file_, begin_, "empty test: it proves nothing; write it or delete it"));
    }
  }

  const SourceFile& file_;
  std::vector<Block> open_;  // the scopes around us, then perhaps one function or initializer
  std::string text_;         // since the last statement
  std::string head_;         // what stood before the block's brace
  std::size_t begin_ = 0;
  int depth_ = 0;
  bool is_blank_ = true;
};

Findings check_functions(const SourceFile& file) { return FunctionWalk(file).findings; }

// The log leaves false out, so what is read back as absent must be false by default.
void check_logged_flags(const SourceFile& file, Findings& findings) {
  static const std::regex kTrueByDefault(R"(^  bool (\w+) = true;)");
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    std::smatch flag;
    if (!std::regex_search(file.code[i], flag, kTrueByDefault)) continue;
    const std::string use = "self." + flag[1].str() + ")";
    const bool logged =
        std::ranges::any_of(file.lines, [&](const std::string& line) { return line.find(use) != std::string::npos; });
    if (logged) findings.push_back(finding(file, i, "a logged flag that is true by default: the log leaves false out"));
  }
}

Findings check_language(const SourceFile& file) {
  Findings findings;
  check_logged_flags(file, findings);
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    const std::string& line = file.code[i];
    if (line.find("DISABLED_") != std::string::npos) {
      findings.push_back(finding(file, i, "disabled test: mend or delete it"));
    }
    // Inside a function, and in tests, it hurts nobody.
    if (line.starts_with("using namespace ") && !file.is_test() && line.find("literals") == std::string::npos) {
      findings.push_back(finding(file, i, "using namespace: name what you use"));
    }
    if (line.starts_with("#define") && file.path != "backend/port/status.h") {
      findings.push_back(finding(file, i, "macro: none beyond CHECK: write a function or a constant"));
    }
  }
  return findings;
}

// For every committed text: promises without a date, and paths of the machine it was written on.
Findings check_leftovers(const SourceFile& file) {
  static const std::regex kLeftover(std::string(R"(\b(TO)") + R"(DO|FIX)" + R"(ME|XX)" + R"(X)\b)");
  static const std::regex kMachinePath(R"((^|[^\w.$}/-])/(home|root|work|Users)/\w)");
  Findings findings;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (std::regex_search(file.lines[i], kLeftover)) {
      findings.push_back(finding(file, i, "leftover: do it, or write it in docs/coverage.md or an issue"));
    }
    if (std::regex_search(file.lines[i], kMachinePath)) {
      findings.push_back(finding(file, i, "absolute path: of one machine: make it relative or an argument"));
    }
  }
  return findings;
}

// ------------------------------------------------------------------------------------------------------------ tests

std::string joined(const Findings& findings) {
  std::string text;
  for (const std::string& words : findings) text += "\n" + words;
  return text;
}

void expect_none(Findings (*check)(const SourceFile&)) {
  const std::vector<SourceFile> sources = all_sources();
  ASSERT_FALSE(sources.empty()) << "no sources below " << kRoot;
  Findings all;
  for (const SourceFile& file : sources) {
    for (std::string& words : check(file)) all.push_back(std::move(words));
  }
  EXPECT_TRUE(all.empty()) << joined(all);
}

TEST(SourceRules, IncludesFollowTheArrows) { expect_none(check_arrows); }
TEST(SourceRules, ThirdPartyHeadersStayInQuarantine) { expect_none(check_quarantine); }
TEST(SourceRules, DeterministicCodeNamesNoClockThreadChanceOrIo) { expect_none(check_bans); }
TEST(SourceRules, NothingIsKeyedByAnAddress) { expect_none(check_pointer_keys); }
TEST(SourceRules, FilesOpenWithACommentAndStaySmall) { expect_none(check_shape); }
TEST(SourceRules, FunctionsStaySmallAndTestsAreWritten) { expect_none(check_functions); }
TEST(SourceRules, NoMacrosUsingNamespaceOrDisabledTests) { expect_none(check_language); }

TEST(SourceRules, CommittedTextHoldsNoLeftoversOrMachinePaths) {
  std::vector<std::string> paths;
  for (const char* folder : {"backend", "fakeapi", "sim", "cmake", "docs", "scripts", ".ci"}) {
    for (std::string& path : files_below(folder)) paths.push_back(std::move(path));
  }
  for (const char* path : {"CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md"})
    paths.emplace_back(path);
  Findings all;
  std::erase_if(paths, [](const std::string& path) { return path.ends_with(".png"); });
  for (const std::string& path : paths) {
    for (std::string& words : check_leftovers(source(path, read(kRoot / path)))) all.push_back(std::move(words));
  }
  EXPECT_TRUE(all.empty()) << joined(all);
}

TEST(SourceRules, NobodyIteratesAnUnorderedContainer) {
  const std::vector<SourceFile> sources = all_sources();
  Findings all;
  for (const SourceFile& file : sources) {
    const std::string stem = file.path.substr(0, file.path.rfind('.'));
    for (const SourceFile& user : sources) {
      if (!is_core(file) || !user.path.starts_with(stem)) continue;
      for (std::string& words : check_unordered(file, user)) all.push_back(std::move(words));
    }
  }
  EXPECT_TRUE(all.empty()) << joined(all);
}

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(SourceRules, AnArrowAgainstTheDesignIsFound) {
  const std::string text = "#include <map>\n#include \"backend/round.h\"\n#include \"cluster.h\"\n";
  EXPECT_THAT(check_arrows(source("fakeapi/cluster.cpp", text)),
              ElementsAre(StartsWith("fakeapi/cluster.cpp:2: arrows: fakeapi may not include backend (design 1)"),
                          StartsWith("fakeapi/cluster.cpp:3: arrows: write the path of cluster.h")));
  EXPECT_THAT(check_arrows(source("sim/kernel.cpp", "#include \"backend/round.h\"\n")), IsEmpty());
  EXPECT_THAT(check_arrows(source("backend/x.cpp", "#include \"sim/kernel.h\"\n")),
              ElementsAre(StartsWith("backend/x.cpp:1: arrows: backend may not include sim")));
  EXPECT_THAT(check_arrows(source("backend/new/x.cpp", "")),
              ElementsAre(StartsWith("backend/new/x.cpp:1: arrows: no such")));
}

TEST(SourceRules, AThirdPartyHeaderOutsideItsQuarantineIsFound) {
  EXPECT_THAT(
      check_quarantine(source("sim/kernel.cpp", "#include <simgrid/s4u.hpp>\n#include <fmt/core.h>\n")),
      ElementsAre(StartsWith("sim/kernel.cpp:1: quarantine: simgrid/s4u.hpp may be included only in sim/simgrid_")));
  EXPECT_THAT(check_quarantine(source("backend/port/kube_json.cpp", "#include <nlohmann/json.hpp>\n")), IsEmpty());
  EXPECT_THAT(check_quarantine(source("sim/a.cpp", "\n#include <zlib/z.h>\n")),
              ElementsAre("sim/a.cpp:2: quarantine: zlib/z.h is not in kQuarantine: say there who may use it"));
}

TEST(SourceRules, BannedWordsAreFoundInCodeAndNotInCommentsOrLiterals) {
  const std::string text =
      "// std::thread, rand(), double\n/* getenv\n usleep */\nauto a = std::chrono::steady_clock::now();\n"
      "auto b = \"double \\\" rand\";  auto c = 1'000; double d;\nauto e = R\"-(\" rand()-\"; char f = '\"';  // "
      "throw\n";
  const Findings found = check_bans(source("backend/round.cpp", text));
  EXPECT_THAT(found, ElementsAre(StartsWith("backend/round.cpp:4: std::chrono: clock:"),
                                 StartsWith("backend/round.cpp:4: steady_clock: clock:"),
                                 StartsWith("backend/round.cpp:5: double: floating point:")));
  EXPECT_THAT(check_bans(source("sim/progress.cpp", text)), IsEmpty());
  EXPECT_THAT(check_bans(source("sim/fuzz.cpp", "#include <random>\n")),
              ElementsAre(StartsWith("sim/fuzz.cpp:1: <random>: chance:")));
}

TEST(SourceRules, IterationOverAnUnorderedContainerIsFound) {
  const SourceFile header = source("fakeapi/x.h",
                                   "std::unordered_map<PodId, std::vector<int>> pods_;\nstd::map<int, int> nodes_;\n"
                                   "std::map<int, std::unordered_set<int>> hidden_;\n"
                                   "std::map<int, std::unordered_set<int>> seen_;  // never iterated\n");
  const SourceFile user = source("fakeapi/x.cpp",
                                 "for (const auto& [id, pod] : pods_) f();\nfor (auto& node : nodes_) f();\n"
                                 "auto i = other.pods_.find(1);\nstd::sort(a->pods_.begin(), b);\n");
  EXPECT_THAT(
      check_unordered(header, header),
      ElementsAre("fakeapi/x.h:3: unordered: name the container on this line, or see to it: // never iterated"));
  EXPECT_THAT(check_unordered(header, user),
              ElementsAre("fakeapi/x.cpp:1: unordered: the order of pods_ is not ours: iterate something ordered",
                          "fakeapi/x.cpp:4: unordered: the order of pods_ is not ours: iterate something ordered"));
}

TEST(SourceRules, AddressesAsKeysAreFound) {
  const std::string text =
      "std::map<const Pod*, int> a;\nstd::set<PodPtr> b;\nstd::map<std::shared_ptr<Pod>, int> c;\nstd::map<int, Pod*> "
      "d;\n";
  EXPECT_THAT(check_pointer_keys(source("backend/x.h", text)),
              ElementsAre(StartsWith("backend/x.h:1: pointer key"), StartsWith("backend/x.h:2: pointer key"),
                          StartsWith("backend/x.h:3: pointer key")));
}

TEST(SourceRules, AFunctionOfMoreThanSeventyLinesAndAnEmptyTestAreFound) {
  const auto function_of = [](int lines) {
    return "namespace a {\nstruct S {\n  int x{1};\n  void f() const {\n" +
           std::string(static_cast<std::size_t>(lines - 2), '\n') + "  }\n};\n}\n";
  };
  EXPECT_THAT(check_functions(source("sim/x.h", function_of(70))), IsEmpty());
  EXPECT_THAT(check_functions(source("sim/x.h", function_of(71))),
              ElementsAre("sim/x.h:4: long function: 71 lines, 70 allowed: split it"));
  EXPECT_THAT(check_functions(source("sim/x_test.cpp", "TEST(A, B) {\n  // later\n}\nTEST(A, C) { f(); }\n")),
              ElementsAre(StartsWith("sim/x_test.cpp:1: empty test")));
}

TEST(SourceRules, FilesThatAreTooLongTooWideOrUnexplainedAreFound) {
  EXPECT_THAT(check_shape(source("sim/x.cpp", "// x\n" + std::string(121, 'x') + "\n")),
              ElementsAre("sim/x.cpp:2: long line: over 120 columns: break it"));
  EXPECT_THAT(check_shape(source("sim/x.cpp", "// x" + std::string(501, '\n'))),
              ElementsAre("sim/x.cpp:501: long file: 501 lines, 500 allowed: split it by idea"));
  EXPECT_THAT(check_shape(source("sim/x.cpp", "#include \"sim/x.h\"\n")), IsEmpty());
  EXPECT_THAT(check_shape(source("sim/y.h", "int y;\n")),
              ElementsAre(StartsWith("sim/y.h:1: file header:"), StartsWith("sim/y.h:1: header guard:")));
}

TEST(SourceRules, ALoggedFlagThatIsTrueByDefaultIsFound) {
  Findings found;
  check_logged_flags(
      source("backend/port/fact.h", "  bool on = true;\n  bool off = true;\n    visit(\"on\", self.on);\n"), found);
  EXPECT_EQ(found.size(), 1U) << joined(found);
}

}  // namespace
}  // namespace podramp::sim::source_rules_test
