#include "fakeapi/set_plan.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

namespace podramp::fakeapi {
namespace {

bool is_ready(const Pod& pod) {
  const Condition* ready = pod.condition("Ready");
  return pod.phase == PodPhase::running && ready != nullptr && ready->status == Truth::yes;
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The annotation as a 32-bit number; 0 when absent or unreadable.
std::int64_t deletion_cost(const Pod& pod) {
  const std::string key(kDeletionCost);
  const auto own = pod.own_annotations.find(key);
  const auto shared = pod.tmpl->annotations.find(key);
  const std::string* text = own != pod.own_annotations.end()        ? &own->second
                            : shared != pod.tmpl->annotations.end() ? &shared->second
                                                                    : nullptr;
  if (text == nullptr) return 0;
  const std::int64_t cost = to_number(*text).value_or(0);
  return cost >= INT32_MIN && cost <= INT32_MAX ? cost : 0;
}

int phase_rank(PodPhase phase) {
  if (phase == PodPhase::pending) return 0;
  return phase == PodPhase::unknown ? 1 : 2;
}

// The power of two of a duration, as the controller buckets ages.
int age_bucket(DurationUs age_us) {
  return age_us <= 0 ? -1 : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(age_us) * 1000U)) - 1;
}

// Does a go before b when pods have to go?
bool goes_first(const OwnedPod& a, const OwnedPod& b, TimeUs now) {
  const bool a_placed = !a.pod->node.empty();
  const bool b_placed = !b.pod->node.empty();
  if (a_placed != b_placed) return !a_placed;
  const int a_phase = phase_rank(a.pod->phase);
  const int b_phase = phase_rank(b.pod->phase);
  if (a_phase != b_phase) return a_phase < b_phase;
  const bool a_ready = is_ready(*a.pod);
  const bool b_ready = is_ready(*b.pod);
  if (a_ready != b_ready) return !a_ready;
  const std::int64_t a_cost = deletion_cost(*a.pod);
  const std::int64_t b_cost = deletion_cost(*b.pod);
  if (a_cost != b_cost) return a_cost < b_cost;
  if (a.neighbours != b.neighbours) return a.neighbours > b.neighbours;
  if (a_ready && whole_second(a.ready_us) != whole_second(b.ready_us)) {
    const int a_age = age_bucket(now - whole_second(a.ready_us));
    const int b_age = age_bucket(now - whole_second(b.ready_us));
    return a_age != b_age ? a_age < b_age : a.tie < b.tie;
  }
  if (a.pod->created_us != b.pod->created_us) {
    const int a_age = age_bucket(now - a.pod->created_us);
    const int b_age = age_bucket(now - b.pod->created_us);
    if (a_age != b_age) return a_age < b_age;
  }
  return a.tie < b.tie;
}

}  // namespace

std::int64_t ordinal_of(const std::string& set, const std::string& pod) {
  if (pod.size() <= set.size() + 1 || !pod.starts_with(set) || pod[set.size()] != '-') return -1;
  return to_number(std::string_view(pod).substr(set.size() + 1)).value_or(-1);
}

std::vector<SetStage> plan_stateful(const std::string& name, const SetSpec& set, const std::vector<OwnedPod>& pods) {
  const bool ordered = set.pod_management != "Parallel";
  std::map<std::int64_t, const OwnedPod*> by_ordinal;
  for (const OwnedPod& owned : pods) {
    const std::int64_t ordinal = ordinal_of(name, owned.pod->name);
    if (ordinal >= 0) by_ordinal[ordinal] = &owned;
  }
  SetStage keep;
  for (std::int64_t i = 0; i < set.replicas; ++i) {
    const auto it = by_ordinal.find(i);
    if (it == by_ordinal.end()) {
      keep.actions.push_back({true, i, 0});
      if (ordered) return {keep};
      continue;
    }
    const Pod& pod = *it->second->pod;
    if (is_terminal(pod)) {
      if (!pod.deletion_us) keep.actions.push_back({false, i, it->second->id});
      if (ordered) return keep.actions.empty() ? std::vector<SetStage>{} : std::vector<SetStage>{keep};
    } else if (ordered && (pod.deletion_us || !is_ready(pod))) {
      return {};
    }
  }
  SetStage condemned;
  for (auto it = by_ordinal.rbegin(); it != by_ordinal.rend() && it->first >= set.replicas; ++it) {
    const bool terminating = it->second->pod->deletion_us.has_value();
    if (ordered && terminating) break;
    if (!terminating) condemned.actions.push_back({false, it->first, it->second->id});
    if (ordered) break;
  }
  std::vector<SetStage> stages;
  if (!keep.actions.empty()) stages.push_back(std::move(keep));
  if (!condemned.actions.empty()) stages.push_back(std::move(condemned));
  return stages;
}

std::vector<SetStage> plan_replicas(const SetSpec& set, std::vector<OwnedPod> pods, TimeUs now) {
  std::erase_if(pods, [](const OwnedPod& p) { return is_terminal(*p.pod) || p.pod->deletion_us.has_value(); });
  const auto have = static_cast<std::int64_t>(pods.size());
  SetStage stage;
  if (have < set.replicas) {
    const std::int64_t missing = std::min<std::int64_t>(set.replicas - have, kReplicaBurst);
    for (std::int64_t i = 0; i < missing; ++i) stage.actions.push_back({true, i, 0});
    return {stage};
  }
  if (have == set.replicas) return {};
  const std::size_t surplus = std::min<std::size_t>(static_cast<std::size_t>(have - set.replicas), kReplicaBurst);
  std::map<std::string, std::int64_t> on_node;
  for (const OwnedPod& p : pods) ++on_node[p.pod->node];
  for (OwnedPod& p : pods) p.neighbours = on_node[p.pod->node];
  std::ranges::stable_sort(pods, [&](const OwnedPod& a, const OwnedPod& b) { return goes_first(a, b, now); });
  stage.slow_start = false;
  for (std::size_t i = 0; i < surplus; ++i) stage.actions.push_back({false, 0, pods[i].id});
  return {stage};
}

}  // namespace podramp::fakeapi
