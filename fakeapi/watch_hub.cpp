#include "fakeapi/watch_hub.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kBeforeEndUs = 2 * kSecondUs;  // K20: the last bookmark

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
  std::uint8_t operator()(const fact::PodEdited&) const { return 19; }
  std::uint8_t operator()(const fact::PodGraceOver&) const { return 20; }
  std::uint8_t operator()(const auto&) const { return 0; }  // not about a pod
};

}  // namespace

bool WatchHub::matches(const Watch& watch, const Pod& pod) {
  return (watch.ns.empty() || watch.ns == pod.ns) && watch.labels.matches(pod) && watch.fields.matches(pod);
}

std::optional<std::string> WatchHub::too_old(std::uint64_t rv, Seq cause) {
  const std::uint64_t forgotten_rv = history_.forgotten_rv();
  if (forgotten_rv > context_.state().history_trimmed()) {
    context_.emit("apiserver", cause, fact::HistoryTrimmed{forgotten_rv});
  }
  if (rv >= forgotten_rv) return std::nullopt;
  return fmt::format("too old resource version: {} ({})", rv, forgotten_rv);
}

int WatchHub::watchers(const std::string& ns) const {
  const auto of = [&](const std::string& key) {
    const auto it = by_namespace_.find(key);
    return it == by_namespace_.end() ? 0 : it->second;
  };
  return of("") + (ns.empty() ? 0 : of(ns));
}

void WatchHub::open(ClientId client, CallId id, const ApiRequest& request, std::optional<std::uint64_t> after_rv,
                    TimeUs not_before_us, Seq cause, std::optional<Initial> initial) {
  const Serial serial = ++last_serial_;
  Watch& watch = watches_[serial];
  watch.client = client;
  watch.id = id;
  watch.kind = request.kind;
  watch.ns = request.ns;
  watch.labels = request.label_selector;
  watch.fields = request.field_selector;
  watch.answered_us = not_before_us;
  watch.last_due_us = not_before_us;
  by_call_[{client, id.value}] = serial;
  if (watch.kind == podramp::Kind::pod) ++by_namespace_[watch.ns];
  add_to_index(serial, watch);

  const std::string_view who = context_.client_name(client);
  const TimeUs due_us =
      not_before_us + context_.sample(context_.config().latency.watch, "cluster.watch", who, id.value);
  const std::optional<std::uint64_t> from_rv = request.initial_events ? std::nullopt : after_rv;
  if (watch.kind != podramp::Kind::pod) {
    open_objects(serial, watch, from_rv, due_us, cause);
  } else if (from_rv) {
    replay(serial, watch, *after_rv, due_us, cause);
  } else if (initial) {
    for (const PodPtr& pod : initial->pods) enqueue(serial, watch, {WatchEventType::added, pod}, due_us, cause);
    replay(serial, watch, initial->rv, due_us, cause);
  } else {
    const auto& pods = pods_.candidates(context_.state(), request.label_selector);
    const std::string prefix = request.ns.empty() ? "" : request.ns + "/";
    for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
      const PodPtr& pod = context_.state().find_pod(it->second)->pod;
      if (matches(watch, *pod)) enqueue(serial, watch, {WatchEventType::added, pod}, due_us, cause);
    }
  }
  if (request.initial_events && request.allow_bookmarks) bookmark(serial, watch, due_us, cause, true);  // K25

  const ClusterProfile& profile = context_.config().profile;
  Draw lifetime(context_.seed(), "cluster.watch_lifetime", who, id.value);
  const DurationUs drawn_us = lifetime.uniform(profile.watch_timeout_min_us, profile.watch_timeout_max_us);
  const DurationUs lasts_us = request.watch_s ? *request.watch_s * kSecondUs : drawn_us;  // K21
  watch.ends_us = context_.now() + lasts_us;
  context_.timer(watch.ends_us, cause, {Part::watch_hub, kLifetime, 0, serial});
  if (request.allow_bookmarks) arm_bookmark(serial, watch, cause);
}

// The changes after a version that the history still has.
void WatchHub::replay(Serial serial, Watch& watch, std::uint64_t after_rv, TimeUs due_us, Seq cause) {
  for (auto it = history_.after(after_rv); it != history_.versions().end(); ++it) {
    const bool old_match = it->before != nullptr && matches(watch, *it->before);
    const bool new_match = it->after != nullptr && matches(watch, *it->after);
    if (new_match) {
      enqueue(serial, watch, {old_match ? WatchEventType::modified : WatchEventType::added, it->after}, due_us, cause);
    } else if (old_match) {
      auto gone = std::make_shared<Pod>(*it->before);
      gone->resource_version = it->rv;
      enqueue(serial, watch, {WatchEventType::deleted, std::move(gone)}, due_us, cause);
    }
  }
}

// K20: about once a minute, and once more shortly before the end.
void WatchHub::arm_bookmark(Serial serial, const Watch& watch, Seq cause) {
  const TimeUs now = context_.now();
  const TimeUs last_us = watch.ends_us - kBeforeEndUs;
  if (last_us <= now) return;
  const TimeUs at = std::min(now + context_.config().profile.bookmark_period_us, last_us);
  context_.timer(at, cause, {Part::watch_hub, kBookmark, 0, serial});
}

void WatchHub::bookmark(Serial serial, Watch& watch, TimeUs due_us, Seq cause, bool initial_end) {
  static const TemplatePtr kNothing = share(PodTemplate{});
  if (watch.kind != podramp::Kind::pod) {
    auto version = std::make_shared<Manifest>();
    version->kind = watch.kind;
    version->resource_version = context_.state().resource_version();
    return enqueue(serial, watch, {WatchEventType::bookmark, nullptr, initial_end, std::move(version)}, due_us, cause);
  }
  auto version = std::make_shared<Pod>();
  version->tmpl = kNothing;
  version->resource_version = context_.state().resource_version();
  enqueue(serial, watch, {WatchEventType::bookmark, std::move(version), initial_end}, due_us, cause);
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
  if (!about_a_pod) return object_changed(fact, seq);
  const ClusterState::Change& change = context_.state().last_change();
  const std::uint64_t rv =
      change.after != nullptr ? change.after->resource_version : context_.state().resource_version();
  history_.remember({context_.now(), rv, change.before, change.after, std::visit(DrawOrdinal{}, fact)},
                    context_.config().profile);

  candidates_.assign(unindexed_.begin(), unindexed_.end());
  if (change.after != nullptr) interested(*change.after, candidates_);
  const bool labels_changed =
      change.after != nullptr && change.before != nullptr &&
      (std::holds_alternative<fact::PodLabelled>(fact) || std::holds_alternative<fact::PodEdited>(fact));
  if (change.after == nullptr || labels_changed) interested(*change.before, candidates_);
  if (labels_changed) {
    std::ranges::sort(candidates_);
    candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  }
  PodPtr last_state;  // made for the first watch that needs it, shared by the others
  const PodVersion& version = history_.versions().back();
  for (const Serial serial : candidates_) {
    Watch& watch = watches_.at(serial);
    if (!watch.closing) show(serial, watch, version, last_state, seq);
  }
}

// K23: what one change is to one watch.
void WatchHub::show(Serial serial, Watch& watch, const PodVersion& version, PodPtr& last_state, Seq seq) {
  const bool old_match = version.before != nullptr && matches(watch, *version.before);
  const bool selects_alike = version.before != nullptr && version.after != nullptr && watch.fields.all.empty() &&
                             version.before->own_labels == version.after->own_labels;
  const bool new_match = selects_alike ? old_match : version.after != nullptr && matches(watch, *version.after);
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
  std::string key(context_.client_name(watch.client));
  key += '/';
  key += event.object->ns;
  key += '/';
  key += event.object->name;
  deliver_later(serial, watch, key, version.fact, std::move(event), seq);
}

// What faults and latency do to an event on its way. key: "client/namespace/name".
void WatchHub::deliver_later(Serial serial, Watch& watch, const std::string& key, std::uint8_t ordinal,
                             WatchEvent event, Seq seq) {
  const std::string_view who = context_.client_name(watch.client);
  if (faults_.fires("watch.drop", who, Verb::watch, key, ordinal)) {
    context_.fault(seq, "watch.drop", key);
    return;
  }
  DurationUs delay_us = context_.sample(context_.config().latency.watch, "cluster.watch", key, ordinal);
  if (const FaultSpec* slow = faults_.find("watch.delay", who, Verb::watch, key, ordinal)) delay_us += slow->delay_us;
  const TimeUs due_us = context_.now() + delay_us;
  if (faults_.fires("watch.duplicate", who, Verb::watch, key, ordinal)) {
    enqueue(serial, watch, event, due_us, context_.fault(seq, "watch.duplicate", key));
  }
  enqueue(serial, watch, std::move(event), due_us, seq);
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
  ++watch.unread;
}

void WatchHub::on_timer(const ClusterTimer& timer, Seq cause) {
  const auto it = watches_.find(timer.arg);
  if (it == watches_.end()) return;
  Watch& watch = it->second;
  if (timer.kind == kDeliver) {
    deliver(timer.arg, cause);
  } else if (watch.closing) {
    return;
  } else if (timer.kind == kLifetime) {
    close(timer.arg, 0, "", cause);
  } else {
    const std::string_view who = context_.client_name(watch.client);
    const auto ordinal = static_cast<std::uint64_t>(context_.now());
    const DurationUs delay_us = context_.sample(context_.config().latency.watch, "cluster.bookmark", who, ordinal);
    bookmark(timer.arg, watch, context_.now() + delay_us, cause, false);
    arm_bookmark(timer.arg, watch, cause);
  }
}

// K22: the client does not read. What it has not read waits for it, up to the buffer; then the server hangs up behind
// what is in it.
bool WatchHub::stalled(Serial serial, Watch& watch, Seq cause) {
  if (!faults_.configured("watch.stall")) return false;
  const std::string_view who = context_.client_name(watch.client);
  const FaultSpec* stall = faults_.find("watch.stall", who, Verb::watch, who, watch.id.value);
  if (stall == nullptr) return false;
  const auto buffer = static_cast<std::size_t>(context_.config().profile.watch_buffer);
  if (!watch.closing && watch.unread > buffer) {
    const Seq fired = context_.fault(cause, "watch.stall", fmt::format("{}/{}", who, watch.id.value));
    while (watch.unread > buffer) {
      watch.pending.back().events.pop_back();
      --watch.unread;
      if (watch.pending.back().events.empty()) watch.pending.pop_back();
    }
    close(serial, 0, "the watcher was too slow", fired);
  }
  if (stall->until_us != kNever) context_.timer(stall->until_us, cause, {Part::watch_hub, kDeliver, 0, serial});
  return true;
}

void WatchHub::deliver(Serial serial, Seq cause) {
  Watch& watch = watches_.at(serial);
  if (stalled(serial, watch, cause)) return;
  while (!watch.pending.empty() && watch.pending.front().due_us <= context_.now()) {
    Group& group = watch.pending.front();
    watch.unread -= group.events.size();
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
      watch.unread = 0;
      watch.last_due_us = watch.answered_us;
      close(serial, 0, "connection lost", fired);
    }
  }
}

WatchHub::Bucket& WatchHub::bucket_of(const Watch& watch) {
  if (watch.kind != podramp::Kind::pod) return by_kind_[static_cast<std::size_t>(watch.kind)];
  if (watch.indexed_by == nullptr) return unindexed_;
  return index_[watch.indexed_by->key][watch.indexed_by->values.front()];
}

// By the requirement that the fewest other watches are indexed by: an application's id, not a role.
void WatchHub::add_to_index(Serial serial, Watch& watch) {
  if (watch.kind != podramp::Kind::pod) return bucket_of(watch).push_back(serial);
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
  if (it->second.kind == podramp::Kind::pod && --by_namespace_[it->second.ns] == 0) {
    by_namespace_.erase(it->second.ns);
  }
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
