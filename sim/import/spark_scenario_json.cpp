// What surrounds the workload: name, level, conf, executors and their losses (spark_scenario.h).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/import/conf_choice.h"
#include "sim/import/spark_scenario.h"
#include "sim/scenario_conf.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kInstances = "spark.executor.instances";
constexpr std::string_view kCores = "spark.executor.cores";

// The most that were there at the same time.
std::int64_t most_executors(const SparkLog& log) {
  std::vector<std::pair<std::int64_t, int>> changes;
  for (const LoggedExecutor& executor : log.executors) {
    changes.emplace_back(executor.added_ms, 1);
    if (executor.removed_ms) changes.emplace_back(*executor.removed_ms, -1);
  }
  std::ranges::sort(changes);  // at one instant, those that go go first
  std::int64_t now = 0;
  std::int64_t most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, now += change);
  return most;
}

bool scales(const StringMap& conf) {
  const auto at = conf.find("spark.dynamicAllocation.enabled");
  return at != conf.end() && (at->second == "true" || at->second == "TRUE" || at->second == "True");
}

// How many executors the run needs room for, and what is asked for where the conf does not say it.
std::int64_t size_executors(const SparkLog& log, StringMap& conf, ImportNotes& notes) {
  std::int64_t most = most_executors(log);
  std::int64_t cores = log.driver_cores;
  for (const LoggedExecutor& executor : log.executors) cores = std::max(cores, executor.cores);
  if (most == 0) {
    most = 1;
    notes.assumed("executors", log.driver_cores > 0
                                   ? "a local run, whose driver was the executor: here one, with the driver's cores"
                                   : "the log has none: one");
  } else if (!scales(conf) && !conf.contains(std::string(kInstances))) {
    notes.assumed(std::string(kInstances), fmt::format("{}, the most that were there at the same time", most));
  }
  if (!scales(conf)) conf.try_emplace(std::string(kInstances), std::to_string(most));
  if (cores > 0 && !conf.contains(std::string(kCores))) {
    notes.assumed(std::string(kCores), fmt::format("{}, as executors had", cores));
    conf[std::string(kCores)] = std::to_string(cores);
  }
  std::int64_t asked = 0;
  const std::string& instances =
      conf[scales(conf) ? "spark.dynamicAllocation.initialExecutors" : std::string(kInstances)];
  std::from_chars(instances.data(), instances.data() + instances.size(), asked);
  if (instances.empty()) conf.erase("spark.dynamicAllocation.initialExecutors");
  return std::clamp<std::int64_t>(asked, most, 100'000);
}

// Whoever removed it, nobody lost anything.
bool was_wanted(std::string_view reason) {
  return reason.empty() || reason.find("killed by driver") != std::string_view::npos ||
         reason.find("idle") != std::string_view::npos || reason.find("ecommission") != std::string_view::npos ||
         reason.find("Application") != std::string_view::npos;
}

// 137 of "The executor with id 3 exited with exit code 137(SIGKILL, ...)"; Spark's own 1 when it does not say.
int exit_code_of(std::string_view reason) {
  for (const std::string_view words : {"exit code ", "exited with code "}) {
    const std::size_t at = reason.find(words);
    if (at == std::string_view::npos) continue;
    int code = 0;
    const std::string_view number = reason.substr(at + words.size());
    if (std::from_chars(number.data(), number.data() + number.size(), code).ec == std::errc{} && code >= 0 &&
        code <= 255) {
      return code;
    }
  }
  return 1;
}

// Executors that were lost are lost again, at the same time after the start.
nlohmann::ordered_json losses_of(const SparkLog& log, const std::string& application, ImportNotes& notes) {
  std::vector<std::pair<std::int64_t, nlohmann::ordered_json>> losses;
  const std::int64_t from_ms = log.started_ms >= 0 ? log.started_ms : log.first_ms;
  for (const LoggedExecutor& executor : log.executors) {
    if (!executor.removed_ms) continue;
    std::int64_t id = 0;
    const char* const end = executor.id.data() + executor.id.size();
    const auto number = std::from_chars(executor.id.data(), end, id);
    if (was_wanted(executor.reason)) {
      notes.left_out("executor removed on purpose", "when executors go is decided anew");
    } else if (number.ec != std::errc{} || number.ptr != end || id < 1) {
      notes.left_out(fmt::format("loss of executor {}", executor.id), "executors on Kubernetes are numbered from 1");
    } else {
      const std::int64_t at_ms = std::max<std::int64_t>(*executor.removed_ms - from_ms, 0);
      losses.emplace_back(at_ms, nlohmann::ordered_json{{"at", duration(kMillisecondUs * at_ms)},
                                                        {"do", "executor_exit"},
                                                        {"application", application},
                                                        {"executors", std::vector{id}},
                                                        {"exit_code", exit_code_of(executor.reason)}});
    }
  }
  std::ranges::stable_sort(losses, {}, [](const auto& loss) { return loss.first; });
  auto timeline = nlohmann::ordered_json::array();
  for (auto& [at_ms, entry] : losses) timeline.push_back(std::move(entry));
  return timeline;
}

std::string about(const SparkLog& log) {
  std::size_t stages = 0;
  std::size_t tasks = 0;
  for (const auto& [id, stage] : log.stages) {
    stages += stage.attempts > 0 ? 1 : 0;
    tasks += stage.done.size();
  }
  return fmt::format("The application \"{}\" as its event log of Spark {} tells it: {} jobs, {} stages, {} tasks.",
                     log.app_name, log.version.empty() ? "?" : log.version, log.jobs.size(), stages, tasks);
}

}  // namespace

tl::expected<ImportedScenario, FieldErrors> import_spark_events(const std::string& path,
                                                                const std::optional<Scenario>& base) {
  const auto wrong = [](const Error& error) { return tl::unexpected(FieldErrors{{"", 0, "", error.message}}); };
  ImportNotes notes;
  const auto files = find_event_log(path, notes);
  if (!files) return wrong(files.error());
  if (files->compacted)
    notes.left_out("ended jobs", "the log was compacted: Spark dropped the events of jobs that were over");
  if (files->in_progress)
    notes.left_out("the rest of the run", "the log is of a driver that was running or was killed");
  const auto log = read_spark_log(*files, notes);
  if (!log) return wrong(log.error());
  FramedApplication application;
  application.about = about(*log);
  application.name = as_application_name(log->app_name);
  application.compat = level_of_version(log->version, notes);
  application.conf = choose_conf(log->conf, application.compat, notes);
  need_image(application.conf, image_of(base), log->version, notes);
  application.executors = size_executors(*log, application.conf, notes);
  application.profiles = log->profiles;
  nlohmann::ordered_json root = scenario_frame(application, base, notes);
  auto workload = workload_of(*log, notes);
  if (workload.is_null()) {
    notes.left_out("workload", "no stage ran: the application only holds its executors");
  } else {
    root["applications"][0]["workload"] = std::move(workload);
  }
  auto losses = losses_of(*log, application.name, notes);
  if (!losses.empty()) root["timeline"] = std::move(losses);
  return finish_import(root, std::move(notes));
}

}  // namespace podramp::sim
