// Replay finds every edit of a log at the first line that differs, with what the log says, what the backend says and
// why: decisions changed, deleted, doubled, swapped, and inputs that matter; with the footer and without it.
#include "sim/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "sim/test_runs.h"

namespace podramp::sim::replay_test {
namespace {

const std::string kScenario = R"({
  "schema": "podramp/v1", "seed": 5, "end": "4m",
  "cluster": {
    "nodes": [{"group": "w", "count": 5, "cpu": "16", "memory": "64Gi", "images": ["spark:4"]}],
    "images": [{"name": "spark:4", "size": "600Mi"}],
    "quotas": [{"namespace": "team", "name": "compute", "hard": {"pods": "16"}}]
  },
  "applications": [
    {"name": "etl", "namespace": "team",
     "conf": {"spark.executor.instances": "9", "spark.executor.cores": "4", "spark.executor.memory": "4g",
              "spark.kubernetes.allocation.batch.size": "4", "spark.kubernetes.container.image": "spark:4"},
     "profiles": [{"id": 1, "cores": 2, "memory": "2Gi"}],
     "demand": [{"at": "4s", "profile": 1, "executors": 6}], "stop": "3m"},
    {"name": "ml", "namespace": "team", "start": "2s", "stop": "2m",
     "conf": {"spark.executor.instances": "8", "spark.executor.cores": "4", "spark.executor.memory": "4g",
              "spark.kubernetes.container.image": "spark:4"}}
  ]
})";

using Lines = std::vector<std::string>;

bool is_type(const std::string& line, const std::string& prefix) {
  return line.find(",\"type\":\"" + prefix) != std::string::npos;
}
bool is_decision(const std::string& line) { return is_type(line, "out."); }

// Replaces the first `from`; false when the line has none.
bool change(std::string& line, const std::string& from, const std::string& to) {
  const std::size_t at = line.find(from);
  if (at == std::string::npos) return false;
  line.replace(at, from.size(), to);
  return true;
}

class Replayed : public testing::TestWithParam<LogLevel> {
 protected:
  void SetUp() override {
    const std::string path = scratch_file("original.jsonl");
    RunOptions options = with_fluid();
    options.level = GetParam();
    run_to(path, text_scenario(kScenario), options);
    lines_ = split_lines(read_bytes(path));
    std::remove(path.c_str());
    ASSERT_TRUE(lines_.back().starts_with("{\"footer\":"));
  }
  void TearDown() override { std::remove(edited_.c_str()); }

  Result<ReplayReport> replay(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    write_bytes(edited_, text);
    return replay_log(edited_);
  }

  // Indices of lines that `wanted` accepts, about `count` of them, spread over the log. The last second is left out:
  // where the footer is cut off too, a missing last decision looks like a log that was cut one line earlier.
  std::vector<std::size_t> some(std::size_t count, const std::function<bool(const std::string&)>& wanted) const {
    std::vector<std::size_t> all;
    for (std::size_t i = 1; i + 20 < lines_.size(); ++i) {
      if (wanted(lines_[i])) all.push_back(i);
    }
    std::vector<std::size_t> chosen;
    for (std::size_t k = 0; k < std::min(count, all.size()); ++k) chosen.push_back(all[k * all.size() / count]);
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
  }

  // Replays with and without the footer; the first difference must be at line `at` (index) of the edited log.
  void expect_divergence(const Lines& edited, std::size_t at, const std::string& actual = "") {
    Lines cut = edited;
    cut.pop_back();
    for (const Lines& log : {edited, cut}) {
      SCOPED_TRACE(log.size() == edited.size() ? "with its footer" : "footer cut off");
      const auto report = replay(log);
      ASSERT_TRUE(report) << report.error().message;
      ASSERT_TRUE(report->divergence) << "line " << at + 1 << " was not noticed: " << edited[at];
      ASSERT_EQ(report->divergence->line, static_cast<int>(at) + 1) << report->divergence->why;
      EXPECT_EQ(report->divergence->expected, edited[at]);
      EXPECT_NE(report->divergence->actual, edited[at]);
      if (!actual.empty()) {
        EXPECT_EQ(report->divergence->actual, actual);
      }
      EXPECT_FALSE(report->divergence->why.empty());
      EXPECT_LE(report->divergence->causes.size(), 5U);
    }
  }

  // ... somewhere at or after line `from`, at a decision; everything before it agrees.
  void expect_later_divergence(const Lines& edited, std::size_t from, const std::string& what) {
    Lines cut = edited;
    cut.pop_back();
    for (const Lines& log : {edited, cut}) {
      const auto report = replay(log);
      ASSERT_TRUE(report) << report.error().message;
      ASSERT_TRUE(report->divergence) << what << " was not noticed: " << edited[from];
      const auto line = static_cast<std::size_t>(report->divergence->line);
      ASSERT_GT(line, from) << report->divergence->why;
      ASSERT_LE(line, log.size());
      EXPECT_EQ(report->divergence->expected, log[line - 1]);
      EXPECT_NE(report->divergence->expected, report->divergence->actual);
      EXPECT_FALSE(report->divergence->causes.empty()) << report->divergence->why << " at line " << line;
      EXPECT_LE(report->divergence->causes.size(), 5U);
    }
  }

  Lines lines_;
  std::string edited_ = scratch_file("edited.jsonl");
};

INSTANTIATE_TEST_SUITE_P(Levels, Replayed, testing::Values(LogLevel::all, LogLevel::decisions),
                         [](const auto& level) { return std::string(to_text(level.param)); });

TEST_P(Replayed, AnUntouchedLogGivesTheSameDecisions) {
  const auto report = replay(lines_);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->divergence);
  EXPECT_TRUE(report->finished);
  EXPECT_EQ(report->applications, 2U);
  EXPECT_EQ(report->decisions, static_cast<std::uint64_t>(std::ranges::count_if(lines_, is_decision)));
  EXPECT_GT(report->decisions, 500U);
}

TEST_P(Replayed, AnyNumberChangedInADecisionIsFoundThere) {
  std::size_t edits = 0;
  for (const std::size_t i : some(60, is_decision)) {
    // One digit of its data, another one for each line.
    Lines edited = lines_;
    std::string& line = edited[i];
    const std::size_t data = line.find("\"data\":") + 7;
    std::vector<std::size_t> digits;
    for (std::size_t k = data; k < line.size(); ++k) {
      if (std::isdigit(static_cast<unsigned char>(line[k])) != 0) digits.push_back(k);
    }
    if (digits.empty()) continue;
    char& digit = line[digits[i % digits.size()]];
    digit = digit == '9' ? '8' : static_cast<char>(digit + 1);
    expect_divergence(edited, i);
    ++edits;
  }
  EXPECT_GE(edits, 50U);
}

TEST_P(Replayed, ADecisionWithAnotherTimeOrCauseIsFoundThere) {
  for (const std::size_t i : some(20, is_decision)) {
    for (const std::string field : {"\"t\":", "\"cause\":"}) {
      Lines edited = lines_;
      ASSERT_TRUE(change(edited[i], field, field + "1"));
      expect_divergence(edited, i);
    }
  }
}

TEST_P(Replayed, ADeletedDecisionIsFoundWhereItWas) {
  for (const std::size_t i : some(40, is_decision)) {
    Lines edited = lines_;
    edited.erase(edited.begin() + static_cast<std::ptrdiff_t>(i));
    expect_divergence(edited, i, GetParam() == LogLevel::all ? "" : lines_[i]);
  }
}

TEST_P(Replayed, ADoubledDecisionIsFoundAtItsCopy) {
  for (const std::size_t i : some(40, is_decision)) {
    Lines edited = lines_;
    edited.insert(edited.begin() + static_cast<std::ptrdiff_t>(i), lines_[i]);
    expect_divergence(edited, i + 1);
  }
}

TEST_P(Replayed, TwoSwappedDecisionsAreFoundAtTheFirst) {
  std::size_t edits = 0;
  for (const std::size_t i : some(80, is_decision)) {
    if (!is_decision(lines_[i + 1])) continue;
    Lines edited = lines_;
    std::swap(edited[i], edited[i + 1]);
    expect_divergence(edited, i, GetParam() == LogLevel::all ? "" : lines_[i]);
    ++edits;
  }
  EXPECT_GE(edits, 15U);
}

TEST_P(Replayed, AnInputOfAnApplicationThatTheHeaderDoesNotNameIsFoundThere) {
  for (const std::size_t i : some(5, [](const std::string& line) { return is_type(line, "in."); })) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], "\"by\":\"", "\"by\":\"x"));
    expect_divergence(edited, i);
  }
}

TEST_P(Replayed, AnotherExecutorThatRegistersChangesWhatIsDecided) {
  const auto registered = some(15, [](const std::string& line) { return is_type(line, "in.registered"); });
  EXPECT_GE(registered.size(), 10U);
  for (const std::size_t i : registered) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], "\"executor\":", "\"executor\":9"));
    change(edited[i], "\"key\":\"exec/", "\"key\":\"exec/9");
    expect_later_divergence(edited, i, "another executor");
  }
}

TEST_P(Replayed, AnotherPhaseInAWatchEventChangesWhatIsDecided) {
  const std::string running = "\"phase\":\"Running\"";
  const auto watched = some(15, [&](const std::string& line) {
    return is_type(line, "in.watched") && line.find(running) != std::string::npos;
  });
  EXPECT_GE(watched.size(), 10U);
  for (const std::size_t i : watched) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], running, "\"phase\":\"Failed\""));
    expect_later_divergence(edited, i, "a failed pod");
  }
}

TEST_P(Replayed, AnotherAnswerOfTheApiServerChangesWhatIsDecided) {
  const auto created = some(12, [](const std::string& line) {
    return is_type(line, "in.replied") && line.find("\"code\":201") != std::string::npos;
  });
  EXPECT_GE(created.size(), 10U);
  for (const std::size_t i : created) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], "\"code\":201", "\"code\":500"));
    expect_later_divergence(edited, i, "a failed create");
  }
  const auto refused = some(6, [](const std::string& line) {
    return is_type(line, "in.replied") && line.find("\"code\":403") != std::string::npos;
  });
  EXPECT_GE(refused.size(), 3U);
  for (const std::size_t i : refused) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], "\"code\":403", "\"code\":429"));
    expect_later_divergence(edited, i, "a throttled create");
  }
}

TEST_P(Replayed, AnotherTargetChangesWhatIsDecided) {
  for (const std::size_t i : some(3, [](const std::string& line) { return is_type(line, "in.target_set"); })) {
    Lines edited = lines_;
    ASSERT_TRUE(change(edited[i], "\"1\":6", "\"1\":7")) << edited[i];
    expect_later_divergence(edited, i, "another target");
  }
}

TEST_P(Replayed, AnotherSettingInTheHeaderChangesWhatIsDecided) {
  const std::string key = "\"spark.kubernetes.allocation.batch.size\":";
  const std::size_t at = lines_[0].find(key);
  ASSERT_NE(at, std::string::npos);
  Lines edited = lines_;
  const std::size_t digit = edited[0].find('4', at);
  ASSERT_LT(digit, at + key.size() + 3);
  edited[0][digit] = '3';
  expect_later_divergence(edited, 0, "another batch size");
}

TEST(ReplayedFacts, AChangedFactIsFoundByTheCheckpointAlsoWithoutAFooter) {
  const std::string path = scratch_file("facts.jsonl");
  run_to(path, text_scenario(kScenario));
  Lines lines = split_lines(read_bytes(path));
  const auto node =
      std::ranges::find_if(lines, [](const std::string& line) { return is_type(line, "fact.node_added"); });
  ASSERT_NE(node, lines.end());
  ASSERT_TRUE(change(*node, "\"cpu_m\":16000", "\"cpu_m\":17000"));
  lines.pop_back();
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  write_bytes(path, text);
  const auto report = replay_log(path);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->divergence);
  EXPECT_NE(report->divergence->expected.find("run.checkpoint"), std::string::npos);
  std::remove(path.c_str());
}

// --- the same through the binary -------------------------------------------------------------------------------------

struct Outcome {
  int exit_code = -1;
  std::string out;
};

Outcome podramp(const std::string& arguments) {
  const std::string out = scratch_file("out.txt");
  const int status = std::system((std::string(PODRAMP_BINARY) + " " + arguments + " > " + out + " 2>&1").c_str());
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_bytes(out)};
  std::remove(out.c_str());
  return outcome;
}

TEST(ReplayCommand, ExitsThreeWithExpectedActualAndCausesWhenADecisionWasChanged) {
  const std::string path = scratch_file("log.jsonl");
  run_to(path, text_scenario(kScenario));
  const Lines lines = split_lines(read_bytes(path));
  const Outcome fine = podramp("replay " + path);
  EXPECT_EQ(fine.exit_code, 0) << fine.out;
  EXPECT_NE(fine.out.find("replayed"), std::string::npos) << fine.out;

  const auto found =
      std::ranges::find_if(lines, [](const std::string& line) { return is_type(line, "out.round_done"); });
  const auto at = static_cast<std::size_t>(found - lines.begin());
  for (const bool footer : {true, false}) {
    Lines edited = lines;
    ASSERT_TRUE(change(edited[at], "\"created\":4", "\"created\":5"));
    if (!footer) edited.pop_back();
    std::string text;
    for (const std::string& line : edited) text += line + "\n";
    write_bytes(path, text);
    const Outcome outcome = podramp("replay " + path);
    EXPECT_EQ(outcome.exit_code, 3) << outcome.out;
    for (const std::string& part : {":" + std::to_string(at + 1) + ":", std::string("expected  "),
                                    std::string("actual    "), std::string("because   ")}) {
      EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " is missing in\n" << outcome.out;
    }
  }
  std::remove(path.c_str());
}

TEST(ReplayCommand, ExitsTwoForAFileThatIsNoLog) {
  const std::string path = scratch_file("log.jsonl");
  write_bytes(path, "hello\n");
  EXPECT_EQ(podramp("replay " + path).exit_code, 2);
  EXPECT_EQ(podramp("replay " + path + ".missing").exit_code, 2);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace podramp::sim::replay_test
