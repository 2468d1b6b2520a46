#include "fakeapi/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::fakeapi {
namespace {

bool has_mode(const ClaimSpec& spec, std::string_view mode) {
  return std::ranges::find(spec.access_modes, mode) != spec.access_modes.end();
}

// Only one node at a time may have it.
bool exclusive(const ClaimSpec& spec) { return !has_mode(spec, "ReadWriteMany") && !has_mode(spec, "ReadOnlyMany"); }

}  // namespace

bool Claims::any(const PodTemplate& tmpl) {
  return std::ranges::any_of(tmpl.volumes, [](const podramp::Volume& v) { return v.type == "persistentVolumeClaim"; });
}

std::vector<std::string> Claims::names(const Pod& pod) {
  std::vector<std::string> found;
  for (const std::string& name : pod.claim_names()) found.push_back(pod.ns + "/" + name);
  return found;
}

// --- books -----------------------------------------------------------------------------------------------------

std::size_t Claims::number(const std::string& claim) {
  const auto [it, fresh] = numbers_.try_emplace(claim, volumes_.size());
  if (fresh) volumes_.emplace_back().name = claim;
  return it->second;
}

const Claims::Volume* Claims::find(const std::string& claim) const {
  const auto it = numbers_.find(claim);
  return it == numbers_.end() ? nullptr : &volumes_[it->second];
}

ManifestPtr Claims::object(const std::string& claim) const {
  return context_.state().find_object(podramp::Kind::persistent_volume_claim, claim);
}

bool Claims::immediate(const ClaimSpec& spec) const {
  if (spec.storage_class && spec.storage_class->empty()) return true;
  for (const StorageClassSpec& known : context_.config().storage_classes) {
    if (known.name == spec.storage_class.value_or("")) return known.immediate;
  }
  return false;
}

// The class "" is a claim's way of saying that it wants a volume which somebody has made.
bool Claims::provisions(const ClaimSpec& spec) const {
  if (spec.storage_class && spec.storage_class->empty()) return false;
  for (const StorageClassSpec& known : context_.config().storage_classes) {
    if (known.name == spec.storage_class.value_or("")) return known.provisions;
  }
  return true;
}

void Claims::change(Manifest next, Seq cause) {
  next.resource_version = context_.next_rv();
  context_.emit("volume-controller", cause, fact::ObjectChanged{std::make_shared<const Manifest>(std::move(next))});
}

void Claims::start(std::uint64_t& last_object) {
  for (const ExistingClaim& existing : context_.config().claims) {
    Manifest claim;
    claim.kind = podramp::Kind::persistent_volume_claim;
    claim.ns = existing.ns;
    claim.name = existing.name;
    claim.labels = existing.labels;
    claim.claim = existing.spec;
    if (claim.claim->access_modes.empty()) claim.claim->access_modes = {"ReadWriteOnce"};
    claim.claim->phase = "Bound";
    claim.claim->capacity_bytes = existing.spec.request_bytes;
    claim.uid = object_uid_text(++last_object);
    claim.resource_version = context_.next_rv();
    context_.emit("apiserver", 0, fact::ObjectCreated{std::make_shared<const Manifest>(std::move(claim))});
  }
}

// --- the scheduler's questions ---------------------------------------------------------------------------------

Claims::Refusal Claims::check(PodId id, const Pod& pod) const {
  const std::vector<std::string> claims = names(pod);
  for (const std::string& claim : claims) {
    const ManifestPtr stored = object(claim);
    const std::string name = claim.substr(pod.ns.size() + 1);
    if (stored == nullptr) return {fmt::format("persistentvolumeclaim \"{}\" not found", name), false};
    if (stored->deletion_us) return {fmt::format("persistentvolumeclaim \"{}\" is being deleted", name), false};
  }
  for (const std::string& claim : claims) {
    const ClaimSpec& spec = *object(claim)->claim;
    if (spec.phase != "Bound" && immediate(spec)) return {"pod has unbound immediate PersistentVolumeClaims", false};
  }
  for (const std::string& claim : claims) {
    if (!has_mode(*object(claim)->claim, "ReadWriteOncePod")) continue;
    const Volume* v = find(claim);
    if (v == nullptr) continue;
    const auto other = [&](PodId one) { return one != id; };
    if (std::ranges::any_of(v->holders, other) || std::ranges::any_of(v->chosen, other)) {
      return {"node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode", true};
    }
  }
  return {};
}

void Claims::choose(PodId id, const Pod& pod, Seq cause) {
  for (const std::string& claim : names(pod)) {
    volume(claim).chosen.insert(id);
    const ManifestPtr stored = object(claim);
    if (stored != nullptr && stored->claim->phase != "Bound") provision(claim, cause);
  }
}

void Claims::unchoose(PodId id, const Pod& pod) {
  for (const std::string& claim : names(pod)) volume(claim).chosen.erase(id);
}

bool Claims::bound(const Pod& pod) const {
  return std::ranges::all_of(names(pod), [&](const std::string& claim) {
    const ManifestPtr stored = object(claim);
    return stored != nullptr && stored->claim->phase == "Bound";
  });
}

void Claims::provision(const std::string& claim, Seq cause) {
  const std::size_t index = number(claim);
  Volume& v = volumes_[index];
  if (v.provisioning || !provisions(*object(claim)->claim)) return;
  v.provisioning = true;
  const DurationUs takes = context_.sample(context_.config().latency.provision, "cluster.provision", claim);
  context_.timer(context_.now() + takes, cause, {Part::claims, kBind, 0, index});
}

// --- volumes on nodes ------------------------------------------------------------------------------------------

bool Claims::mount(PodId id, const Pod& pod, Seq cause) {
  std::set<std::size_t>& missing = mounts_[id];
  missing.clear();
  for (const std::string& claim : names(pod)) {
    const ManifestPtr stored = object(claim);
    const std::size_t index = number(claim);
    if (stored != nullptr && stored->claim->phase == "Bound") {
      if (!exclusive(*stored->claim)) continue;  // shared file systems are attached nowhere
      if (here(volumes_[index], pod.node)) {
        volumes_[index].mounted.insert(id);
        continue;
      }
    }
    missing.insert(index);
    auto& queue = volumes_[index].waiting;
    if (std::ranges::find(queue, id) == queue.end()) queue.push_back(id);
  }
  if (missing.empty()) {
    mounts_.erase(id);
    return true;
  }
  const std::set<std::size_t> wanted = missing;
  for (const std::size_t index : wanted) serve(index, cause);
  return false;
}

void Claims::forget_mount(PodId id) {
  const auto it = mounts_.find(id);
  if (it == mounts_.end()) return;
  for (const std::size_t index : it->second) {
    Volume& v = volumes_[index];
    if (v.moving && v.waiting.front() == id) v.moving = false;
    std::erase(v.waiting, id);
    if (!v.waiting.empty()) context_.timer(context_.now(), 0, {Part::claims, kLook, 0, index});
  }
  mounts_.erase(it);
}

// On this node, and not being taken off it: a volume that nobody has mounted is detached at once.
bool Claims::here(const Volume& v, const std::string& node) const {
  return v.node == node && (!v.mounted.empty() || v.released_us == context_.now());
}

// A node that is silent unmounts nothing: the volume is taken from it by force, unless its object is gone.
DurationUs Claims::unmount_delay(const Volume& v) const {
  const NodeRecord* node = context_.state().find_node(v.node);
  return node != nullptr && node->silent ? kForceDetachUs : 0;
}

// The first pod that waits gets the volume, when it is free.
void Claims::serve(std::size_t index, Seq cause) {
  Volume& v = volumes_[index];
  const ManifestPtr stored = object(v.name);
  if (v.moving || v.waiting.empty() || stored == nullptr || stored->claim->phase != "Bound") return;
  const PodRecord* first = context_.state().find_pod(v.waiting.front());
  if (first == nullptr) return;
  const bool held = !v.mounted.empty();
  if (held && v.node != first->pod->node) return;  // Multi-Attach: the other node has to let go
  v.moving = true;
  const Latencies& latency = context_.config().latency;
  TimeUs at = context_.now();
  if (v.node.empty()) {
    at += context_.sample(latency.attach, "cluster.attach", v.name, v.moves);
  } else if (!held) {
    const TimeUs moved =
        v.released_us + unmount_delay(v) + context_.sample(latency.reattach, "cluster.reattach", v.name, v.moves);
    // One that came off long ago has only to be attached.
    at = std::max(moved, at + context_.sample(latency.attach, "cluster.attach", v.name, v.moves));
  }
  ++v.moves;
  context_.timer(at, cause, {Part::claims, kAttached, static_cast<std::uint32_t>(v.moves), index});
}

void Claims::attached(std::size_t index, Seq cause) {
  Volume& v = volumes_[index];
  v.moving = false;
  const PodRecord* first = context_.state().find_pod(v.waiting.front());
  if (first == nullptr) {
    v.waiting.pop_front();
    return serve(index, cause);
  }
  v.node = first->pod->node;
  std::vector<PodId> ready;  // everybody on that node
  for (const PodId id : v.waiting) {
    const PodRecord* record = context_.state().find_pod(id);
    if (record != nullptr && record->pod->node == v.node) ready.push_back(id);
  }
  for (const PodId id : ready) {
    std::erase(volumes_[index].waiting, id);
    volumes_[index].mounted.insert(id);
    const auto mount = mounts_.find(id);
    mount->second.erase(index);
    if (!mount->second.empty()) continue;
    mounts_.erase(mount);
    mounted_(id, cause);
  }
  serve(index, cause);
}

// --- facts -----------------------------------------------------------------------------------------------------

bool Claims::in_use(const std::string& claim) const {
  const Volume* v = find(claim);
  return v != nullptr && !v->users.empty();
}

void Claims::scheduled(PodId id, const Pod& pod) {
  for (const std::string& claim : names(pod)) {
    Volume& v = volume(claim);
    v.chosen.erase(id);
    v.users.insert(id);
    if (is_terminal(pod)) continue;
    v.holders.insert(id);
    if (pod.phase != PodPhase::running) continue;
    v.node = pod.node;  // there from the start
    v.mounted.insert(id);
  }
}

void Claims::ended(PodId id, const Pod& pod, bool gone, Seq seq) {
  for (const std::string& claim : names(pod)) {
    const std::size_t index = number(claim);
    Volume& v = volumes_[index];
    v.chosen.erase(id);
    v.holders.erase(id);
    if (v.mounted.erase(id) > 0 && v.mounted.empty()) {
      v.released_us = context_.now();
      if (!v.waiting.empty()) context_.timer(context_.now(), seq, {Part::claims, kLook, 0, index});
    }
    if (!gone) continue;
    v.users.erase(id);
    const ManifestPtr stored = object(claim);
    if (stored == nullptr || !stored->deletion_us || !v.users.empty() || v.looks) continue;
    v.looks = true;
    const DurationUs lag = context_.sample(context_.config().latency.watch, "cluster.claim_protection", claim);
    context_.timer(context_.now() + lag, seq, {Part::claims, kProtection, 0, index});
  }
}

void Claims::claim_changed(const ClusterState::ObjectChange& change, Seq seq) {
  if (change.after == nullptr) {  // the volume goes with its claim; a new claim gets a new one
    Volume& v = volume(object_key(*change.before));
    v.provisioning = false;
    v.node.clear();
    return;
  }
  const Manifest& claim = *change.after;
  const std::string key = object_key(claim);
  if (claim.claim->phase != "Bound") {
    if (immediate(*claim.claim)) provision(key, seq);
    return;
  }
  const std::size_t index = number(key);
  Volume& v = volumes_[index];
  if (!v.waiting.empty()) context_.timer(context_.now(), seq, {Part::claims, kLook, 0, index});
  const bool asks_more = change.before != nullptr && change.before->claim->request_bytes < claim.claim->request_bytes;
  if (!asks_more) return;
  const DurationUs takes = context_.sample(context_.config().latency.provision, "cluster.grow", key, ++v.growths);
  context_.timer(context_.now() + takes, seq, {Part::claims, kGrow, 0, index});
}

void Claims::on_fact(const Fact& fact, Seq seq) {
  const ClusterState::Change& change = context_.state().last_change();
  if (std::holds_alternative<fact::PodBound>(fact) || std::holds_alternative<fact::PodCreated>(fact)) {
    if (!any(*change.after->tmpl) || change.after->node.empty()) return;
    scheduled(change.id, *change.after);
  } else if (std::holds_alternative<fact::PodFinished>(fact) || std::holds_alternative<fact::PodGone>(fact)) {
    const Pod& pod = *change.before;
    if (!any(*pod.tmpl)) return;
    forget_mount(change.id);
    ended(change.id, pod, change.after == nullptr, seq);
  } else if (std::holds_alternative<fact::ObjectCreated>(fact) || std::holds_alternative<fact::ObjectChanged>(fact) ||
             std::holds_alternative<fact::ObjectGone>(fact)) {
    const ClusterState::ObjectChange& object_change = context_.state().last_object_change();
    const Manifest& one = object_change.after != nullptr ? *object_change.after : *object_change.before;
    if (one.kind == podramp::Kind::persistent_volume_claim) claim_changed(object_change, seq);
  }
}

void Claims::on_timer(const ClusterTimer& timer, Seq cause) {
  const std::size_t index = timer.arg;
  Volume& v = volumes_[index];
  const ManifestPtr stored = object(v.name);
  switch (static_cast<Kind>(timer.kind)) {
    case kBind: {
      if (!v.provisioning || stored == nullptr || stored->claim->phase == "Bound") return;
      v.provisioning = false;
      Manifest next = *stored;
      next.claim->phase = "Bound";
      next.claim->capacity_bytes = next.claim->request_bytes;
      return change(std::move(next), cause);
    }
    case kGrow: {
      if (stored == nullptr || stored->claim->capacity_bytes >= stored->claim->request_bytes) return;
      Manifest next = *stored;
      next.claim->capacity_bytes = next.claim->request_bytes;
      return change(std::move(next), cause);
    }
    case kAttached:
      if (v.moving && timer.index == static_cast<std::uint32_t>(v.moves)) attached(index, cause);
      return;
    case kLook: return serve(index, cause);
    case kProtection:
      v.looks = false;
      if (stored == nullptr || !stored->deletion_us || !v.users.empty()) return;
      context_.emit("pvc-protection", cause,
                    fact::ObjectGone{podramp::Kind::persistent_volume_claim, v.name, context_.next_rv(), "api"});
      return;
  }
}

void Claims::waiting(std::vector<std::string>& lines) const {
  for (const auto& [name, claim] : context_.state().objects(podramp::Kind::persistent_volume_claim)) {
    const Volume* v = find(name);
    if (claim->deletion_us) {
      lines.push_back(fmt::format("claim {} waits for: {} pods that use it, to be deleted", name,
                                  v == nullptr ? 0 : v->users.size()));
    } else if (claim->claim->phase != "Bound") {
      const bool made = v != nullptr && v->provisioning;
      lines.push_back(fmt::format("claim {} waits for: {}", name, made ? "its volume" : "its first consumer"));
    }
  }
}

}  // namespace podramp::fakeapi
