#include "fakeapi/watch_hub.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr std::size_t kHistoryMin = 100;  // K19: kept however old

// "label = value" of this requirement, if it is one.
const std::string* single_value(const Requirement& r) {
  const bool one = r.values.size() == 1 && (r.op == SelectorOp::equals || r.op == SelectorOp::in);
  return one ? &r.values.front() : nullptr;
}

// Which draw of a pod a kind of change takes for its way to the watchers. Part of every run's luck: never renumber.
struct DrawOrdinal {
  std::uint8_t operator()(const fact::PodCreated&) const { return 6; }
  std::uint8_t operator()(const fact::PodBound&) const { return 7; }
  std::uint8_t operator()(const fact::PodUnschedulable&) const { return 8; }
  std::uint8_t operator()(const fact::PodWaiting&) const { return 9; }
  std::uint8_t operator()(const fact::PodRunning&) const { return 10; }
  std::uint8_t operator()(const fact::PodFinished&) const { return 11; }
  std::uint8_t operator()(const fact::PodConditionSet&) const { return 12; }
  std::uint8_t operator()(const fact::PodLabelled&) const { return 13; }
  std::uint8_t operator()(const fact::PodTerminating&) const { return 14; }
  std::uint8_t operator()(const fact::PodGone&) const { return 15; }
  std::uint8_t operator()(const fact::ContainerExited&) const { return 16; }
  std::uint8_t operator()(const fact::PodResized&) const { return 17; }
  std::uint8_t operator()(const fact::PodUngated&) const { return 18; }
  std::uint8_t operator()(const auto&) const { return 0; }  // not about a pod
};

}  // namespace

bool WatchHub::matches(const Watch& watch, const Pod& pod) {
  return (watch.ns.empty() || watch.ns == pod.ns) && watch.labels.matches(pod) && watch.fields.matches(pod);
}

std::optional<std::string> WatchHub::too_old(std::uint64_t rv, Seq cause) {
  if (forgotten_rv_ > context_.state().history_trimmed()) {
    context_.emit("apiserver", cause, fact::HistoryTrimmed{forgotten_rv_});
  }
  if (rv >= forgotten_rv_) return std::nullopt;
  return fmt::format("too old resource version: {} ({})", rv, forgotten_rv_);
}

void WatchHub::open(ClientId client, CallId id, const ApiRequest& request, std::optional<std::uint64_t> after_rv,
                    TimeUs not_before_us, Seq cause) {
  const Serial serial = ++last_serial_;
  Watch& watch = watches_[serial];
  watch.client = client;
  watch.id = id;
  watch.ns = request.ns;
  watch.labels = request.label_selector;
  watch.fields = request.field_selector;
  watch.answered_us = not_before_us;
  watch.last_due_us = not_before_us;
  by_call_[{client, id.value}] = serial;
  add_to_index(serial, watch);

  const std::string_view who = context_.client_name(client);
  const TimeUs due_us =
      not_before_us + context_.sample(context_.config().latency.watch, "cluster.watch", who, id.value);
  if (after_rv) {
    const auto first = std::ranges::upper_bound(history_, *after_rv, {}, &Version::rv);
    for (auto it = first; it != history_.end(); ++it) {
      PodPtr last_state;
      const bool old_match = it->before != nullptr && matches(watch, *it->before);
      const bool new_match = it->after != nullptr && matches(watch, *it->after);
      if (new_match) {
        enqueue(serial, watch, {old_match ? WatchEventType::modified : WatchEventType::added, it->after}, due_us,
                cause);
      } else if (old_match) {
        auto gone = std::make_shared<Pod>(*it->before);
        gone->resource_version = it->rv;
        enqueue(serial, watch, {WatchEventType::deleted, std::move(gone)}, due_us, cause);
      }
    }
  } else {
    const auto& pods = context_.state().pods_by_name();
    const std::string prefix = request.ns.empty() ? "" : request.ns + "/";
    for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
      const PodPtr& pod = context_.state().find_pod(it->second)->pod;
      if (matches(watch, *pod)) enqueue(serial, watch, {WatchEventType::added, pod}, due_us, cause);
    }
  }

  const ClusterProfile& profile = context_.config().profile;
  Draw lifetime(context_.seed(), "cluster.watch_lifetime", who, id.value);
  const DurationUs lasts_us = lifetime.uniform(profile.watch_timeout_min_us, profile.watch_timeout_max_us);  // K21
  context_.timer(context_.now() + lasts_us, cause, {Part::watch_hub, kLifetime, 0, serial});
}

void WatchHub::release(ClientId client, CallId id) {
  const auto it = by_call_.find({client, id.value});
  if (it != by_call_.end()) erase(it->second);
}

void WatchHub::on_fact(const Fact& fact, Seq seq) {
  const bool about_a_pod = std::visit(
      [](const auto& f) {
        using T = std::remove_cvref_t<decltype(f)>;
        return std::is_same_v<T, fact::PodCreated> || requires { f.pod.empty(), f.rv; };
      },
      fact);
  if (!about_a_pod) return;
  const ClusterState::Change& change = context_.state().last_change();
  const std::uint64_t rv =
      change.after != nullptr ? change.after->resource_version : context_.state().resource_version();
  remember({context_.now(), rv, change.before, change.after, std::visit(DrawOrdinal{}, fact)});

  candidates_.assign(unindexed_.begin(), unindexed_.end());
  if (change.after != nullptr) interested(*change.after, candidates_);
  const bool labels_changed =
      change.after != nullptr && change.before != nullptr && std::holds_alternative<fact::PodLabelled>(fact);
  if (change.after == nullptr || labels_changed) interested(*change.before, candidates_);
  if (labels_changed) {
    std::ranges::sort(candidates_);
    candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  }
  PodPtr last_state;  // made for the first watch that needs it, shared by the others
  const Version& version = history_.back();
  for (const Serial serial : candidates_) {
    Watch& watch = watches_.at(serial);
    if (!watch.closing) show(serial, watch, version, last_state, seq);
  }
}

// K23: what one change is to one watch.
void WatchHub::show(Serial serial, Watch& watch, const Version& version, PodPtr& last_state, Seq seq) {
  const bool old_match = version.before != nullptr && matches(watch, *version.before);
  const bool new_match = version.after != nullptr && matches(watch, *version.after);
  if (!old_match && !new_match) return;
  WatchEvent event;
  if (new_match) {
    event = {old_match ? WatchEventType::modified : WatchEventType::added, version.after};
  } else {
    if (last_state == nullptr) {
      auto gone = std::make_shared<Pod>(*version.before);
      gone->resource_version = version.rv;  // K26
      last_state = std::move(gone);
    }
    event = {WatchEventType::deleted, last_state};
  }
  const std::string_view who = context_.client_name(watch.client);
  std::string key(who);
  key += '/';
  key += event.object->ns;
  key += '/';
  key += event.object->name;
  if (faults_.fires("watch.drop", who, Verb::watch, key, version.fact)) {
    context_.fault(seq, "watch.drop", key);
    return;
  }
  DurationUs delay_us = context_.sample(context_.config().latency.watch, "cluster.watch", key, version.fact);
  if (const FaultSpec* slow = faults_.find("watch.delay", who, Verb::watch, key, version.fact))
    delay_us += slow->delay_us;
  enqueue(serial, watch, std::move(event), context_.now() + delay_us, seq);
}

void WatchHub::enqueue(Serial serial, Watch& watch, WatchEvent event, TimeUs due_us, Seq cause) {
  due_us = std::max(due_us, watch.last_due_us);
  if (watch.pending.empty() || watch.pending.back().due_us != due_us) {
    watch.pending.push_back({due_us, cause, {}});
    context_.timer(due_us, cause, {Part::watch_hub, kDeliver, 0, serial});
  }
  watch.last_due_us = due_us;
  watch.pending.back().cause = cause;
  watch.pending.back().events.push_back(std::move(event));
}

void WatchHub::on_timer(const ClusterTimer& timer, Seq cause) {
  const auto it = watches_.find(timer.arg);
  if (it == watches_.end()) return;
  if (timer.kind == kDeliver) {
    deliver(timer.arg, cause);
  } else if (!it->second.closing) {
    close(timer.arg, 0, "", cause);
  }
}

void WatchHub::deliver(Serial serial, Seq cause) {
  Watch& watch = watches_.at(serial);
  while (!watch.pending.empty() && watch.pending.front().due_us <= context_.now()) {
    Group& group = watch.pending.front();
    context_.send(context_.now(), group.cause, from::WatchEvents{watch.client, watch.id, std::move(group.events)});
    watch.pending.pop_front();
  }
  if (watch.closing && watch.pending.empty()) close(serial, watch.close_code, watch.close_reason, cause);
}

void WatchHub::close(Serial serial, int code, std::string reason, Seq cause) {
  Watch& watch = watches_.at(serial);
  if (!watch.pending.empty()) {
    watch.closing = true;
    watch.close_code = code;
    watch.close_reason = std::move(reason);
    return;
  }
  // The answer that opened it may still be on its way.
  context_.send(std::max(context_.now(), watch.last_due_us), cause,
                from::WatchClosed{watch.client, watch.id, code, std::move(reason)});
  erase(serial);
}

void WatchHub::on_window(const FaultSpec& spec, bool opens, Seq seq) {
  const bool expire = spec.point == "watch.expire";
  if (!opens || (!expire && spec.point != "api.outage")) return;
  std::vector<Serial> hit;
  for (const auto& [serial, watch] : watches_) {
    const std::string_view who = context_.client_name(watch.client);
    if (!watch.closing && faults_.fires(spec.point, who, Verb::watch, who, watch.id.value)) hit.push_back(serial);
  }
  for (const Serial serial : hit) {
    Watch& watch = watches_.at(serial);
    const std::string target = fmt::format("{}/{}", context_.client_name(watch.client), watch.id.value);
    const Seq fired = context_.fault(seq, spec.point, target);
    if (expire) {
      close(serial, 410, "Expired", fired);
    } else {
      watch.pending.clear();  // the connection is cut: what was under way is lost
      watch.last_due_us = watch.answered_us;
      close(serial, 0, "connection lost", fired);
    }
  }
}

void WatchHub::remember(Version version) {
  const ClusterProfile& profile = context_.config().profile;
  history_.push_back(std::move(version));
  const auto most = static_cast<std::size_t>(profile.watch_history_max);
  while (history_.size() > most ||
         (history_.size() > kHistoryMin && history_.front().at_us + profile.watch_history_us < context_.now())) {
    forgotten_rv_ = history_[1].rv - 1;  // as the server says it: one before the oldest that it can deliver
    history_.pop_front();
  }
}

WatchHub::Bucket& WatchHub::bucket_of(const Watch& watch) {
  if (watch.indexed_by == nullptr) return unindexed_;
  return index_[watch.indexed_by->key][watch.indexed_by->values.front()];
}

// By the requirement that the fewest other watches are indexed by: an application's id, not a role.
void WatchHub::add_to_index(Serial serial, Watch& watch) {
  std::size_t fewest = 0;
  for (const Requirement& r : watch.labels.all) {
    const std::string* value = single_value(r);
    if (value == nullptr) continue;
    const auto values = index_.find(r.key);
    const std::size_t others =
        values != index_.end() && values->second.contains(*value) ? values->second[*value].size() : 0;
    if (watch.indexed_by != nullptr && others >= fewest) continue;
    watch.indexed_by = &r;
    fewest = others;
  }
  bucket_of(watch).push_back(serial);
}

void WatchHub::erase(Serial serial) {
  const auto it = watches_.find(serial);
  Bucket& bucket = bucket_of(it->second);
  bucket.erase(std::ranges::find(bucket, serial));
  if (bucket.empty() && it->second.indexed_by != nullptr) {
    index_[it->second.indexed_by->key].erase(it->second.indexed_by->values.front());
  }
  by_call_.erase({it->second.client, it->second.id.value});
  watches_.erase(it);
}

void WatchHub::interested(const Pod& pod, Bucket& out) const {
  for (const auto& [key, values] : index_) {
    if (values.empty()) continue;
    const std::string* value = pod.label(key);
    if (value == nullptr) continue;
    const auto it = values.find(*value);
    if (it != values.end()) out.insert(out.end(), it->second.begin(), it->second.end());
  }
}

}  // namespace podramp::fakeapi
