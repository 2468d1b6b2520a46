#include "fakeapi/autoscaler_packing.h"

#include <algorithm>

#include "fakeapi/daemon_plan.h"
#include "fakeapi/template_cache.h"

namespace podramp::fakeapi {
namespace {

constexpr std::int64_t kMi = std::int64_t{1} << 20;

std::int64_t mib(std::int64_t bytes) { return (bytes + kMi - 1) / kMi; }

// Those that need the larger part of a machine first, then in order.
std::vector<const PendingPod*> decreasing(const std::vector<PendingPod>& pods, std::int64_t cpu, std::int64_t memory) {
  std::vector<std::pair<std::int64_t, const PendingPod*>> scored;
  std::map<std::uint64_t, std::int64_t> known;  // by template
  for (const PendingPod& pod : pods) {
    const auto [it, fresh] = known.try_emplace(pod.pod->tmpl->hash, 0);
    if (fresh) {
      const Resources asked = pod_requests(*pod.pod->tmpl);
      it->second = asked.cpu_milli.value_or(0) * memory + mib(asked.memory_bytes.value_or(0)) * cpu;
    }
    scored.emplace_back(it->second, &pod);
  }
  std::ranges::stable_sort(scored, std::greater{}, &std::pair<std::int64_t, const PendingPod*>::first);
  std::vector<const PendingPod*> order;
  for (const auto& [score, pod] : scored) order.push_back(pod);
  return order;
}

struct Bin {
  Resources asked;
  std::int64_t pods = 0;
};

using Wide = __int128;
// The wasted part of cpu plus that of memory as numerator over denominator.
std::pair<Wide, Wide> waste(const ScaleUpOption& o) {
  const Wide cpu = std::max<std::int64_t>(o.machines * o.machine_cpu_milli, 1);
  const Wide memory = std::max<std::int64_t>(o.machines * o.machine_memory_mib, 1);
  return {(cpu - o.cpu_milli) * memory + (memory - o.memory_mib) * cpu, cpu * memory};
}

// True when a is the better one.
bool better(Expander expander, const ScaleUpOption& a, const ScaleUpOption& b) {
  switch (expander) {
    case Expander::least_waste: {
      const auto [an, ad] = waste(a);
      const auto [bn, bd] = waste(b);
      // Both are at most 2, so they are compared by whole part and remainder of thousand-millionths: no overflow.
      constexpr Wide kScale = 1'000'000'000;
      return an * kScale / ad < bn * kScale / bd;
    }
    case Expander::most_pods: return a.pods.size() > b.pods.size();
    case Expander::priority: return a.priority > b.priority;
    case Expander::random: break;
  }
  return false;
}

}  // namespace

void add_to(Resources& sum, const Resources& part) {
  sum.cpu_milli = sum.cpu_milli.value_or(0) + part.cpu_milli.value_or(0);
  sum.memory_bytes = sum.memory_bytes.value_or(0) + part.memory_bytes.value_or(0);
  for (const auto& [name, amount] : part.other) sum.other[name] += amount;
}

GroupTemplate::GroupTemplate(const NodeGroupSpec& group, const std::vector<DaemonSetSpec>& daemons)
    : node_(group.like.node) {
  node_.name = group.name;
  if (!group.zones.empty()) node_.labels[std::string(kZoneLabel)] = group.zones.front();
  room_.set_node(node_);
  for (const DaemonSetSpec& daemon : daemons) {
    PodTemplate pod = daemon.pod;
    add_daemon_tolerations(pod);
    const TemplatePtr tmpl = share(std::move(pod));
    if (!room_.could_fit(room_.shape(*tmpl), room_.index(node_.name))) continue;
    add_to(daemons_, pod_requests(*tmpl));
    ++daemon_pods_;
  }
}

bool GroupTemplate::fits(const SharedTemplate& tmpl) {
  if (known_.size() >= kTemplatesMax) known_.clear();
  const auto [it, fresh] = known_.try_emplace(tmpl.hash, false);
  if (fresh) {
    it->second = room_.could_fit(room_.shape(tmpl), room_.index(node_.name)) && holds(pod_requests(tmpl), 1);
  }
  return it->second;
}

bool GroupTemplate::holds(const Resources& asked, std::int64_t pods) const {
  const auto over = [](std::int64_t a, std::int64_t b, std::int64_t all) { return a > 0 && a + b > all; };
  if (pods + daemon_pods_ > node_.pods_max) return false;
  if (over(asked.cpu_milli.value_or(0), daemons_.cpu_milli.value_or(0), node_.allocatable.cpu_milli.value_or(0)) ||
      over(asked.memory_bytes.value_or(0), daemons_.memory_bytes.value_or(0),
           node_.allocatable.memory_bytes.value_or(0))) {
    return false;
  }
  return std::ranges::all_of(asked.other, [&](const auto& one) {
    const auto all = node_.allocatable.other.find(one.first);
    const auto daemon = daemons_.other.find(one.first);
    return !over(one.second, daemon == daemons_.other.end() ? 0 : daemon->second,
                 all == node_.allocatable.other.end() ? 0 : all->second);
  });
}

ScaleUpOption pack(GroupTemplate& group, const std::vector<PendingPod>& pods, std::int64_t machines_max) {
  ScaleUpOption option;
  option.machine_cpu_milli = group.node().allocatable.cpu_milli.value_or(0);
  option.machine_memory_mib = mib(group.node().allocatable.memory_bytes.value_or(0));
  std::vector<Bin> bins;
  std::map<std::uint64_t, std::size_t> first;  // by template: the bins before it are too full, for ever
  for (const PendingPod* pod : decreasing(pods, option.machine_cpu_milli, option.machine_memory_mib)) {
    const SharedTemplate& tmpl = *pod->pod->tmpl;
    if (!group.fits(tmpl)) continue;
    const Resources asked = pod_requests(tmpl);
    std::size_t& bin = first[tmpl.hash];
    for (; bin < bins.size(); ++bin) {
      Resources sum = bins[bin].asked;
      add_to(sum, asked);
      if (group.holds(sum, bins[bin].pods + 1)) break;
    }
    if (bin == bins.size()) {
      if (static_cast<std::int64_t>(bins.size()) == machines_max) continue;
      bins.emplace_back();
    }
    add_to(bins[bin].asked, asked);
    ++bins[bin].pods;
    option.pods.push_back(pod->id);
    option.cpu_milli += asked.cpu_milli.value_or(0);
    option.memory_mib += mib(asked.memory_bytes.value_or(0));
  }
  option.machines = static_cast<std::int64_t>(bins.size());
  return option;
}

std::size_t expand(Expander expander, const std::vector<ScaleUpOption>& options, Draw tie) {
  std::vector<std::size_t> best{0};
  for (std::size_t i = 1; i < options.size(); ++i) {
    if (better(expander, options[i], options[best.front()])) {
      best = {i};
    } else if (!better(expander, options[best.front()], options[i])) {
      best.push_back(i);
    }
  }
  if (best.size() == 1) return best.front();
  return best[static_cast<std::size_t>(tie.uniform(0, static_cast<std::int64_t>(best.size()) - 1))];
}

std::vector<PlannedClaim> plan_claims(std::vector<GroupTemplate>& types, const std::vector<std::size_t>& allowed,
                                      const std::vector<PendingPod>& pods) {
  std::vector<PlannedClaim> claims;
  struct Seen {
    std::size_t known = 0;          // claims that were looked at
    std::vector<std::size_t> open;  // of those, the ones that may still have room for such a pod
  };
  std::map<std::uint64_t, Seen> seen;  // by template
  const auto with = [&](const PlannedClaim& claim, const SharedTemplate& tmpl, const Resources& asked) {
    Resources sum = claim.asked;
    add_to(sum, asked);
    std::vector<std::size_t> fitting;
    for (const std::size_t type : claim.types) {
      if (types[type].fits(tmpl) && types[type].holds(sum, static_cast<std::int64_t>(claim.pods.size()) + 1))
        fitting.push_back(type);
    }
    return fitting;
  };
  const auto put = [&](PlannedClaim& claim, const PendingPod& pod, std::vector<std::size_t> fitting) {
    claim.types = std::move(fitting);
    claim.pods.push_back(pod.id);
    add_to(claim.asked, pod_requests(*pod.pod->tmpl));
  };
  // By cpu, then by memory: one unit of cpu outweighs any memory.
  for (const PendingPod* pod : decreasing(pods, 1, std::int64_t{1} << 32)) {
    const SharedTemplate& tmpl = *pod->pod->tmpl;
    const Resources asked = pod_requests(tmpl);
    Seen& of = seen[tmpl.hash];
    for (; of.known < claims.size(); ++of.known) of.open.push_back(of.known);
    std::ranges::stable_sort(of.open, {}, [&](std::size_t c) { return claims[c].pods.size(); });
    bool placed = false;
    for (std::size_t i = 0; i < of.open.size() && !placed;) {
      PlannedClaim& claim = claims[of.open[i]];
      std::vector<std::size_t> fitting = with(claim, tmpl, asked);
      placed = !fitting.empty();
      if (placed) {
        put(claim, *pod, std::move(fitting));
      } else {
        of.open.erase(of.open.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (placed) continue;
    PlannedClaim fresh{allowed, {}, {}};
    std::vector<std::size_t> fitting = with(fresh, tmpl, asked);
    if (fitting.empty()) continue;
    put(fresh, *pod, std::move(fitting));
    claims.push_back(std::move(fresh));
  }
  return claims;
}

}  // namespace podramp::fakeapi
