#include "sim/fair_share.h"

#include <algorithm>
#include <limits>

#include "backend/port/status.h"
#include "sim/engine.h"

namespace podramp::sim {
namespace {

constexpr double kNotFrozen = -1;

}  // namespace

void FairShare::solve(std::span<const std::int64_t> registry_capacity, std::span<const double> side_capacity,
                      std::span<FairClass> classes) {
  if (classes.size() == 1) {  // the usual case: one registry, nodes alike
    FairClass& only = classes[0];
    const double flows = static_cast<double>(only.flows);
    only.rate =
        std::min(static_cast<double>(registry_capacity[index_of(only.registry)]) / flows, side_capacity[0] / flows);
    return;
  }
  build(registry_capacity, side_capacity, classes);
  for (FairClass& c : classes) c.rate = kNotFrozen;
  const auto later = [](const Candidate& a, const Candidate& b) { return a.share > b.share; };
  while (true) {
    while (!heap_.empty()) {
      const Link& side = sides_[index_of(heap_.front().side)];
      if (side.flows > 0 && side.share() == heap_.front().share) break;
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
    }
    if (heap_.empty()) return;  // every class is frozen
    const Candidate side = heap_.front();
    std::size_t registry = registries_.size();
    double share = side.share;
    for (std::size_t r = 0; r < registries_.size(); ++r) {
      if (registries_[r].flows == 0 || registries_[r].share() >= share) continue;
      registry = r;
      share = registries_[r].share();
    }
    if (registry < registries_.size()) {
      for (const std::int32_t c : members_[registry]) {
        if (classes[index_of(c)].rate == kNotFrozen) freeze(classes[index_of(c)], share);
      }
    } else {
      for (std::size_t c = index_of(first_[index_of(side.side)]); c < classes.size() && classes[c].side == side.side;
           ++c) {
        if (classes[c].rate == kNotFrozen) freeze(classes[c], share);
      }
    }
  }
}

void FairShare::build(std::span<const std::int64_t> registry_capacity, std::span<const double> side_capacity,
                      std::span<const FairClass> classes) {
  registries_.clear();
  for (const std::int64_t capacity : registry_capacity) registries_.push_back({static_cast<double>(capacity), 0});
  members_.resize(registry_capacity.size());
  for (auto& members : members_) members.clear();
  sides_.clear();
  for (const double capacity : side_capacity) sides_.push_back({capacity, 0});
  first_.assign(sides_.size(), 0);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const FairClass& fair_class = classes[c];
    registries_[index_of(fair_class.registry)].flows += fair_class.flows;
    members_[index_of(fair_class.registry)].push_back(static_cast<std::int32_t>(c));
    Link& side = sides_[index_of(fair_class.side)];
    if (side.flows == 0) first_[index_of(fair_class.side)] = static_cast<std::int32_t>(c);
    side.flows += fair_class.flows;
  }
  heap_.clear();
  for (std::size_t s = 0; s < sides_.size(); ++s) push(static_cast<std::int32_t>(s));
}

void FairShare::freeze(FairClass& fair_class, double rate) {
  fair_class.rate = rate;
  Link& registry = registries_[index_of(fair_class.registry)];
  Link& side = sides_[index_of(fair_class.side)];
  for (Link* link : {&registry, &side}) {
    link->left -= rate * static_cast<double>(fair_class.flows);
    link->flows -= fair_class.flows;
  }
  if (side.flows > 0) push(fair_class.side);
}

void FairShare::push(std::int32_t side) {
  const auto later = [](const Candidate& a, const Candidate& b) { return a.share > b.share; };
  heap_.push_back({sides_[index_of(side)].share(), side});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

}  // namespace podramp::sim
