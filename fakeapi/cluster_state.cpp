#include "fakeapi/cluster_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "backend/port/status.h"

namespace podramp::fakeapi {
namespace {

constexpr PodId kGapMax = 1'000'000;  // ids are counted; a log that jumps further is not one of ours

// 48 bits of a version 4 UUID: real clients expect the shape.
constexpr std::string_view kUidPrefix = "00000000-0000-4000-8000-";
constexpr std::string_view kNodeUidPrefix = "00000000-0000-4000-a000-";
constexpr std::string_view kObjectUidPrefix = "00000000-0000-4000-9000-";

void add(Resources& total, const Resources& part, std::int64_t sign) {
  if (part.cpu_milli) total.cpu_milli = total.cpu_milli.value_or(0) + sign * *part.cpu_milli;
  if (part.memory_bytes) total.memory_bytes = total.memory_bytes.value_or(0) + sign * *part.memory_bytes;
  for (const auto& [name, amount] : part.other) total.other[name] += sign * amount;
}

void set_condition(Pod& pod, Condition condition) {
  const auto it = std::ranges::find(pod.conditions, condition.type, &Condition::type);
  if (it == pod.conditions.end()) {
    pod.conditions.push_back(std::move(condition));
  } else {
    *it = std::move(condition);
  }
}

void set_containers(Pod& pod, ContainerStateKind state, const std::string& reason, const std::string& message) {
  pod.containers.clear();
  for (const Container& c : pod.tmpl->containers) pod.containers.push_back({c.name, state, reason, message, 0});
}

}  // namespace

struct ClusterState::Apply {
  ClusterState& s;

  void seen(std::uint64_t rv) { s.rv_ = std::max(s.rv_, rv); }

  // The node's new version among the objects, as its watchers see it.
  void show(const NodeRecord& record) {
    auto object = std::make_shared<Manifest>();
    object->kind = Kind::node;
    object->name = record.node.name;
    object->uid = node_uid_text(record.node.name);
    object->resource_version = record.node.resource_version;
    object->labels = record.node.labels;
    object->created_us = record.node.created_us;
    object->selectable["spec.unschedulable"] = record.node.unschedulable ? "true" : "false";
    object->node = record.node;
    for (const std::string& condition : record.pressures) object->data[condition] = "True";
    ManifestPtr& shown = objects(Kind::node)["/" + record.node.name];
    s.object_change_ = {shown, object};
    shown = std::move(object);
    seen(record.node.resource_version);
  }

  NodeRecord& node(const std::string& name) {
    const auto it = s.nodes_.find(name);
    PODRAMP_CHECK(it != s.nodes_.end(), "no node " + name);
    return it->second;
  }

  QuotaRecord& quota(const std::string& name) {
    const auto it = s.quotas_.find(name);
    PODRAMP_CHECK(it != s.quotas_.end(), "no quota " + name);
    return it->second;
  }

  // Puts the pod on its node's books, or (sign -1) takes it off them.
  void count(const PodRecord& record, std::int64_t sign) {
    const auto it = s.nodes_.find(record.pod->node);
    if (it == s.nodes_.end() || is_terminal(*record.pod)) return;
    add(it->second.requested, record.requests, sign);
    it->second.pods_active += sign;
  }

  void place(const PodRecord& record) {
    const auto it = s.nodes_.find(record.pod->node);
    (it != s.nodes_.end() ? it->second.pods : s.orphans_[record.pod->node]).insert(record.id);
  }

  void unplace(const PodRecord& record) {
    if (const auto it = s.nodes_.find(record.pod->node); it != s.nodes_.end()) it->second.pods.erase(record.id);
    const auto it = s.orphans_.find(record.pod->node);
    if (it == s.orphans_.end()) return;
    it->second.erase(record.id);
    if (it->second.empty()) s.orphans_.erase(it);
  }

  PodRecord& stored(const std::string& name) {
    const auto it = s.named_.find(name);
    PODRAMP_CHECK(it != s.named_.end(), "no pod " + name);
    return *it->second;
  }

  // Makes the pod's next version; edit changes it.
  template <class Edit>
  void edit_pod(const std::string& name, std::uint64_t rv, Edit edit) {
    PodRecord& record = stored(name);
    auto next = std::make_shared<Pod>(*record.pod);
    next->resource_version = rv;
    edit(*next);
    s.change_ = {record.id, record.pod, next, record.requests};
    record.pod = std::move(next);
    record.text_hash.reset();
    seen(rv);
  }

  void operator()(const fact::NodeAdded& f) {
    NodeRecord record;
    record.node = f.node;
    record.images.insert(f.node.images.begin(), f.node.images.end());
    const auto [it, fresh] = s.nodes_.insert_or_assign(f.node.name, std::move(record));
    if (const auto orphans = s.orphans_.find(f.node.name); orphans != s.orphans_.end()) {
      it->second.pods = std::move(orphans->second);
      s.orphans_.erase(orphans);
      for (const PodId id : it->second.pods) count(*s.pods_.at(id), +1);
    }
    show(it->second);
  }
  void operator()(const fact::NodeSilent& f) {
    node(f.node).silent = true;
    node(f.node).containers_run = f.containers_run;
  }
  void operator()(const fact::NodeReturned& f) {
    node(f.node).silent = false;
    node(f.node).containers_run = true;
  }
  void operator()(const fact::NodeReadyChanged& f) {
    NodeRecord& record = node(f.node);
    record.node.ready = f.ready;
    record.node.resource_version = f.rv;
    show(record);
  }
  void operator()(const fact::NodeTainted& f) {
    NodeRecord& record = node(f.node);
    record.node.taints = f.taints;
    record.node.resource_version = f.rv;
    show(record);
  }
  void operator()(const fact::NodeCordoned& f) {
    NodeRecord& record = node(f.node);
    record.node.unschedulable = f.unschedulable;
    record.node.resource_version = f.rv;
    show(record);
  }
  void operator()(const fact::NodeEdited& f) {
    NodeRecord& record = node(f.node);
    record.node = f.object;
    record.node.resource_version = f.rv;
    show(record);
  }
  void operator()(const fact::NodePressureChanged& f) {
    NodeRecord& record = node(f.node);
    if (f.pressed) {
      record.pressures.insert(f.condition);
    } else {
      record.pressures.erase(f.condition);
    }
    record.node.resource_version = f.rv;
    show(record);
  }
  void operator()(const fact::NodeGone& f) {
    const auto shown = objects(Kind::node).find("/" + f.node);
    s.object_change_ = {shown->second, nullptr};
    objects(Kind::node).erase(shown);
    std::set<PodId> pods = std::move(node(f.node).pods);
    s.nodes_.erase(s.nodes_.find(f.node));
    if (!pods.empty()) s.orphans_[f.node] = std::move(pods);
    seen(f.rv);
  }

  void operator()(const fact::PodCreated& f) {
    const PodId id = uid_number(f.pod->uid);
    PODRAMP_CHECK(id != 0, "uid " + f.pod->uid);
    const auto [name, fresh] = s.by_name_.emplace(pod_key(*f.pod), id);
    PODRAMP_CHECK(fresh, "pod exists: " + pod_key(*f.pod));
    PODRAMP_CHECK(id < s.pods_.size() + kGapMax, "uid " + f.pod->uid);
    if (s.pods_.size() <= id) s.pods_.resize(id + 1);
    s.pods_[id] = std::make_unique<PodRecord>(PodRecord{id, f.pod, pod_requests(*f.pod->tmpl), {}});
    PodRecord& record = *s.pods_[id];
    s.named_.emplace(name->first, &record);
    if (!f.pod->node.empty()) {
      place(record);
      count(record, +1);
    }
    s.change_ = {id, nullptr, f.pod, record.requests};
    seen(f.pod->resource_version);
  }
  void operator()(const fact::PodBound& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod.node = f.node;
      set_condition(pod, {"PodScheduled", Truth::yes, "", "", 0});
    });
    const PodRecord& record = *s.pods_.at(s.change_.id);
    place(record);
    count(record, +1);
  }
  void operator()(const fact::PodUnschedulable& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      set_condition(pod, {"PodScheduled", Truth::no, "Unschedulable", f.message, 0});
      pod.nominated_node = f.nominated_node;
    });
  }
  // The condition that says so stays until the scheduler has looked at the pod.
  void operator()(const fact::PodUngated& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) { pod.gates = f.left; });
  }
  void operator()(const fact::PodWaiting& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) { set_containers(pod, ContainerStateKind::waiting, f.reason, f.message); });
  }
  void operator()(const fact::ContainerExited& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      set_containers(pod, ContainerStateKind::terminated, f.reason, "");
      for (ContainerStatus& c : pod.containers) c.exit_code = f.exit_code;
      set_condition(pod, {"Ready", Truth::no, "ContainersNotReady", "", 0});
    });
  }
  void operator()(const fact::PodResized& f) {
    count(stored(f.pod), -1);
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      PodTemplate tmpl = *pod.tmpl;
      Container& container = tmpl.containers.at(spark_container_index(tmpl));
      container.requests.memory_bytes = f.memory_bytes;
      container.limits.memory_bytes = f.memory_bytes;
      pod.tmpl = share(std::move(tmpl));
    });
    PodRecord& record = stored(f.pod);
    record.requests = pod_requests(*record.pod->tmpl);
    s.change_.requests = record.requests;
    count(record, +1);
  }
  void operator()(const fact::PodRunning& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod.phase = PodPhase::running;
      pod.pod_ip = f.pod_ip;
      set_containers(pod, ContainerStateKind::running, "", "");
      set_condition(pod, {"Ready", Truth::yes, "", "", 0});
    });
  }
  void operator()(const fact::PodFinished& f) {
    count(stored(f.pod), -1);
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod.phase = f.phase;
      pod.reason = f.reason;
      pod.message = f.message;
      if (pod.condition("Ready") != nullptr) {
        set_condition(pod, {"Ready", Truth::no, f.phase == PodPhase::succeeded ? "PodCompleted" : "PodFailed", "", 0});
      }
      if (f.container_reason.empty()) return;  // K59, K73: nobody saw the containers end
      if (pod.containers.empty()) set_containers(pod, ContainerStateKind::waiting, "", "");
      for (ContainerStatus& c : pod.containers) {
        if (c.state == ContainerStateKind::terminated) continue;
        c = {c.name, ContainerStateKind::terminated, f.container_reason, "", f.exit_code};
      }
    });
  }
  void operator()(const fact::PodConditionSet& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) { set_condition(pod, f.condition); });
  }
  void operator()(const fact::PodLabelled& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      for (const auto& [key, value] : f.labels) pod.own_labels[key] = value;
      for (const auto& [key, value] : f.annotations) pod.own_annotations[key] = value;
    });
  }
  void operator()(const fact::PodEdited& f) {
    count(stored(f.pod), -1);
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod = *f.object;
      pod.resource_version = f.rv;
    });
    PodRecord& record = stored(f.pod);
    record.requests = pod_requests(*record.pod->tmpl);
    s.change_.requests = record.requests;
    count(record, +1);
  }
  void operator()(const fact::PodTerminating& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod.deletion_us = f.deletion_us;
      pod.deletion_grace_s = f.grace_s;
    });
  }
  void operator()(const fact::PodGraceOver& f) {
    edit_pod(f.pod, f.rv, [&](Pod& pod) {
      pod.deletion_us = f.deletion_us;
      pod.deletion_grace_s = 0;
    });
  }
  void operator()(const fact::PodGone& f) {
    const auto it = s.by_name_.find(f.pod);
    PODRAMP_CHECK(it != s.by_name_.end(), "no pod " + f.pod);
    const std::unique_ptr<PodRecord> record = std::move(s.pods_.at(it->second));
    count(*record, -1);
    unplace(*record);
    s.change_ = {record->id, record->pod, nullptr, record->requests};
    s.named_.erase(it->first);
    s.by_name_.erase(it);
    seen(f.rv);
  }

  ClusterState::Objects& objects(Kind kind) { return s.objects_[static_cast<std::size_t>(kind)]; }

  void operator()(const fact::ObjectCreated& f) {
    const bool fresh = objects(f.object->kind).emplace(object_key(*f.object), f.object).second;
    PODRAMP_CHECK(fresh, "object exists: " + object_key(*f.object));
    s.objects_by_uid_[f.object->uid] = f.object;
    s.object_change_ = {nullptr, f.object};
    seen(f.object->resource_version);
  }
  void operator()(const fact::ObjectChanged& f) {
    const auto it = objects(f.object->kind).find(object_key(*f.object));
    PODRAMP_CHECK(it != objects(f.object->kind).end(), "no object " + object_key(*f.object));
    s.object_change_ = {it->second, f.object};
    it->second = f.object;
    s.objects_by_uid_[f.object->uid] = f.object;
    seen(f.object->resource_version);
  }
  void operator()(const fact::ObjectGone& f) {
    const auto it = objects(f.kind).find(f.object);
    PODRAMP_CHECK(it != objects(f.kind).end(), "no object " + f.object);
    s.object_change_ = {it->second, nullptr};
    s.objects_by_uid_.erase(it->second->uid);
    objects(f.kind).erase(it);
    seen(f.rv);
  }

  void operator()(const fact::PullStarted&) {}
  void operator()(const fact::PullFinished& f) {
    if (const auto it = s.nodes_.find(f.node); it != s.nodes_.end()) it->second.images.insert(f.image);
  }
  void operator()(const fact::PullFailed&) {}
  void operator()(const fact::ImageRemoved& f) {
    if (const auto it = s.nodes_.find(f.node); it != s.nodes_.end()) it->second.images.erase(f.image);
  }

  void operator()(const fact::QuotaSet& f) {
    QuotaRecord& record = s.quotas_[f.quota];
    const std::size_t slash = f.quota.find('/');
    record.ns = f.quota.substr(0, slash);
    record.name = f.quota.substr(slash + 1);
    record.counted = record.counted &&
                     std::ranges::all_of(f.hard, [&](const auto& limit) { return record.hard.contains(limit.first); });
    record.hard = f.hard;
    // status.used has exactly the resources that hard names.
    fact::Usage used;
    for (const auto& [name, limit] : f.hard) {
      const auto old = record.used.find(name);
      used[name] = old == record.used.end() ? 0 : old->second;
    }
    record.used = std::move(used);
  }
  void operator()(const fact::QuotaCharged& f) { quota(f.quota).used = f.used; }
  void operator()(const fact::QuotaRecounted& f) {
    quota(f.quota).used = f.used;
    quota(f.quota).counted = true;
  }
  void operator()(const fact::RequestRefused&) {}
  void operator()(const fact::RequestQueued&) {}
  void operator()(const fact::SeatsMoved&) {}
  // Decisions; what they do to nodes and pods is told by facts of its own.
  void operator()(const fact::ScaleUp&) {}
  void operator()(const fact::ScaleUpFailed&) {}
  void operator()(const fact::ScaleUpRefused&) {}
  void operator()(const fact::MachineLaunched&) {}
  void operator()(const fact::MachineReady&) {}
  void operator()(const fact::MachineGone&) {}
  void operator()(const fact::ScaleDownBlocked&) {}
  void operator()(const fact::ScaleDown&) {}
  void operator()(const fact::HistoryTrimmed& f) { s.trimmed_ = std::max(s.trimmed_, f.rv); }
};

void ClusterState::apply(const Fact& fact) { std::visit(Apply{*this}, fact); }

const PodRecord* ClusterState::find_pod(PodId id) const { return id < pods_.size() ? pods_[id].get() : nullptr; }

const PodRecord* ClusterState::find_pod(std::string_view full_name) const {
  const auto it = named_.find(full_name);
  return it == named_.end() ? nullptr : it->second;
}

ManifestPtr ClusterState::find_object(Kind kind, std::string_view full_name) const {
  const auto it = objects(kind).find(full_name);
  return it == objects(kind).end() ? nullptr : it->second;
}

ManifestPtr ClusterState::find_object(std::string_view uid) const {
  const auto it = objects_by_uid_.find(uid);
  return it == objects_by_uid_.end() ? nullptr : it->second;
}

const NodeRecord* ClusterState::find_node(std::string_view name) const {
  const auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : &it->second;
}

std::uint64_t ClusterState::hash() const {
  std::string text;
  PodMemory memory(false);
  JsonWriter writer(text, memory);
  // One running hash over bounded pieces: the whole text of a million pods need never exist.
  std::uint64_t hash = hash_text(fmt::format("{} {}", rv_, trimmed_));
  const auto mix_in = [&](std::uint64_t piece) { hash = (hash * 0x9e3779b97f4a7c15U) ^ piece; };
  const auto mix = [&] {
    mix_in(hash_text(text));
    text.clear();
  };
  for (const auto& [name, id] : by_name_) {
    const PodRecord& record = *pods_.at(id);
    // The first pod of a template is written with all of it.
    const bool usual = memory.knows_template(record.pod->tmpl->hash);
    if (!usual || !record.text_hash) {
      writer.value(*record.pod);
      const std::uint64_t text_hash = hash_text(text);
      text.clear();
      if (usual) record.text_hash = text_hash;
      mix_in(text_hash);
    } else {
      mix_in(*record.text_hash);
    }
  }
  for (const auto& [name, record] : nodes_) {
    writer.value(record.node);
    writer.value(record.requested);
    text += fmt::format("{} {} {} {} {}", record.silent, record.containers_run, record.pods_active,
                        fmt::join(record.pods, ","), fmt::join(record.images, ","));
    text += fmt::format("{}", fmt::join(record.pressures, ","));
    mix();
  }
  for (const auto& [name, pods] : orphans_) {
    text += fmt::format("{} {}", name, fmt::join(pods, ","));
    mix();
  }
  for (const auto& [name, record] : quotas_) {
    text += name;
    writer.value(record.hard);
    writer.value(record.used);  // not whether it is counted: older logs say less of that
    mix();
  }
  for (std::size_t kind = 0; kind < objects_.size(); ++kind) {
    if (kind == static_cast<std::size_t>(Kind::node)) continue;  // said above
    for (const auto& [name, object] : objects_[kind]) {
      writer.value(*object);
      mix();
    }
  }
  return hash;
}

std::string uid_text(PodId id) { return fmt::format("{}{:012x}", kUidPrefix, id); }

PodId uid_number(std::string_view uid) {
  if (uid.size() != kUidPrefix.size() + 12 || !uid.starts_with(kUidPrefix)) return 0;
  PodId id = 0;
  const char* end = uid.data() + uid.size();
  const auto [stopped, code] = std::from_chars(uid.data() + kUidPrefix.size(), end, id, 16);
  return code == std::errc{} && stopped == end ? id : 0;
}

std::string node_uid_text(std::string_view name) {
  return fmt::format("{}{:012x}", kNodeUidPrefix, hash_text(name) & 0xffff'ffff'ffffU);
}

std::string object_uid_text(std::uint64_t n) { return fmt::format("{}{:012x}", kObjectUidPrefix, n); }

std::string object_key(const Manifest& object) { return object.ns + "/" + object.name; }

bool is_terminal(const Pod& pod) { return pod.phase == PodPhase::succeeded || pod.phase == PodPhase::failed; }

}  // namespace podramp::fakeapi
