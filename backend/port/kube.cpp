#include "backend/port/kube.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"

namespace podramp {

TemplatePtr share(PodTemplate tmpl) {
  auto shared = std::make_shared<SharedTemplate>();
  static_cast<PodTemplate&>(*shared) = std::move(tmpl);
  std::string text;
  PodMemory memory(false);
  JsonWriter(text, memory).value(static_cast<const PodTemplate&>(*shared));
  shared->hash = hash_text(text);
  return shared;
}

namespace {

Resources effective_requests(const Container& container) {
  Resources r = container.requests;
  if (!r.cpu_milli) r.cpu_milli = container.limits.cpu_milli;
  if (!r.memory_bytes) r.memory_bytes = container.limits.memory_bytes;
  for (const auto& [name, amount] : container.limits.other) r.other.emplace(name, amount);
  return r;
}

enum class Combine { sum, max };

void combine(std::optional<std::int64_t>& into, const std::optional<std::int64_t>& part, Combine how) {
  if (!part) return;
  const std::int64_t before = into.value_or(0);
  into = how == Combine::sum ? before + *part : std::max(before, *part);
}

void combine(Resources& into, const Resources& part, Combine how) {
  combine(into.cpu_milli, part.cpu_milli, how);
  combine(into.memory_bytes, part.memory_bytes, how);
  for (const auto& [name, amount] : part.other) {
    std::int64_t& slot = into.other[name];
    slot = how == Combine::sum ? slot + amount : std::max(slot, amount);
  }
}

template <class Amount>
Resources over_containers(const PodTemplate& tmpl, Amount amount) {
  Resources total;
  for (const Container& c : tmpl.containers) combine(total, amount(c), Combine::sum);
  for (const Container& c : tmpl.init_containers) combine(total, amount(c), Combine::max);
  return total;
}

}  // namespace

Resources pod_requests(const PodTemplate& tmpl) {
  return over_containers(tmpl, [](const Container& c) { return effective_requests(c); });
}

Resources pod_limits(const PodTemplate& tmpl) {
  return over_containers(tmpl, [](const Container& c) { return c.limits; });
}

std::size_t spark_container_index(const PodTemplate& tmpl) {
  const auto it = std::ranges::find(tmpl.containers, "spark-kubernetes-executor", &Container::name);
  return it == tmpl.containers.end() ? 0 : static_cast<std::size_t>(it - tmpl.containers.begin());
}

const std::string* Pod::label(std::string_view key) const {
  if (const auto it = own_labels.find(key); it != own_labels.end()) return &it->second;
  if (const auto it = tmpl->labels.find(key); it != tmpl->labels.end()) return &it->second;
  return nullptr;
}

const Condition* Pod::condition(std::string_view type) const {
  const auto it = std::ranges::find(conditions, type, &Condition::type);
  return it == conditions.end() ? nullptr : &*it;
}

bool Pod::is_ready() const {
  const Condition* ready = condition("Ready");
  return ready != nullptr && ready->status == Truth::yes;
}

std::vector<std::string> Pod::claim_names() const {
  std::vector<std::string> names;
  if (tmpl == nullptr) return names;
  for (const Volume& shared : tmpl->volumes) {
    const auto own = std::ranges::find(own_volumes, shared.name, &Volume::name);
    const Volume& volume = own == own_volumes.end() ? shared : *own;
    if (volume.type == "persistentVolumeClaim") names.push_back(volume.source);
  }
  return names;
}

bool operator==(const Pod& a, const Pod& b) {
  const auto rest = [](const Pod& p) {
    return std::tie(p.name, p.generate_name, p.ns, p.uid, p.resource_version, p.own_labels, p.own_annotations,
                    p.own_env, p.own_volumes, p.hostname, p.created_us, p.deletion_us, p.deletion_grace_s, p.phase,
                    p.reason, p.message, p.node, p.pod_ip, p.conditions, p.containers, p.affinity_node, p.gates,
                    p.nominated_node);
  };
  const bool same_template =
      a.tmpl == b.tmpl || (a.tmpl != nullptr && b.tmpl != nullptr &&
                           static_cast<const PodTemplate&>(*a.tmpl) == static_cast<const PodTemplate&>(*b.tmpl));
  return same_template && rest(a) == rest(b);
}

std::int64_t grace_s(const Pod& pod) { return pod.tmpl->termination_grace_s.value_or(kDefaultGraceS); }

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::ranges::any_of(tolerations, [&](const Toleration& t) {
    if (!t.effect.empty() && t.effect != taint.effect) return false;
    if (!t.key.empty() && t.key != taint.key) return false;
    if (t.op == "Exists") return true;
    return !t.key.empty() && t.value == taint.value;
  });
}

std::string node_zone(const Node& node) {
  const auto it = node.labels.find(std::string(kZoneLabel));
  return it == node.labels.end() ? "" : it->second;
}

}  // namespace podramp
