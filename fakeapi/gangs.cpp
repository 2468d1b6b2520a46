#include "fakeapi/gangs.h"

#include <algorithm>

namespace podramp::fakeapi {

std::string group_of(const Pod& pod) {
  const std::string key(kGroupName);
  if (const std::string* label = pod.label(key)) return *label;
  for (const StringMap* map : {&pod.own_annotations, &pod.tmpl->annotations}) {
    if (const auto it = map->find(key); it != map->end()) return it->second;
  }
  return "";
}

Gangs::Gangs(Context& context, NodeRoom& room) : room_(room) {
  for (const PodGroupSpec& spec : context.config().pod_groups) {
    by_key_.emplace(spec.ns + "/" + spec.name, all_.size());
    Gang& gang = all_.emplace_back();
    gang.spec = &spec;
    gang.key = spec.ns + "/" + spec.name;
    if (!spec.placeholder) continue;
    PodTemplate tmpl;
    tmpl.containers.emplace_back().requests = *spec.placeholder;
    gang.held_shape = room_.shape(*share(std::move(tmpl)));
  }
}

Gang* Gangs::of(const Pod& pod) {
  const auto it = by_key_.find(pod.ns + "/" + group_of(pod));
  return it == by_key_.end() ? nullptr : &all_[it->second];
}

void Gangs::hold(Gang& gang, std::uint32_t node) {
  gang.held.push_back(node);
  room_.take(node, gang.held_shape);
}

std::optional<std::uint32_t> Gangs::release(Gang& gang) {
  if (gang.held.empty()) return std::nullopt;
  const std::uint32_t node = gang.held.front();
  gang.held.erase(gang.held.begin());
  room_.give_back(node, gang.held_shape);
  return node;
}

}  // namespace podramp::fakeapi
