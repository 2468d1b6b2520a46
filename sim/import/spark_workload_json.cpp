// Jobs follow each other as in the log: each comes so long after the last job that had ended when it was submitted. A
// stage that was skipped there is the one that had made its shuffle: the last earlier one that ran on the same RDD.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/import/spark_scenario.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using WorkloadJson = nlohmann::ordered_json;

// "12-count" of "count at Report.scala:12".
std::string name_of_stage(const LoggedStage& stage) {
  std::string name = fmt::format("{}-", stage.id);
  for (const char c : stage.name.substr(0, stage.name.find(" at "))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain && name.size() < 40) name += c;
  }
  return name.ends_with('-') ? name + "stage" : name;
}

struct JobPart {
  std::string name;
  const LoggedJob* job = nullptr;
  std::vector<const LoggedStage*> stages;  // by id; the last one is its result
};

class Workload {
 public:
  Workload(const SparkLog& log, ImportNotes& notes) : log_(log), notes_(notes) {}

  WorkloadJson write() {
    find_owners();
    for (const auto& [id, job] : log_.jobs) split(job);
    WorkloadJson jobs = WorkloadJson::array();
    for (const JobPart& part : parts_) jobs.push_back(job_entry(part));
    if (unfinished_ > 0) {
      notes_.assumed("times of unfinished tasks",
                     fmt::format("{} tasks had not ended: the median of their stage, or 1s", unfinished_));
    }
    return jobs.empty() ? WorkloadJson() : WorkloadJson{{"jobs", std::move(jobs)}};
  }

 private:
  // The first job that names a stage is the one that ran it.
  void find_owners() {
    for (const auto& [id, job] : log_.jobs) {
      for (const std::int64_t stage : job.stages) owners_.try_emplace(stage, id);
    }
  }

  const LoggedStage* ran(std::int64_t id) const {
    const auto at = log_.stages.find(id);
    return at == log_.stages.end() || at->second.attempts == 0 || !owners_.contains(id) ? nullptr : &at->second;
  }

  // The stage whose shuffle a reader of `id` gets.
  const LoggedStage* maker_of(std::int64_t id) const {
    if (const LoggedStage* stage = ran(id)) return stage;
    const auto wanted = log_.stages.find(id);
    if (wanted == log_.stages.end()) return nullptr;
    for (auto it = wanted; it != log_.stages.begin();) {
      --it;
      const bool same = it->second.rdd == wanted->second.rdd && !it->second.result;
      if (same && ran(it->first) != nullptr) return &it->second;
    }
    return nullptr;
  }

  // A job that failed or had not ended may have stages that lead to no common last one: then there is one job for each.
  void split(const LoggedJob& job) {
    std::set<std::int64_t> left;
    for (const std::int64_t id : job.stages) {
      if (ran(id) != nullptr && owners_.at(id) == job.id) left.insert(id);
    }
    if (left.empty()) {
      notes_.left_out("job without stages of its own", "all that it needed was there already, or it had not begun");
    }
    for (int number = 0; !left.empty(); ++number) {
      std::vector<std::int64_t> reached{*left.rbegin()};
      for (std::size_t i = 0; i < reached.size(); ++i) {
        if (left.erase(reached[i]) == 0) continue;
        for (const std::int64_t parent : log_.stages.at(reached[i]).parents) {
          const LoggedStage* maker = maker_of(parent);
          if (maker != nullptr && left.contains(maker->id)) reached.push_back(maker->id);
        }
      }
      std::ranges::sort(reached);
      reached.erase(std::ranges::unique(reached).begin(), reached.end());
      JobPart part{number == 0 ? fmt::format("job-{}", job.id) : fmt::format("job-{}-{}", job.id, number), &job, {}};
      for (const std::int64_t id : reached) {
        part.stages.push_back(&log_.stages.at(id));
        places_[id] = parts_.size();
      }
      if (!job.ended_ms) notes_.left_out("unfinished job", "it had not ended: its stages that ran are carried over");
      parts_.push_back(std::move(part));
    }
  }

  WorkloadJson job_entry(const JobPart& part) {
    WorkloadJson entry{{"name", part.name}};
    const JobPart* before = nullptr;
    for (const JobPart& other : parts_) {
      if (&other == &part) break;
      const bool ended = other.job->ended_ms && *other.job->ended_ms <= part.job->submitted_ms;
      if (ended && (before == nullptr || *other.job->ended_ms >= *before->job->ended_ms)) before = &other;
    }
    std::int64_t from_ms = log_.started_ms >= 0 ? log_.started_ms : log_.first_ms;
    if (before != nullptr) {
      entry["after"] = before->name;
      from_ms = *before->job->ended_ms;
    }
    entry["start"] = duration(kMillisecondUs * std::max<std::int64_t>(part.job->submitted_ms - from_ms, 0));
    if (!part.stages.back()->result) entry["map_stage"] = true;
    for (const LoggedStage* stage : part.stages) {
      entry["stages"].push_back(stage_entry(*stage, part, stage != part.stages.back() || !stage->result));
    }
    return entry;
  }

  WorkloadJson stage_entry(const LoggedStage& stage, const JobPart& part, bool writes_shuffle) {
    WorkloadJson entry{{"name", name_of_stage(stage)}};
    std::set<std::string> parents;
    for (const std::int64_t parent : stage.parents) {
      const LoggedStage* maker = maker_of(parent);
      const auto home = maker == nullptr ? places_.end() : places_.find(maker->id);
      const bool before =
          home != places_.end() && !maker->result && maker->id < stage.id && &parts_[home->second] <= &part;
      if (!before) {
        notes_.left_out("shuffle of unknown origin", "the log does not hold the stage that wrote it: nothing is read");
        continue;
      }
      const bool own = &parts_[home->second] == &part;
      const std::string name = name_of_stage(*maker);
      parents.insert(own ? name : fmt::format("{}/{}", parts_[home->second].name, name));
    }
    if (!parents.empty()) entry["parents"] = parents;
    const std::int64_t tasks = std::max<std::int64_t>({stage.tasks, std::ssize(stage.done), 1});
    entry["tasks"] = tasks;
    if (std::ranges::find(log_.profiles, stage.profile, &backend::ResourceProfile::id) != log_.profiles.end()) {
      entry["profile"] = stage.profile;
    } else if (stage.profile != kDefaultProfile) {
      notes_.left_out(fmt::format("profile {} of a stage", stage.profile), "the log does not say what it asks for");
    }
    put_durations(stage, tasks, entry);
    if (writes_shuffle) put_shuffle(stage, entry);
    put_cache(stage, tasks, entry);
    return entry;
  }

  void put_durations(const LoggedStage& stage, std::int64_t tasks, WorkloadJson& entry) {
    std::vector<DurationUs> times;
    for (const auto& [partition, task] : stage.done) times.push_back(task.work_us);
    std::vector<DurationUs> sorted = times;
    std::ranges::sort(sorted);
    const DurationUs median = sorted.empty() ? kSecondUs : sorted[sorted.size() / 2];
    unfinished_ += tasks - std::ssize(times);
    times.resize(static_cast<std::size_t>(tasks), median);
    for (const DurationUs us : times) entry["durations"].push_back(duration(us));
  }

  static void put_shuffle(const LoggedStage& stage, WorkloadJson& entry) {
    std::int64_t sum = 0;
    for (const auto& [partition, task] : stage.done) sum += task.shuffle_bytes;
    if (sum == 0) return;
    const std::int64_t count = std::ssize(stage.done);
    entry["shuffle_write"] = format_bytes((sum + count - 1) / count);
  }

  // A persisted RDD whose partitions are the stage's tasks; one that is unpersisted later would hold executors for
  // ever.
  void put_cache(const LoggedStage& stage, std::int64_t tasks, WorkloadJson& entry) {
    for (const LoggedRdd& rdd : stage.cached) {
      if (log_.unpersisted.contains(rdd.id)) {
        notes_.left_out("cached RDD that was unpersisted",
                        "a scenario's cached blocks stay until the application ends");
      } else if (rdd.partitions != tasks || entry.contains("cache")) {
        notes_.left_out("second cached RDD of a stage", "a task has one cached block, of its own partition");
      } else {
        entry["cache"] = WorkloadJson{{"name", fmt::format("rdd-{}", rdd.id)}};
        notes_.assumed("size of cached blocks", "event logs do not hold it: moving one costs nothing");
      }
    }
  }

  const SparkLog& log_;
  ImportNotes& notes_;
  std::map<std::int64_t, std::int64_t> owners_;  // stage -> job
  std::map<std::int64_t, std::size_t> places_;   // stage -> parts_
  std::vector<JobPart> parts_;
  std::int64_t unfinished_ = 0;
};

}  // namespace

WorkloadJson workload_of(const SparkLog& log, ImportNotes& notes) { return Workload(log, notes).write(); }

}  // namespace podramp::sim
