// Gang scheduling: the members of a group get their nodes together, with room held for those to come, or none does.
// Part of Scheduler; books: gangs.h. docs/behaviour.md, "Other schedulers".
#include <fmt/format.h>

#include <algorithm>

#include "fakeapi/scheduler.h"

namespace podramp::fakeapi {

// True when the pod's group has settled what becomes of it in this cycle.
bool Scheduler::try_gang(PodId id, Entry& entry, const PodPtr& pod) {
  Gang* gang = gangs_ == nullptr ? nullptr : gangs_->of(*pod);
  if (gang == nullptr) return false;
  if (gang->admitted) {
    const auto held = gangs_->release(*gang);
    if (!held || !fits(entry, *pod, *held, true)) return false;
    place_on(id, entry, pod, *held);
    std::erase(gang->waiting, id);
    return true;
  }
  const auto there = static_cast<std::int64_t>(gang->waiting.size());
  if (!gang->spec->placeholder && there < gang->spec->min_member) {
    refuse(id, entry, *pod, 0,
           fmt::format("pod group {} is not ready: {} of at least {} members are there", gang->key, there,
                       gang->spec->min_member),
           {});
    return true;
  }
  const std::int64_t room = place_gang(*gang);
  if (gang->admitted) return true;
  refuse(id, entry, *pod, kAllFilters | kFilterSpread | kFilterNeighbours,
         fmt::format("pod group {} is not ready: there is room for {} of at least {} members", gang->key, room,
                     std::max(there, gang->spec->min_member)),
         {});
  return true;
}

// For how many members there is room now, those included that do not exist yet; all of them are placed, or none.
std::int64_t Scheduler::place_gang(Gang& gang) {
  struct Member {
    PodId id = 0;
    PodPtr pod;
    std::uint32_t node = 0;
  };
  std::vector<Member> placed;
  bool all = true;
  for (const PodId id : gang.waiting) {
    Entry& entry = entries_.at(id);
    if (entry.place == Place::gated) continue;
    const PodPtr pod = context_.state().find_pod(id)->pod;
    const CycleRules judge = rules(entry, *pod);
    const auto node = choose_node(entry, *pod, judge.silent() ? nullptr : &judge);
    all = all && node.has_value();
    if (!node) break;
    take(id, entry, *pod, *node);
    placed.push_back({id, pod, *node});
  }
  const std::int64_t missing = gang.spec->min_member - static_cast<std::int64_t>(gang.waiting.size());
  for (std::int64_t i = 0; all && gang.spec->placeholder && i < missing; ++i) {
    const Draw tie(context_.seed(), "cluster.scheduler.placeholder", gang.key, static_cast<std::uint64_t>(i));
    const auto node = room_.choose(gang.held_shape, tie);
    all = all && node.has_value();
    if (node) gangs_->hold(gang, *node);
  }
  const auto room = static_cast<std::int64_t>(placed.size() + gang.held.size());
  for (const Member& member : placed) give_back(member.id, entries_.at(member.id), *member.pod);
  if (!all) {
    while (gangs_->release(gang)) continue;
    return room;
  }
  gang.admitted = true;
  for (const Member& member : placed) {
    Entry& entry = entries_.at(member.id);
    leave_pool(member.id, entry);
    place_on(member.id, entry, member.pod, member.node);
    std::erase(gang.waiting, member.id);
  }
  if (!gang.held.empty()) {
    set_timer(context_.now() + gang.spec->held_for_us, 0, kGangExpires, gangs_->index(gang));
  }
  return room;
}

// The members for whom it was held have not come: others may have it.
void Scheduler::gang_expires(std::uint64_t index, Seq cause) {
  bool any = false;
  while (gangs_->release(gangs_->at(index))) any = true;
  if (any) wake_all(kFilterResources, cause);
}

}  // namespace podramp::fakeapi
