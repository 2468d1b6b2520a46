// Watches of other kinds than pods: few objects and few watchers, so these are not indexed. The rest of their life is
// the same as that of pods' watches (watch_hub.cpp).
#include <fmt/format.h>

#include <utility>

#include "fakeapi/manifest_verbs.h"
#include "fakeapi/watch_hub.h"

namespace podramp::fakeapi {
namespace {

enum ObjectDraw : std::uint8_t { kObjectCreated = 20, kObjectChanged = 21, kObjectGone = 22 };

}  // namespace

bool WatchHub::matches(const Watch& watch, const Manifest& object) {
  return (watch.ns.empty() || watch.ns == object.ns) && watch.labels.matches(object.labels) &&
         ManifestVerbs::matches(watch.fields, object);
}

std::optional<std::string> WatchHub::too_old(podramp::Kind kind, std::uint64_t rv) const {
  const std::uint64_t forgotten_rv = history(kind).forgotten_rv();
  if (rv >= forgotten_rv) return std::nullopt;
  return fmt::format("too old resource version: {} ({})", rv, forgotten_rv);
}

void WatchHub::open_objects(Serial serial, Watch& watch, std::optional<std::uint64_t> after_rv, TimeUs due_us,
                            Seq cause) {
  if (!after_rv) {
    for (const auto& [name, object] : context_.state().objects(watch.kind)) {
      if (!matches(watch, *object)) continue;
      enqueue(serial, watch, {WatchEventType::added, nullptr, false, object}, due_us, cause);
    }
    return;
  }
  const ManifestHistory& past = history(watch.kind);
  for (auto it = past.after(*after_rv); it != past.versions().end(); ++it) {
    const bool old_match = it->before != nullptr && matches(watch, *it->before);
    if (it->after != nullptr && matches(watch, *it->after)) {
      const auto type = old_match ? WatchEventType::modified : WatchEventType::added;
      enqueue(serial, watch, {type, nullptr, false, it->after}, due_us, cause);
    } else if (old_match) {
      auto gone = std::make_shared<Manifest>(*it->before);
      gone->resource_version = it->rv;
      enqueue(serial, watch, {WatchEventType::deleted, nullptr, false, std::move(gone)}, due_us, cause);
    }
  }
}

void WatchHub::object_changed(const Fact& fact, Seq seq) {
  const bool about_an_object = std::visit(
      []<class T>(const T& f) {
        const bool of_a_node = requires { f.node, f.rv; }
        || std::is_same_v<T, fact::NodeAdded>;
        return of_a_node || std::is_same_v<T, fact::ObjectGone> || requires { f.object->immutable; };
      },
      fact);
  if (!about_an_object) return;
  const ClusterState::ObjectChange& change = context_.state().last_object_change();
  const bool gone = change.after == nullptr;
  const podramp::Kind kind = (gone ? change.before : change.after)->kind;
  // A deletion has a version of its own (K26); it is the newest one.
  const std::uint64_t rv = gone ? context_.state().resource_version() : change.after->resource_version;
  const std::uint8_t draw = gone ? kObjectGone : change.before == nullptr ? kObjectCreated : kObjectChanged;
  ManifestHistory& past = histories_[static_cast<std::size_t>(kind)];
  past.remember({context_.now(), rv, change.before, change.after, draw}, context_.config().profile);
  for (const Serial serial : by_kind_[static_cast<std::size_t>(kind)]) {
    Watch& watch = watches_.at(serial);
    if (!watch.closing) show(serial, watch, past.versions().back(), seq);
  }
}

// K23, as for pods.
void WatchHub::show(Serial serial, Watch& watch, const ManifestVersion& version, Seq seq) {
  const bool old_match = version.before != nullptr && matches(watch, *version.before);
  const bool new_match = version.after != nullptr && matches(watch, *version.after);
  if (!old_match && !new_match) return;
  WatchEvent event{WatchEventType::deleted, nullptr, false, version.after};
  if (new_match) {
    event.type = old_match ? WatchEventType::modified : WatchEventType::added;
  } else {
    auto gone = std::make_shared<Manifest>(*version.before);
    gone->resource_version = version.rv;  // K26
    event.manifest = std::move(gone);
  }
  const Manifest& object = *event.manifest;
  const std::string key =
      fmt::format("{}/{}/{}/{}", context_.client_name(watch.client), to_text(watch.kind), object.ns, object.name);
  deliver_later(serial, watch, key, version.fact, std::move(event), seq);
}

}  // namespace podramp::fakeapi
