#include "sim/wait_slices.h"

#include <algorithm>

#include "backend/port/json_writer.h"
#include "backend/snapshots.h"

namespace podramp::sim {
namespace {

WaitReason reason_of(const ProfileReport& profile, const std::string& aborted) {
  switch (profile.limited_by) {
    case Limit::batch_size: return WaitReason::batch;
    case Limit::pending_cap: return WaitReason::pending_cap;
    case Limit::profile_share: return WaitReason::profile_share;
    case Limit::unacknowledged: return WaitReason::unacknowledged;
    case Limit::claims: return WaitReason::claims;
    case Limit::refused:
      return aborted.find("exceeded quota") != std::string::npos ? WaitReason::quota : WaitReason::refused;
    case Limit::api_error: return WaitReason::api_error;
    case Limit::none: break;
  }
  return WaitReason::round;
}

WaitReason reason_of(const SetHold& hold) {
  switch (hold.wait) {
    case Wait::refused: return hold.by_quota ? WaitReason::quota : WaitReason::refused;
    case Wait::api_error: return WaitReason::api_error;
    case Wait::controller: return WaitReason::controller;
    default: return WaitReason::api;
  }
}

// What the executor was waiting for after its last known instant.
WaitReason reason_at(const ExecutorRow& row) {
  if (row.running_us) return WaitReason::registration;
  if (row.pulled_us) return WaitReason::start;
  if (row.pull_started_us) return WaitReason::image_pull;
  if (row.bound_us) return WaitReason::kubelet;
  if (row.unschedulable_us) return WaitReason::unschedulable;
  if (row.stored_us) return WaitReason::scheduler;
  return WaitReason::unknown;
}

// The pod whose coming or going a fact is about, "" of other events.
std::string pod_of(const EventRef& event) {
  return std::visit(
      []<class T>(const T* data) -> std::string {
        if constexpr (std::is_same_v<T, fact::PodCreated>) {
          return pod_key(*data->pod);
        } else if constexpr (std::is_same_v<T, fact::PodTerminating> || std::is_same_v<T, fact::PodFinished> ||
                             std::is_same_v<T, fact::PodGone> || std::is_same_v<T, fact::ContainerExited>) {
          return data->pod;
        } else {
          return "";
        }
      },
      event.data);
}

}  // namespace

// Builds slices that follow each other; what would go backwards or beyond the end is cut.
class Cutter {
 public:
  Cutter(TimeUs from_us, TimeUs until_us) : at_us_(from_us), until_us_(until_us) {}
  void until(TimeUs to_us, WaitReason reason) {
    to_us = std::min(to_us, until_us_);
    if (to_us <= at_us_) return;
    if (!slices_.empty() && slices_.back().reason == reason) {
      slices_.back().to_us = to_us;
    } else {
      slices_.push_back({reason, at_us_, to_us});
    }
    at_us_ = to_us;
  }
  void until(const std::optional<TimeUs>& to_us, WaitReason reason) {
    if (to_us) until(*to_us, reason);
  }
  TimeUs at_us() const { return at_us_; }
  std::vector<WaitSlice> take() { return std::move(slices_); }

 private:
  TimeUs at_us_;
  TimeUs until_us_;
  std::vector<WaitSlice> slices_;
};

std::map<WaitReason, DurationUs> sum(const std::vector<WaitSlice>& slices) {
  std::map<WaitReason, DurationUs> total;
  for (const WaitSlice& slice : slices) total[slice.reason] += slice.to_us - slice.from_us;
  return total;
}

void WaitSlices::add_application(const std::string& name, const std::string& app_id, std::int64_t initial_executors) {
  projection_.add_application(name, app_id, initial_executors);
  App& app = apps_[name];
  app.index = order_.size();
  app.initial = initial_executors;
  order_.push_back(name);
}

void WaitSlices::append(const EventRef& event) {
  PodMemory memory(false);
  const std::string pod = pod_of(event);
  const auto before = projection_.place_of(pod);
  projection_.append(event, memory);
  now_ = event.t;
  if (!pod.empty()) return follow_set(pod, before);
  if (const auto* came = std::get_if<const fact::MachineReady*>(&event.data)) came_[(*came)->node].push_back(event.t);
  autoscaled_ = autoscaled_ || std::holds_alternative<const fact::ScaleUp*>(event.data) ||
                std::holds_alternative<const fact::ScaleUpFailed*>(event.data);
  const auto it = apps_.find(event.by);
  if (it == apps_.end()) return;
  App& app = it->second;
  std::visit(
      [&]<class T>(const T* data) {
        if constexpr (std::is_same_v<T, in::Started>) {
          set_targets(app, {{kDefaultProfile, app.initial}});
        } else if constexpr (std::is_same_v<T, in::TargetSet>) {
          set_targets(app, data->targets);
        } else if constexpr (std::is_same_v<T, out::TargetsRequested>) {
          for (const auto& [id, n] : data->needed) app.profiles[id].needed = n;
          set_targets(app, data->targets);
        } else if constexpr (std::is_same_v<T, out::Called>) {
          on_called(app, *data);
        } else if constexpr (std::is_same_v<T, in::Replied>) {
          on_replied(app, *data);
        } else if constexpr (std::is_same_v<T, out::RoundDone>) {
          on_round(app, *data);
        } else if constexpr (std::is_same_v<T, out::ExecutorRemoved>) {
          if (const auto row = row_of(app, data->executor)) give_up(app, *row, false);
        } else if constexpr (std::is_same_v<T, out::ExecutorIdGiven>) {
          if (const auto row = row_of(app, data->executor)) take(app, *row);
        } else if constexpr (std::is_same_v<T, in::Stopped> || std::is_same_v<T, out::Exited>) {
          over(app);
        }
      },
      event.data);
}

// Makes the wants of a profile what its need and target leave open: the oldest are served first, the newest given up.
void WaitSlices::balance(Profile& profile) {
  const auto open = std::max<std::int64_t>(std::max(profile.target, profile.needed) - profile.live, 0);
  while (std::cmp_greater(profile.wants.size(), open)) profile.wants.pop_back();
  while (std::cmp_less(profile.wants.size(), open)) profile.wants.push_back({now_, std::nullopt});
  std::int64_t covered = profile.target - profile.live;
  for (Want& want : profile.wants) {
    if (covered-- <= 0) break;
    if (!want.targeted_us) want.targeted_us = now_;
  }
}

void WaitSlices::set_targets(App& app, const std::map<ProfileId, std::int64_t>& targets) {
  for (const auto& [id, target] : targets) app.profiles[id].target = target;
  for (auto& [id, profile] : app.profiles) balance(profile);
}

std::optional<WaitSlices::Row> WaitSlices::row_of(const App& app, ExecutorId id) {
  const ExecutorRow* row = projection_.find(order_[app.index], id);
  return row == nullptr ? std::nullopt : std::optional(static_cast<Row>(row - view(app).executors.data()));
}

// A row takes the oldest want of its profile, unless it has one.
void WaitSlices::take(App& app, Row row) {
  if (app.asked.contains(row)) return;
  const ProfileId of = view(app).executors[row].profile;
  Profile& profile = app.profiles[of];
  Want want{now_, now_};
  if (!profile.wants.empty()) {
    want = profile.wants.front();
    profile.wants.pop_front();
  }
  ++profile.live;
  app.asked[row] = {want, of};
  balance(profile);
}

void WaitSlices::on_called(App& app, const out::Called& called) {
  if (called.request.verb != Verb::create || called.request.body == nullptr) return;
  const auto id = backend::executor_id(*called.request.body);
  const auto row = id ? row_of(app, *id) : std::nullopt;
  if (!row) return;
  app.creates[called.call] = *row;
  if (called.attempt > 1 || app.asked.contains(*row)) return;
  take(app, *row);
  app.creating = *row;
}

void WaitSlices::on_replied(App& app, const in::Replied& replied) {
  const auto create = app.creates.find(replied.call);
  if (create == app.creates.end()) return;
  const Row row = create->second;
  app.creates.erase(create);
  if (replied.reply.ok()) {
    app.creating.reset();
    return;
  }
  if (is_final_refusal(replied.reply)) give_up(app, row, true);
}

// What a set makes takes a want as soon as it is there; a pod that begins to go leaves one, for the set replaces it
// whether the driver has noticed or not.
void WaitSlices::follow_set(const std::string& pod, const std::optional<Projection::Place>& before) {
  if (before) {
    App& app = apps_.at(order_[before->application]);
    const ExecutorRow& row = view(app).executors[before->row];
    if (row.of_set && (row.terminating_us || row.stage == Stage::ended)) give_up(app, before->row, false);
  }
  const auto after = projection_.place_of(pod);
  if (!after) return;
  App& app = apps_.at(order_[after->application]);
  if (view(app).executors[after->row].of_set) take(app, after->row);
}

void WaitSlices::on_round(App& app, const out::RoundDone& round) {
  if (!round.aborted.empty() && app.creating) give_up(app, *std::exchange(app.creating, std::nullopt), true);
  for (const ProfileReport& report : round.profiles) {
    app.profiles[report.profile].rounds.push_back({round.started_us, now_, reason_of(report, round.aborted)});
  }
}

// A row leads to no executor any more. wanted_since_then: it never came to be, so its want is as old as before; else a
// replacement is wanted from now on.
void WaitSlices::give_up(App& app, Row row, bool wanted_since_then) {
  const auto it = app.asked.find(row);
  if (it == app.asked.end() || !std::exchange(it->second.live, false)) return;
  Profile& profile = app.profiles[it->second.profile];
  --profile.live;
  if (wanted_since_then) {
    it->second.refused_us = now_;
    profile.wants.push_front(it->second.want);
  }
  balance(profile);
}

// From the target to the driver's own create: what its rounds said.
void WaitSlices::cut_rounds(const App& app, const ExecutorRow& row, Cutter& cut) const {
  const auto profile = app.profiles.find(row.profile);
  WaitReason limit = WaitReason::round;
  if (profile != app.profiles.end()) {
    const auto& rounds = profile->second.rounds;
    const auto after = [&](const RoundOfProfile& round) { return round.ended_us <= cut.at_us(); };
    auto round = std::partition_point(rounds.begin(), rounds.end(), after);
    // What a round before the wish found says nothing about it.
    for (; round != rounds.end() && round->started_us <= row.asked_us; ++round) {
      cut.until(std::min(round->started_us, row.asked_us), limit);
      cut.until(std::min(round->ended_us, row.asked_us), WaitReason::creating);
      limit = round->limit;
    }
  }
  cut.until(row.asked_us, limit);
}

// From the target to the pod that a set made, or to the end of the log: what held the set up. Without facts nobody
// knows when its pod was made.
void WaitSlices::cut_holds(const App& app, const ExecutorRow& row, Cutter& cut) const {
  if (!row.pod.empty() && !row.stored_us) return;
  const TimeUs made_us = row.stored_us.value_or(now_);
  WaitReason reason = WaitReason::api;
  for (const SetHold& hold : view(app).sets.at(row.profile).holds) {
    cut.until(std::min(hold.since_us, made_us), reason);
    reason = reason_of(hold);
  }
  cut.until(made_us, reason);
}

// A pod on a node that came after it was found unschedulable waited for that node, then for the scheduler. One that has
// no node yet waits for the autoscaler, if there is one that tries.
void WaitSlices::cut_unschedulable(const ExecutorRow& row, Cutter& cut) const {
  const auto came = came_.find(row.node);
  if (row.bound_us && came != came_.end()) {
    const auto after = std::ranges::upper_bound(came->second, *row.bound_us);
    if (after != came->second.begin() && *std::prev(after) > *row.unschedulable_us) {
      cut.until(*std::prev(after), WaitReason::autoscaler);
      return cut.until(row.bound_us, WaitReason::scheduler);
    }
  }
  const bool waits = !row.bound_us && autoscaled_;
  cut.until(row.bound_us.value_or(now_), waits ? WaitReason::autoscaler : WaitReason::unschedulable);
}

std::vector<WaitSlice> WaitSlices::slices_of(const App& app, const ExecutorRow& row, const Want& want,
                                             TimeUs until_us) const {
  Cutter cut(want.wanted_us, until_us);
  cut.until(want.targeted_us.value_or(row.asked_us), WaitReason::backlog_timer);
  if (row.of_set) {
    cut_holds(app, row, cut);
  } else {
    cut_rounds(app, row, cut);
  }
  cut.until(row.stored_us, WaitReason::api);
  if (row.unschedulable_us && (!row.bound_us || *row.unschedulable_us <= *row.bound_us)) {
    cut.until(row.unschedulable_us, WaitReason::scheduler);
    cut_unschedulable(row, cut);
  }
  cut.until(row.bound_us, WaitReason::scheduler);
  cut.until(row.pull_started_us, WaitReason::kubelet);
  cut.until(row.pulled_us, WaitReason::image_pull);
  cut.until(row.running_us, row.pulled_us ? WaitReason::start : WaitReason::kubelet);
  cut.until(until_us, reason_at(row));
  return cut.take();
}

// The application stops: it wants nothing any more. What its sets owed it until now is told; of the driver's own
// creates the refused ones tell it.
void WaitSlices::over(App& app) {
  for (auto& [id, profile] : app.profiles) {
    profile.target = profile.needed = 0;
    for (const Want& want : profile.wants) {
      if (view(app).sets.contains(id)) app.unmet.push_back(wait_of_nobody(app, id, want));
    }
    profile.wants.clear();
  }
}

ExecutorWait WaitSlices::wait_of(const App& app, Row number) const {
  const ExecutorRow& row = view(app).executors[number];
  ExecutorWait wait{order_[app.index], row, WaitEnd::open, row.asked_us, now_, {}};
  const auto asked = app.asked.find(number);
  if (row.registered_us) {
    wait.end = WaitEnd::registered;
    wait.until_us = *row.registered_us;
  } else if (!row.stored_us && asked != app.asked.end() && asked->second.refused_us) {
    wait.end = WaitEnd::refused;
    wait.until_us = *asked->second.refused_us;
  } else if (row.finished_us || row.gone_us || row.removed_us) {
    wait.end = WaitEnd::ended;
    wait.until_us =
        std::min({row.finished_us.value_or(now_), row.gone_us.value_or(now_), row.removed_us.value_or(now_)});
  }
  if (asked != app.asked.end()) {
    wait.wanted_us = asked->second.want.wanted_us;
    wait.slices = slices_of(app, row, asked->second.want, wait.until_us);
  }
  return wait;
}

// A place in the target that is empty until now.
ExecutorWait WaitSlices::wait_of_nobody(const App& app, ProfileId profile, const Want& want) const {
  ExecutorRow nobody;
  nobody.profile = profile;
  nobody.asked_us = now_;
  nobody.of_set = view(app).sets.contains(profile);
  return {order_[app.index], nobody, WaitEnd::never_asked, want.wanted_us, now_, slices_of(app, nobody, want, now_)};
}

std::vector<ExecutorWait> WaitSlices::finish() {
  projection_.finish(now_);
  return waits_until(now_);
}

std::vector<ExecutorWait> WaitSlices::waits_until(TimeUs t) {
  now_ = std::max(now_, t);
  std::vector<ExecutorWait> waits;
  for (const std::string& name : order_) {
    const App& app = apps_.at(name);
    for (Row row = 0; row < view(app).executors.size(); ++row) waits.push_back(wait_of(app, row));
    waits.insert(waits.end(), app.unmet.begin(), app.unmet.end());
    for (const auto& [id, profile] : app.profiles) {
      for (const Want& want : profile.wants) waits.push_back(wait_of_nobody(app, id, want));
    }
  }
  return waits;
}

}  // namespace podramp::sim
