// Targets, happenings and refusals as timeline and faults of a scenario.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/import/conf_choice.h"
#include "sim/import/driver_story.h"
#include "sim/scenario_conf.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using StoryJson = nlohmann::ordered_json;

constexpr DurationUs kSameTrouble = 10 * kSecondUs;

StoryJson happening_entry(const StoryExecutors& happening, const std::string& application) {
  constexpr std::array<std::string_view, 3> kWords{"executor_exit", "kill_executors", "decommission_executors"};
  StoryJson entry{{"at", duration(happening.at)},
                  {"do", std::string(kWords.at(static_cast<std::size_t>(happening.act)))},
                  {"application", application},
                  {"executors", happening.executors}};
  if (happening.act == StoryAct::exit) entry["exit_code"] = happening.exit_code;
  if (happening.act == StoryAct::kill && happening.replace) entry["replace"] = true;
  return entry;
}

StoryJson timeline_of(const DriverStory& story, const std::string& application) {
  std::vector<std::pair<TimeUs, StoryJson>> entries;
  for (const StoryTarget& target : story.targets) {
    StoryJson entry{{"at", duration(target.at)}, {"do", "set_target"}, {"application", application}};
    entry["executors"] = target.executors;
    if (target.profile != kDefaultProfile) entry["profile"] = target.profile;
    entries.emplace_back(target.at, std::move(entry));
  }
  for (const StoryExecutors& happening : story.happenings) {
    entries.emplace_back(happening.at, happening_entry(happening, application));
  }
  if (story.stop) {
    entries.emplace_back(
        *story.stop,
        StoryJson{{"at", duration(*story.stop)}, {"do", "stop_application"}, {"application", application}});
  }
  std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.first; });
  StoryJson timeline = StoryJson::array();
  for (auto& [at, entry] : entries) timeline.push_back(std::move(entry));
  return timeline;
}

StoryJson faults_of(const DriverStory& story, const std::string& application) {
  StoryJson faults = StoryJson::array();
  TimeUs last = 0;
  int code = 0;
  for (const StoryRefusal& refusal : story.refusals) {
    const std::string until = duration(refusal.at + kSecondUs);
    if (!faults.empty() && refusal.code == code && refusal.at - last < kSameTrouble) {
      faults.back()["until"] = until;
    } else {
      faults.push_back({{"point", "api.answer"},
                        {"application", application},
                        {"verb", "create"},
                        {"from", duration(refusal.from)},
                        {"until", until},
                        {"code", refusal.code}});
    }
    last = refusal.at;
    code = refusal.code;
  }
  return faults;
}

// The most that are wanted at one time, of all profiles together.
std::int64_t most_wanted(const std::vector<StoryTarget>& targets) {
  std::map<ProfileId, std::int64_t> wanted;
  std::int64_t most = 1;
  for (const StoryTarget& target : targets) {
    wanted[target.profile] = target.executors;
    std::int64_t sum = 0;
    for (const auto& [profile, executors] : wanted) sum += executors;
    most = std::max(most, sum);
  }
  return most;
}

// An executor that is replaced needs its place while the old one goes.
void size_story(const DriverStory& story, FramedApplication& application, ImportNotes& notes) {
  application.executors = most_wanted(story.targets) + 1;
  std::set<ProfileId> profiles;
  for (const StoryTarget& target : story.targets) {
    if (target.profile == kDefaultProfile || !profiles.insert(target.profile).second) continue;
    backend::ResourceProfile profile;
    profile.id = target.profile;
    application.profiles.push_back(std::move(profile));
    notes.assumed(fmt::format("profile {}", target.profile), "the log does not say what it asks for: what conf says");
  }
}

}  // namespace

tl::expected<ImportedScenario, FieldErrors> scenario_of_story(DriverStory story, const std::optional<Scenario>& base,
                                                              ImportNotes notes) {
  std::ranges::stable_sort(story.targets, {}, &StoryTarget::at);
  std::ranges::stable_sort(story.refusals, {}, &StoryRefusal::at);
  FramedApplication application;
  application.about = fmt::format(
      "What a driver was asked, as its {} tells it: {} targets, {} times something "
      "happened to executors, {} refused creates.",
      story.what, story.targets.size(), story.happenings.size(), story.refusals.size());
  application.name = as_application_name(story.app_name);
  application.compat = story.version.empty() ? backend::Compat::spark_4_0 : level_of_version(story.version, notes);
  if (story.version.empty()) notes.assumed("Spark version", "the log does not name it: spark-4.0");
  application.conf = choose_conf(story.conf, application.compat, notes);
  need_image(application.conf, image_of(base), story.version, notes);
  size_story(story, application, notes);
  const auto first = std::ranges::find(story.targets, kDefaultProfile, &StoryTarget::profile);
  application.conf["spark.executor.instances"] = std::to_string(first == story.targets.end() ? 0 : first->executors);
  auto root = scenario_frame(application, base, notes);
  // Its initial executors are wanted when the log first says so.
  if (first != story.targets.end() && first->at > 0) root["applications"][0]["start"] = duration(first->at);
  if (first != story.targets.end()) {
    std::erase_if(story.targets, [&, at = first->at](const StoryTarget& target) { return target.at < at; });
  }
  auto timeline = timeline_of(story, application.name);
  if (!timeline.empty()) root["timeline"] = std::move(timeline);
  auto faults = faults_of(story, application.name);
  if (!faults.empty()) root["faults"] = std::move(faults);
  return finish_import(root, std::move(notes));
}

}  // namespace podramp::sim
