// Creates that follow each other within the time of two rounds are one wish: its target is what is there after them.
// A delete is a kill by the application: the log does not say whether the executor was idle, had failed or was lost.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/driver_calls.h"
#include "sim/import/driver_story.h"
#include "sim/import/json_fields.h"
#include "sim/import/line_reader.h"

namespace podramp::sim {
namespace {

constexpr DurationUs kSameWish = 2'500 * kMillisecondUs;  // spark.kubernetes.allocation.batch.delay is 1s

class Audit {
 public:
  explicit Audit(const std::vector<DriverCall>& calls) : calls_(calls) { story_.what = "API server's audit log"; }

  DriverStory tell(ImportNotes& notes) {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const DriverCall& call = calls_[i];
      if (call.verb == DriverVerb::create) {
        create(call);
      } else if (call.verb == DriverVerb::remove) {
        remove(call);
      } else if (!story_.stop && call.at > 0) {
        story_.stop = call.at;
      }
    }
    end_wish();
    if (kills_ > 0) {
      notes.assumed("deletes of executors' pods",
                    "they are kills by the application: the log does not say why a pod was deleted");
    }
    return std::move(story_);
  }

 private:
  void create(const DriverCall& call) {
    if (call.at - last_create_ > kSameWish) end_wish();
    if (wish_at_ < 0) wish_at_ = call.at;
    last_create_ = call.at;
    refused_ = call.code >= 400;
    if (refused_) {
      story_.refusals.push_back({call.at, call.at, call.code});
    } else if (call.code >= 200 && call.code < 300) {
      there_.insert(call.executor);
    }
  }
  void remove(const DriverCall& call) {
    if (!there_.contains(call.executor)) return;
    end_wish();
    there_.erase(call.executor);
    ++kills_;
    story_.happenings.push_back({call.at, StoryAct::kill, {call.executor}, 1, false});
  }
  // A create that was refused and not tried again was wanted all the same.
  void end_wish() {
    if (wish_at_ < 0) return;
    story_.targets.push_back({wish_at_, kDefaultProfile, std::ssize(there_) + (refused_ ? 1 : 0)});
    wish_at_ = -1;
    refused_ = false;
  }

  const std::vector<DriverCall>& calls_;
  DriverStory story_;
  std::set<std::int64_t> there_;
  bool refused_ = false;  // the last create
  TimeUs wish_at_ = -1;
  TimeUs last_create_ = 0;
  std::int64_t kills_ = 0;
};

// What read_audit() passed over, by kind.
Result<bool> count_others(const std::string& path, ImportNotes& notes) {
  auto file = open_file(path);
  if (!file) return tl::unexpected(file.error());
  LineReader lines(std::move(*file));
  std::string line;
  for (;;) {
    const auto more = lines.next(line);
    if (!more) return tl::unexpected(more.error());
    if (!*more) return true;
    const auto event = nlohmann::json::parse(line, nullptr, false);
    if (!event.is_object() || text_of(event, "stage") != "ResponseComplete") continue;
    const auto& object = field_of(event, "objectRef");
    const std::string verb = text_of(event, "verb");
    const std::string resource = text_of(object, "resource");
    const std::string sub = text_of(object, "subresource");
    const bool of_pods = resource == "pods" && sub.empty();
    const bool writes = verb == "create" || verb == "delete" || verb == "deletecollection";
    if (of_pods && writes && (verb == "deletecollection" || executor_of_pod(text_of(object, "name")) > 0)) continue;
    const std::string what = resource.empty() ? text_of(event, "requestURI") : resource;
    notes.left_out(fmt::format("request {} {}{}", verb, what, sub.empty() ? "" : "/" + sub),
                   "is no create or delete of an executor's pod");
  }
}

}  // namespace

tl::expected<ImportedScenario, FieldErrors> import_audit(const std::string& path, const std::string& pods,
                                                         const std::optional<Scenario>& base) {
  const auto wrong = [](const Error& error) { return tl::unexpected(FieldErrors{{"", 0, "", error.message}}); };
  auto calls = read_audit(path, pods);
  if (!calls) return wrong(calls.error());
  if (calls->empty()) {
    return wrong({fmt::format("{}: holds no create or delete of an executor's pod (NAME-exec-1){}", path,
                              pods.empty() ? "" : " of " + pods)});
  }
  // A request may have been received long before the first one that was over, and logged.
  const TimeUs first = std::min<TimeUs>(calls->front().at, 0);
  for (DriverCall& call : *calls) call.at -= first;
  ImportNotes notes;
  if (const auto counted = count_others(path, notes); !counted) return wrong(counted.error());
  DriverStory story = Audit(*calls).tell(notes);
  story.app_name = pods;
  return scenario_of_story(std::move(story), base, std::move(notes));
}

}  // namespace podramp::sim
