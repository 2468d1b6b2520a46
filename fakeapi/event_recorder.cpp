#include "fakeapi/event_recorder.h"

#include <fmt/format.h>

#include <utility>

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kEventTtlUs = kHourUs;  // kube-apiserver --event-ttl

}  // namespace

void EventRecorder::note(EventNote note, Seq cause) {
  if (noted_.empty()) context_.timer(context_.now(), cause, {Part::event_recorder, kWrite, 0, 0});
  noted_.emplace_back(std::move(note), cause);
}

void EventRecorder::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind == kExpire) return expire(timer.arg, cause);
  const auto notes = std::exchange(noted_, {});
  for (const auto& [note, seq] : notes) write(note, seq);
}

// Nothing is created in a namespace that is not there, or that is going (K8).
bool EventRecorder::takes_events(const std::string& ns) const {
  const ClusterState& state = context_.state();
  if (state.objects(podramp::Kind::name_space).empty()) return true;
  const ManifestPtr found = state.find_object(podramp::Kind::name_space, "/" + ns);
  return found != nullptr && !found->deletion_us;
}

void EventRecorder::write(const EventNote& note, Seq cause) {
  if (!takes_events(note.ns.empty() ? "default" : note.ns)) return;
  const std::string same = fmt::format("{}/{}/{}/{}/{}/{}/{}/{}", note.kind, note.ns, note.name, note.uid,
                                       note.component, note.field_path, note.reason, note.message);
  if (const auto it = serials_.find(same); it != serials_.end()) {
    Known& known = known_.at(it->second).second;
    if (const ManifestPtr stored = context_.state().find_object(podramp::Kind::event, known.name)) {
      known.last_us = context_.now();
      Manifest next = *stored;
      next.data["count"] = fmt::format("{}", ++known.count);
      next.data["last_us"] = fmt::format("{}", known.last_us);
      store_.change(std::move(next), note.component, cause);
      return;
    }
    known_.erase(it->second);  // somebody has deleted it
    serials_.erase(it);
  }
  const std::uint64_t serial = ++last_serial_;
  const TimeUs now = context_.now();
  Manifest object =
      event_document(note, fmt::format("{}.{:016x}", note.name, now * 1000 + static_cast<TimeUs>(serial)));
  object.data = {{"count", "1"}, {"first_us", fmt::format("{}", now)}, {"last_us", fmt::format("{}", now)}};
  serials_[same] = serial;
  known_[serial] = {same, {object_key(object), 1, now, now}};
  const Seq seq = store_.create(std::move(object), note.component, cause);
  context_.timer(now + kEventTtlUs, seq, {Part::event_recorder, kExpire, 0, serial});
}

void EventRecorder::expire(std::uint64_t serial, Seq cause) {
  const auto it = known_.find(serial);
  if (it == known_.end()) return;
  const Known& known = it->second.second;
  if (known.last_us + kEventTtlUs > context_.now()) {
    return context_.timer(known.last_us + kEventTtlUs, cause, {Part::event_recorder, kExpire, 0, serial});
  }
  serials_.erase(it->second.first);
  const std::string name = known.name;
  known_.erase(it);
  store_.remove(podramp::Kind::event, name, "ttl", "apiserver", cause);
}

}  // namespace podramp::fakeapi
