// Every command through its function: exit codes, --help, --json, what is written where; and Ctrl-C on a real process.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/command_line.h"
#include "sim/log_reader.h"
#include "sim/option_parser.h"
#include "sim/results.h"
#include "sim/test_stream.h"

namespace podramp::sim::commands_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

Output call(int (*command)(const Arguments&), const Arguments& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Output result;
  result.code = command(arguments);
  std::fflush(stdout);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

// A folder of its own for each test.
class Commands : public testing::Test {
 protected:
  Commands()
      : dir_(testing::TempDir() + "/podramp_commands_" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  std::string put(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(write_file(path(name), text));
    return path(name);
  }
  // Runs the scenario into a folder of that name.
  Output run(const std::string& scenario, const std::string& out, Arguments more = {}) const {
    Arguments arguments{scenario, "--engine", "fluid", "--out", path(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call(run_command, arguments);
  }

 private:
  std::string dir_;
};

TEST(Options, UnknownAndMalformedOnesAreNamed) {
  const std::vector<OptionSpec> specs{{"seed", "N", "a seed"}, {"set", "P=V", "a field", true}, {"force", "", "force"}};
  EXPECT_THAT(parse_options({"--bogus"}, specs).error().message, HasSubstr("--bogus"));
  EXPECT_THAT(parse_options({"--seed"}, specs).error().message, HasSubstr("--seed"));
  EXPECT_THAT(parse_options({"--see", "1"}, specs).error().message, HasSubstr("--see"));
  EXPECT_THAT(parse_options({"--seed", "1", "--seed", "2"}, specs).error().message, HasSubstr("--seed"));
  EXPECT_THAT(parse_options({"--force=1"}, specs).error().message, HasSubstr("--force"));
  const auto fine = parse_options({"a", "--set", "x=1", "--set", "y=2", "b", "--force", "--seed=7"}, specs);
  ASSERT_TRUE(fine);
  EXPECT_EQ(fine->positional(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fine->values("set"), (std::vector<std::string>{"x=1", "y=2"}));
  EXPECT_EQ(fine->value("seed"), "7");
  EXPECT_TRUE(fine->has("force"));
  EXPECT_FALSE(fine->help());
  EXPECT_TRUE(parse_options({"-h"}, specs)->help());
}

TEST(Options, WholeNumbersAreWholeAndInRange) {
  const std::vector<OptionSpec> specs{{"n", "N", "a number"}};
  const auto number = [&](const std::string& text) {
    return whole_number(*parse_options({"--n=" + text}, specs), "n", 0, 100);
  };
  EXPECT_EQ(number("0").value(), 0);
  EXPECT_EQ(number("100").value(), 100);
  EXPECT_EQ(whole_number(*parse_options({}, specs), "n", 0, 100).value(), std::nullopt);
  for (const char* bad : {"-1", "101", "1.5", "7x", "x", " 7", "99999999999999999999"}) {
    ASSERT_FALSE(number(bad)) << bad;
    EXPECT_EQ(number(bad).error().message,
              std::string("--n \"") + bad + "\": a whole number from 0 to 100 is expected");
  }
}

TEST_F(Commands, HelpOfEachFitsOneScreenAndShowsAnExample) {
  for (const Command& command : all_commands()) {
    const Output help = call(command.run, {"--help"});
    EXPECT_EQ(help.code, 0) << command.name;
    std::size_t lines = 0;
    for (std::size_t start = 0; start < help.out.size();) {
      const std::size_t end = help.out.find('\n', start);
      lines += 1 + (std::max<std::size_t>(end - start, 1) - 1) / 80;  // as a terminal of 80 columns shows it
      start = end + 1;
    }
    EXPECT_LE(lines, 24U) << command.name;
    EXPECT_THAT(help.out, HasSubstr("usage: podramp " + std::string(command.name)));
    EXPECT_THAT(help.out, HasSubstr("\nexample: podramp " + std::string(command.name)));
    const bool needs_none = command.name == "profile";  // prints JSON anyway
    EXPECT_TRUE(needs_none || help.out.find("--json") != std::string::npos) << command.name;
  }
}

TEST_F(Commands, BadInputIsExitTwoWithAMessageOnStderr) {
  const std::vector<std::pair<std::string, Arguments>> all{
      {"run", {}},
      {"run", {"a.json", "b.json"}},
      {"run", {"--bogus"}},
      {"run", {"/no/such.json"}},
      {"run", {"x.json", "--seed", "many"}},
      {"run", {"x.json", "--engine", "steam"}},
      {"run", {"x.json", "--log", "some"}},
      {"run", {"x.json", "--ties", "loose"}},
      {"run", {"--conf-file", "/no/such.conf"}},
      {"check", {}},
      {"check", {"/no/such.json"}},
      {"test", {"/no/such/folder"}},
      {"test", {"--junit"}},
      {"replay", {}},
      {"replay", {"/no/such.log"}},
      {"show", {}},
      {"show", {"/no/such.log"}},
      {"show", {"x", "--at", "soon"}},
      {"lint", {}},
      {"lint", {"/no/such.conf"}},
      {"lint", {"a", "b"}},
      {"lint", {"x", "--compat", "spark-9"}},
      {"lint", {"x", "--against", "newest"}},
  };
  for (const auto& [name, arguments] : all) {
    const auto command = std::ranges::find(all_commands(), name, &Command::name);
    const Output result = call(command->run, arguments);
    EXPECT_EQ(result.code, 2) << name << " " << testing::PrintToString(arguments);
    EXPECT_NE(result.err, "") << name;
  }
}

TEST_F(Commands, RunWritesAFolderOnceAndSaysFine) {
  const std::string scenario = put("tiny.json", tiny_text());
  const Output first = run(scenario, "r");
  EXPECT_EQ(first.code, 0);
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(std::ranges::count(first.out, '\n'), 6);
  const Output again = run(scenario, "r");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  const Output forced = run(scenario, "r", {"--force", "--json"});
  EXPECT_EQ(forced.code, 0);
  EXPECT_EQ(forced.out, read_file(path("r/summary.json")).value());
  const Output nowhere = call(run_command, {scenario, "--engine", "fluid", "--out", "/proc/nothing/r"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot make the folder"));
}

TEST_F(Commands, ABrokenBudgetIsExitOne) {
  const Output result = run(put("t.json", tiny_text(6, "16", R"(,"expect":{"kpis":{"creates":5}})")), "r");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("FAILED    creates is 6, the budget is at most 5\n"));
}

TEST_F(Commands, CheckReportsEveryMistakeOfEveryFile) {
  const std::string good = put("good.json", tiny_text());
  const std::string bad = put("bad.json", "{\"schema\":\"podramp/v1\",\n\"seeed\":1}");
  const Output fine = call(check_command, {good});
  EXPECT_EQ(fine.code, 0);
  EXPECT_EQ(fine.out, good + ": fine: 3 nodes, 1 applications, 0 timeline entries\n");
  EXPECT_EQ(call(check_command, {"--quiet", good}).out, "");
  const Output both = call(check_command, {bad, good, "--json"});
  EXPECT_EQ(both.code, 2);
  EXPECT_EQ(both.err, "");
  const json j = json::parse(both.out);
  ASSERT_EQ(j.size(), 2U);
  EXPECT_EQ(j[0]["fine"], false);
  ASSERT_EQ(j[0]["errors"].size(), 3U);  // cluster and applications are missing, one key is unknown
  EXPECT_EQ(j[0]["errors"][2]["path"], "seeed");
  EXPECT_EQ(j[0]["errors"][2]["line"], 2);
  EXPECT_EQ(j[1]["fine"], true);
  EXPECT_EQ(j[1]["nodes"], 3);
  EXPECT_EQ(call(check_command, {bad, good}).code, 2);
}

TEST_F(Commands, TestUpdatesThenPassesThenFailsOnAChange) {
  const std::string scenario = put("t.json", tiny_text(2));
  const Output missing = call(test_command, {scenario});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.out, HasSubstr("is missing; make it with --update"));
  const Output update = call(test_command, {scenario, "--update"});
  EXPECT_EQ(update.code, 0);
  EXPECT_THAT(update.out,
              HasSubstr("update  " + scenario + "\n        written for the first time\n1 passed, 0 failed\n"));
  const Output pass = call(test_command, {path(""), "--ladder"});
  EXPECT_EQ(pass.code, 0) << pass.out;
  EXPECT_EQ(pass.out, "ok      " + path("") + "t.json" + "\n1 passed, 0 failed\n");

  json expected = json::parse(read_file(path("t.expected.json")).value());
  expected["kpis"]["creates"] = 1;
  put("t.expected.json", expected.dump());
  const Output changed = call(test_command, {scenario, "--junit", path("junit.xml"), "--json"});
  EXPECT_EQ(changed.code, 1);
  const json j = json::parse(changed.out);
  EXPECT_EQ(j["failed"], 1);
  EXPECT_EQ(j["tests"][0]["problems"], json::array({"kpis.creates: expected 1, got 2"}));
  EXPECT_EQ(read_file(path("junit.xml")).value(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"podramp\" tests=\"1\" failures=\"1\">\n"
            "  <testcase classname=\"podramp\" name=\"" +
                scenario +
                "\">\n    <failure message=\"kpis.creates: expected 1, got 2\"/>\n  </testcase>\n</testsuite>\n");
  put("t.json", "{}");
  EXPECT_EQ(call(test_command, {scenario}).code, 2);
}

TEST_F(Commands, ReplayTellsEqualFromChanged) {
  ASSERT_EQ(run(put("t.json", tiny_text()), "r").code, 0);
  EXPECT_EQ(call(replay_command, {path("r")}).code, 0);
  std::string log = read_file(path("r/events.jsonl")).value();
  const std::size_t at = log.find("\"type\":\"out.timer_set\"");
  log.replace(log.find("\"at_us\":", at) + 8, 1, "9");
  const std::string changed = put("changed.jsonl", log);
  EXPECT_EQ(call(replay_command, {changed}).code, 3);
  const Output as_json = call(replay_command, {changed, "--json"});
  EXPECT_EQ(as_json.code, 3);
  EXPECT_EQ(json::parse(as_json.out)["same"], false);
}

TEST_F(Commands, ShowStopsAtAnEventOrATime) {
  ASSERT_EQ(run(put("t.json", tiny_text()), "r").code, 0);
  const json first = json::parse(call(show_command, {path("r"), "--at", "4", "--json"}).out);
  EXPECT_EQ(first["seq"], 4);
  EXPECT_EQ(first["t_us"], 0);
  EXPECT_EQ(first["cluster"]["nodes"], 3);
  EXPECT_EQ(first["cluster"]["pods"], json::object());
  const json later = json::parse(call(show_command, {path("r"), "--at", "1m", "--json"}).out);
  EXPECT_LE(later["t_us"], kMinuteUs);
  EXPECT_GT(later["t_us"], kMinuteUs - 2 * kSecondUs);
  EXPECT_EQ(later["cluster"]["pods"], json({{"Running", 6}}));
  EXPECT_FALSE(later["applications"]["etl"].empty());
  const Output end = call(show_command, {path("r")});
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.out, HasSubstr("pods      6 Running\n"));
  EXPECT_THAT(end.out, HasSubstr("\n[etl]\n"));
}

TEST(Progress, IsShownOnATerminalOnly) {
  const std::string path = testing::TempDir() + "/podramp_progress";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(master, 0) << "this test needs a pseudo-terminal: is devpts mounted on /dev/pts?";
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  std::FILE* terminal = std::fopen(::ptsname(master), "w");
  ASSERT_NE(terminal, nullptr);
  {
    ProgressLine quiet("ramp", file);
    ProgressLine shown("ramp", terminal);
    shown.show(kSecondUs, kMinuteUs);  // too early
    std::this_thread::sleep_for(std::chrono::milliseconds(ProgressLine::kPeriodMs + 20));
    quiet.show(kSecondUs, kMinuteUs);
    shown.show(kSecondUs, kMinuteUs);
    shown.show(2 * kSecondUs, kMinuteUs);  // too early again
  }
  std::fclose(file);
  EXPECT_EQ(fs::file_size(path), 0U);
  std::array<char, 512> buffer{};
  const ssize_t n = ::read(master, buffer.data(), buffer.size());
  const std::string line(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  EXPECT_THAT(line, HasSubstr("ramp: 1.000s of at most 1m00.000s"));
  EXPECT_EQ(line.find("2.000s"), std::string::npos);
  std::fclose(terminal);
  ::close(master);
}

// A child process runs a scenario that takes minutes; Ctrl-C ends it with a complete folder.
TEST_F(Commands, CtrlCLeavesACompleteFolderAndExit130) {
  const std::string scenario = put("long.json", tiny_text(40, "64", R"(,"end":"60000h","until_quiet":false)"));
  const std::string out = path("r");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int sink = ::open("/dev/null", O_WRONLY);
    ::dup2(sink, STDOUT_FILENO);
    ::dup2(sink, STDERR_FILENO);
    std::_Exit(run_command({scenario, "--engine", "fluid", "--out", out}));
  }
  std::error_code code;
  for (int i = 0; i < 500 && !(fs::file_size(out + ".partial/events.jsonl", code) > 0 && !code); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const json summary = json::parse(read_file(out + "/summary.json").value());
  EXPECT_EQ(summary["ended"], "interrupted");
  EXPECT_FALSE(fs::exists(out + ".partial"));
  auto log = LogReader::open(out + "/events.jsonl");
  ASSERT_TRUE(log);
  auto event = log->next();
  while (event && *event) event = log->next();
  ASSERT_TRUE(event);
  ASSERT_TRUE(log->footer());
  EXPECT_EQ(log->footer()->ended, "interrupted");
}

}  // namespace
}  // namespace podramp::sim::commands_test
