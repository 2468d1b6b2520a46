#include "fakeapi/owner_gc.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::fakeapi {
namespace {

// One that the store has given.
bool is_object_uid(const std::string& uid) { return uid.starts_with(object_uid_text(0).substr(0, 24)); }

}  // namespace

OwnerGc::OwnerGc(Context& context, ObjectStore& store, Deletion& deletion)
    : context_(context),
      store_(store),
      deletion_(deletion),
      // The collector's client may send twice as much as others: each deletion is a GET and a DELETE (K33).
      client_(2 * context.config().profile.controller_qps, context.config().profile.controller_burst) {}

void OwnerGc::on_fact(const Fact& fact, Seq seq) {
  if (const auto* created = std::get_if<fact::PodCreated>(&fact)) {
    const PodTemplate& tmpl = *created->pod->tmpl;
    if (!tmpl.owners.empty()) came(tmpl.owners, context_.state().last_change().id, "", seq);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    if (!owners_.empty()) gone(context_.state().last_change().before->uid, seq);
  } else if (const auto* object = std::get_if<fact::ObjectCreated>(&fact)) {
    if (!object->object->owners.empty()) came(object->object->owners, 0, object->object->uid, seq);
  } else if (std::holds_alternative<fact::ObjectGone>(fact)) {
    if (!owners_.empty()) gone(context_.state().last_object_change().before->uid, seq);
  }
}

void OwnerGc::gone(const std::string& uid, Seq seq) {
  if (owners_.erase(uid) == 0) return;
  if (uid_number(uid) == 0 && !is_object_uid(uid)) gone_.insert(uid);
  to_scan_.push_back(uid);
  const DurationUs lag = context_.sample(context_.config().latency.watch, "cluster.gc_watch", uid);
  context_.timer(context_.now() + lag, seq, {Part::owner_gc, kScan, 0, 0});
}

// Is it an owner that was here once? Then it is gone when it is not here now.
bool OwnerGc::known_gone(const OwnerReference& owner) const {
  if (gone_.contains(owner.uid)) return true;
  const PodId pod = uid_number(owner.uid);
  if (pod != 0) return context_.state().find_pod(pod) == nullptr;
  return is_object_uid(owner.uid) && context_.state().find_object(owner.uid) == nullptr;
}

bool OwnerGc::abandoned(const std::vector<OwnerReference>& owners) const {
  return !owners.empty() && std::ranges::all_of(owners, [&](const OwnerReference& o) { return known_gone(o); });
}

void OwnerGc::came(const std::vector<OwnerReference>& owners, PodId pod, const std::string& uid, Seq seq) {
  if (last_owners_ != owners) {
    last_owners_ = owners;
    for (const OwnerReference& owner : owners) owners_.insert(owner.uid);
  }
  if (!abandoned(owners)) return;
  queue_.push_back({pod, uid, seq});  // K34
  arm();
}

// The owners' ends have been heard of: everything of theirs is put in line, by name.
void OwnerGc::scan(Seq cause) {
  const std::vector<std::string> dead = std::move(to_scan_);
  to_scan_.clear();
  const auto owned = [&](const std::vector<OwnerReference>& owners) {
    return std::ranges::any_of(
        owners, [&](const OwnerReference& owner) { return std::ranges::find(dead, owner.uid) != dead.end(); });
  };
  const ClusterState& state = context_.state();
  for (const auto& [name, id] : state.pods_by_name()) {
    if (owned(state.find_pod(id)->pod->tmpl->owners)) queue_.push_back({id, "", cause});
  }
  for (std::size_t kind = 0; kind < EnumText<podramp::Kind>::names.size(); ++kind) {
    for (const auto& [name, object] : state.objects(static_cast<podramp::Kind>(kind))) {
      if (owned(object->owners)) queue_.push_back({0, object->uid, cause});
    }
  }
  arm();
}

// Two calls an object, and the second is the delete. Twenty workers hide what calls take, so only the client's rate
// counts, and the first object waits for one read and one write.
void OwnerGc::arm() {
  if (armed_ || queue_.empty()) return;
  armed_ = true;
  TimeUs at = std::max(client_.reserve(context_.now()), client_.reserve(context_.now()));
  if (idle_) {
    const Latencies& latency = context_.config().latency;
    at += context_.sample(latency.read, "cluster.gc_read", "", collected_) +
          context_.sample(latency.write, "cluster.gc_write", "", collected_);
  }
  idle_ = false;
  context_.timer(at, queue_.front().cause, {Part::owner_gc, kCollect, 0, 0});
}

void OwnerGc::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind == kScan) {
    if (!to_scan_.empty()) scan(cause);
    return;
  }
  armed_ = false;
  collect();
  ++collected_;
  if (queue_.empty()) idle_ = true;
  arm();
}

void OwnerGc::collect() {
  const Item item = std::move(queue_.front());
  queue_.pop_front();
  if (item.pod != 0) {
    const PodRecord* record = context_.state().find_pod(item.pod);
    if (record == nullptr || record->pod->deletion_us || !abandoned(record->pod->tmpl->owners)) return;
    deletion_.remove(item.pod, std::nullopt, "gc", "garbage-collector", item.cause);
    return;
  }
  const ManifestPtr object = context_.state().find_object(item.uid);
  if (object == nullptr || object->deletion_us || !abandoned(object->owners)) return;
  store_.remove(object->kind, object_key(*object), "gc", "garbage-collector", item.cause);
}

void OwnerGc::waiting(std::vector<std::string>& lines) const {
  if (queue_.empty()) return;
  lines.push_back(fmt::format("the garbage collector waits for: its client, to delete {} more objects", queue_.size()));
}

}  // namespace podramp::fakeapi
