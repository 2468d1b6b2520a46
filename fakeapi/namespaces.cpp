#include "fakeapi/namespaces.h"

#include <utility>
#include <vector>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

using podramp::Kind;

// Objects of one kind in a namespace, by "namespace/name".
std::vector<std::string> objects_in(const ClusterState& state, Kind kind, const std::string& ns) {
  std::vector<std::string> names;
  const ClusterState::Objects& all = state.objects(kind);
  const std::string prefix = ns + "/";
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    names.push_back(it->first);
  }
  return names;
}

template <class Visit>
void each_kind(Visit&& visit) {
  for (std::size_t i = 0; i < EnumText<Kind>::names.size(); ++i) {
    const auto kind = static_cast<Kind>(i);
    if (kind != Kind::pod && kind != Kind::node && kind != Kind::name_space) visit(kind);
  }
}

}  // namespace

bool Namespaces::is_empty(const std::string& name) const {
  const auto& pods = context_.state().pods_by_name();
  const auto first = pods.lower_bound(name + "/");
  bool empty = first == pods.end() || !first->first.starts_with(name + "/");
  each_kind([&](Kind kind) { empty = empty && objects_in(context_.state(), kind, name).empty(); });
  return empty;
}

Seq Namespaces::remove(const std::string& name, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(Kind::name_space, "/" + name);
  if (stored == nullptr || stored->deletion_us) return cause;
  Manifest next = *stored;
  next.deletion_us = whole_second(context_.now());
  next.selectable["status.phase"] = "Terminating";
  return store_.change(std::move(next), "apiserver", cause);
}

void Namespaces::look_again(const std::string& name, Seq seq) {
  if (changed_.empty() && fresh_.empty()) context_.timer(context_.now(), seq, {Part::namespaces, 0, 0, 0});
  changed_.insert(name);
}

void Namespaces::on_fact(const Fact& fact, Seq seq) {
  const ClusterState::ObjectChange& change = context_.state().last_object_change();
  if (const auto* made = std::get_if<fact::ObjectCreated>(&fact); made != nullptr) {
    if (made->object->kind != Kind::name_space) return;
    if (changed_.empty() && fresh_.empty()) context_.timer(context_.now(), seq, {Part::namespaces, 0, 0, 0});
    fresh_.insert(made->object->name);
  } else if (const auto* changed = std::get_if<fact::ObjectChanged>(&fact); changed != nullptr) {
    if (changed->object->kind != Kind::name_space || !changed->object->deletion_us) return;
    if (going_.insert(changed->object->name).second) look_again(changed->object->name, seq);
  } else if (std::holds_alternative<fact::ObjectGone>(fact) && change.before != nullptr) {
    if (going_.contains(change.before->ns)) look_again(change.before->ns, seq);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    const PodPtr& pod = context_.state().last_change().before;
    if (pod != nullptr && going_.contains(pod->ns)) look_again(pod->ns, seq);
  }
}

void Namespaces::on_timer(Seq cause) {
  const auto fresh = std::exchange(fresh_, {});
  const auto changed = std::exchange(changed_, {});
  for (const std::string& name : fresh) {
    if (context_.state().find_object(Kind::service_account, name + "/default") != nullptr) continue;
    Manifest account;
    account.kind = Kind::service_account;
    account.ns = name;
    account.name = "default";
    store_.create(std::move(account), "serviceaccount-controller", cause);
  }
  for (const std::string& name : changed) {
    if (!going_.contains(name)) continue;
    empty(name, cause);
    if (!is_empty(name)) continue;
    going_.erase(name);
    store_.remove(Kind::name_space, "/" + name, "api", "namespace-controller", cause);
  }
}

// Everything in it is deleted; pods take their grace periods.
void Namespaces::empty(const std::string& name, Seq cause) {
  std::vector<PodId> pods;
  const auto& all = context_.state().pods_by_name();
  for (auto it = all.lower_bound(name + "/"); it != all.end() && it->first.starts_with(name + "/"); ++it) {
    if (!context_.state().find_pod(it->second)->pod->deletion_us) pods.push_back(it->second);
  }
  each_kind([&](Kind kind) {
    for (const std::string& object : objects_in(context_.state(), kind, name)) {
      store_.remove(kind, object, "namespace", "namespace-controller", cause);
    }
  });
  for (const PodId id : pods) deletion_.remove(id, std::nullopt, "namespace", "namespace-controller", cause);
}

}  // namespace podramp::fakeapi
