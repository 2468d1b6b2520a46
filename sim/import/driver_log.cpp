// The messages are those of Spark 3.5 to 4.x: ExecutorPodsAllocator, ExecutorAllocationManager, TaskSchedulerImpl,
// CoarseGrainedSchedulerBackend and KubernetesClusterSchedulerBackend, SparkContext.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "sim/import/driver_story.h"
#include "sim/import/line_reader.h"
#include "sim/import/log_line.h"

namespace podramp::sim {
namespace {

constexpr DurationUs kHalfDay = 12 * kHourUs;
constexpr DurationUs kFreshTarget = 10 * kSecondUs;

// The whole number right behind these words.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + words.size());
  std::int64_t number = 0;
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{} ? std::optional(number)
                                                                                           : std::nullopt;
}

bool is_executor(std::int64_t id) { return id >= 1 && id <= 10'000'000; }

// "1, 2,3" behind these words.
std::vector<std::int64_t> numbers_after(std::string_view text, std::string_view words) {
  std::vector<std::int64_t> numbers;
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return numbers;
  text.remove_prefix(at + words.size());
  for (;;) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{}) return numbers;
    if (is_executor(number)) numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t next = text.find_first_not_of(", ");
    if (next == 0 || next == std::string_view::npos) return numbers;
    text.remove_prefix(next);
  }
}

class DriverLog {
 public:
  explicit DriverLog(ImportNotes& notes) : notes_(notes) { story_.what = "log"; }

  void take(const LogLine& line) {
    if (first_us_ < 0) first_us_ = line.unix_us;
    if (line.unix_us - first_us_ + midnights_us_ < now_ - kHalfDay) midnights_us_ += 2 * kHalfDay;
    now_ = std::max<TimeUs>(line.unix_us - first_us_ + midnights_us_, now_);
    last_source_ = line.source;
    if (target(line.message) || executors(line.message) || application(line.message) || refused(line.message)) return;
    skip(line);
  }
  // A line without a time: part of a stack trace, or something that is not Spark's.
  void take_plain(const std::string& text) {
    if (!refused(text)) notes_.left_out("line without a time", "stack traces, and what is not written by log4j");
  }

  DriverStory finish() { return std::move(story_); }
  bool empty() const { return first_us_ < 0; }

 private:
  bool target(const std::string& text) {
    const bool allocator = text.starts_with("Going to request ");
    std::optional<std::int64_t> wanted = number_after(text, allocator ? ", target: " : "new desired total will be ");
    if (!wanted) wanted = number_after(text, "Lowering target number of executors to ");
    if (!wanted) return false;
    *wanted = std::clamp<std::int64_t>(*wanted, 0, 10'000'001);  // one beyond the limit, which then says so
    StoryTarget one{now_, kDefaultProfile, *wanted};
    for (const char* words : {"ResourceProfile Id: ", "resource profile id: "}) {
      if (const auto id = number_after(text, words)) one.profile = static_cast<ProfileId>(*id);
    }
    auto& last = targets_[one.profile];
    if (last != *wanted) story_.targets.push_back(one);
    last = *wanted;
    return true;
  }

  bool executors(const std::string& text) {
    if (auto killed = numbers_after(text, "Requesting to kill executor(s) "); !killed.empty()) {
      leaving_.insert(killed.begin(), killed.end());
      story_.happenings.push_back({now_, StoryAct::kill, std::move(killed), 1, true});
      return true;
    }
    if (auto going = numbers_after(text, "Decommission executors: "); !going.empty()) {
      leaving_.insert(going.begin(), going.end());
      story_.happenings.push_back({now_, StoryAct::decommission, std::move(going), 1, false});
      return true;
    }
    auto lost = number_after(text, "Lost executor ");
    if (!lost) lost = number_after(text, "Asked to remove non-existent executor ");  // it had not registered yet
    if (!lost) return is_implied(text);
    if (story_.stop || !is_executor(*lost) || !leaving_.insert(*lost).second) return true;
    const auto code = number_after(text, "exit code ");
    story_.happenings.push_back(
        {now_, StoryAct::exit, {*lost}, static_cast<int>(code && *code >= 0 && *code <= 255 ? *code : 1), false});
    return true;
  }

  // What a driver says of what it will do here by itself.
  static bool is_implied(std::string_view text) {
    return (text.starts_with("Executor ") && text.find("killed by driver") != std::string_view::npos) ||
           text.starts_with("Registered executor ") || text.starts_with("Actual list of executor(s) to be killed") ||
           text.find(" new failed executors") != std::string_view::npos ||
           text.find("removed due to idle timeout") != std::string_view::npos;
  }

  bool application(const std::string& text) {
    constexpr std::string_view kVersion = "Running Spark version ";
    constexpr std::string_view kName = "Submitted application: ";
    if (text.starts_with(kVersion)) {
      story_.version = text.substr(kVersion.size());
    } else if (text.starts_with(kName)) {
      story_.app_name = text.substr(kName.size());
    } else if (text.starts_with("Default ResourceProfile created")) {
      if (const auto cores = number_after(text, "name: cores, amount: ")) {
        story_.conf["spark.executor.cores"] = std::to_string(*cores);
      }
      if (const auto mib = number_after(text, "name: memory, amount: ")) {
        story_.conf["spark.executor.memory"] = fmt::format("{}m", *mib);
      }
    } else if (text.starts_with("SparkContext is stopping") || text.starts_with("Shutting down all executors")) {
      if (!story_.stop && now_ > 0) story_.stop = now_;
    } else {
      return false;
    }
    return true;
  }

  // fabric8's words for an answer of the API server, in a message or in a stack trace.
  bool refused(const std::string& text) {
    if (text.find("POST at: ") == std::string::npos || text.find("/pods. ") == std::string::npos) return false;
    const auto code = number_after(text, "code=");
    if (code && *code >= 400 && *code <= 599) {
      // Here the allocator acts on a new target at once.
      const bool fresh = !story_.targets.empty() && now_ - story_.targets.back().at < kFreshTarget;
      story_.refusals.push_back({now_, fresh ? story_.targets.back().at : now_, static_cast<int>(*code)});
    } else {
      notes_.left_out("create that failed without an answer", "an api.reset or api.timeout fault would play it");
    }
    return true;
  }

  void skip(const LogLine& line) {
    notes_.left_out("line of " + (line.source.empty() ? std::string("nobody") : line.source),
                    "says nothing that a timeline can hold");
  }

  ImportNotes& notes_;
  DriverStory story_;
  std::map<ProfileId, std::int64_t> targets_;
  std::set<std::int64_t> leaving_;  // killed or decommissioned: their loss follows from that
  std::string last_source_;
  std::int64_t first_us_ = -1;
  DurationUs midnights_us_ = 0;  // of a log that has no dates
  TimeUs now_ = 0;
};

}  // namespace

tl::expected<ImportedScenario, FieldErrors> import_driver_log(const std::string& path,
                                                              const std::optional<Scenario>& base) {
  const auto wrong = [&](std::string_view why) {
    return tl::unexpected(FieldErrors{{"", 0, "", fmt::format("{}: {}", path, why)}});
  };
  auto file = open_file(path);
  if (!file) return wrong(file.error().message);
  LineReader lines(std::move(*file));
  ImportNotes notes;
  DriverLog log(notes);
  std::string line;
  for (;;) {
    const auto more = lines.next(line);
    if (!more) return wrong(more.error().message);
    if (!*more) break;
    if (line.empty()) continue;
    if (const auto read = read_log_line(line)) {
      log.take(*read);
    } else {
      log.take_plain(line);
    }
  }
  if (log.empty()) {
    return wrong("no line has a time and a level in front, as \"26/11/27 13:06:13 INFO SparkContext: ...\"");
  }
  return scenario_of_story(log.finish(), base, std::move(notes));
}

}  // namespace podramp::sim
