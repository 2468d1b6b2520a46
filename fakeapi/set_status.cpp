#include "fakeapi/set_status.h"

#include <algorithm>
#include <utility>

namespace podramp::fakeapi {
namespace {

bool owned_by(const std::vector<OwnerReference>& owners, const std::string& uid) {
  return std::ranges::any_of(owners, [&](const OwnerReference& o) { return o.controller && o.uid == uid; });
}

}  // namespace

// The set that owns it, and the Deployment that owns that one.
void SetStatus::note(const std::vector<OwnerReference>& owners, Seq seq) {
  for (const OwnerReference& owner : owners) {
    const ManifestPtr set = owner.controller ? context_.state().find_object(owner.uid) : nullptr;
    if (set == nullptr || !set->set) continue;
    if (changed_.empty()) context_.timer(context_.now(), seq, {Part::set_status, 0, 0, 0});
    changed_.insert({set->kind, object_key(*set)});
    note(set->owners, seq);
  }
}

void SetStatus::on_fact(const Fact& fact, Seq seq) {
  const bool about_a_pod = std::visit(
      []<class T>(const T& f) {
        return requires { f.pod, f.rv; }
        || std::is_same_v<T, fact::PodCreated>;
      },
      fact);
  if (!about_a_pod) return;
  const ClusterState::Change& change = context_.state().last_change();
  const PodPtr& pod = change.after != nullptr ? change.after : change.before;
  if (pod != nullptr) note(pod->tmpl->owners, seq);
}

SetStatus::Counts SetStatus::count(const Manifest& set) const {
  Counts counts;
  const ClusterState& state = context_.state();
  if (set.kind == podramp::Kind::deployment) {
    for (const auto& [name, object] : state.objects(podramp::Kind::replica_set)) {
      if (!owned_by(object->owners, set.uid)) continue;
      const Counts part = count(*object);
      counts.replicas += part.replicas;
      counts.ready += part.ready;
    }
    return counts;
  }
  const std::string prefix = set.ns + "/";
  const auto& pods = state.pods_by_name();
  for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
    const Pod& pod = *state.find_pod(it->second)->pod;
    if (is_terminal(pod) || !owned_by(pod.tmpl->owners, set.uid)) continue;
    ++counts.replicas;
    if (pod.is_ready() && !pod.deletion_us) ++counts.ready;
  }
  return counts;
}

void SetStatus::on_timer(Seq cause) {
  const auto changed = std::exchange(changed_, {});
  for (const Key& key : changed) write(key, cause);
}

void SetStatus::write(const Key& key, Seq cause) {
  const ManifestPtr set = context_.state().find_object(key.first, key.second);
  if (set == nullptr) return;
  const Counts counts = count(*set);
  Manifest next = *set;
  next.data["replicas"] = std::to_string(counts.replicas);
  next.data["ready"] = std::to_string(counts.ready);
  if (next.data != set->data) store_.change(std::move(next), "controller", cause);
}

}  // namespace podramp::fakeapi
