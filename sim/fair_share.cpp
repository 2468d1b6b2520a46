#include "sim/fair_share.h"

#include <algorithm>
#include <array>
#include <limits>

#include "backend/port/status.h"
#include "sim/engine.h"

namespace podramp::sim {
namespace {

constexpr double kNotFrozen = -1;

std::array<std::int32_t, 3> shared_links(const FairClass& fair_class) {
  return {fair_class.registry, fair_class.zone_out, fair_class.zone_in};
}

}  // namespace

void FairShare::solve(std::span<const std::int64_t> shared_capacity, std::span<const double> side_capacity,
                      std::span<FairClass> classes) {
  if (classes.size() == 1) {  // the usual case: one registry, nodes alike
    FairClass& only = classes[0];
    const double flows = static_cast<double>(only.flows);
    only.rate = side_capacity[0] / flows;
    for (const std::int32_t link : shared_links(only)) {
      if (link >= 0) only.rate = std::min(only.rate, static_cast<double>(shared_capacity[index_of(link)]) / flows);
    }
    return;
  }
  build(shared_capacity, side_capacity, classes);
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
    std::size_t shared = shared_.size();
    double share = side.share;
    for (std::size_t s = 0; s < shared_.size(); ++s) {
      if (shared_[s].flows == 0 || shared_[s].share() >= share) continue;
      shared = s;
      share = shared_[s].share();
    }
    if (shared < shared_.size()) {
      for (const std::int32_t c : members_[shared]) {
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

void FairShare::build(std::span<const std::int64_t> shared_capacity, std::span<const double> side_capacity,
                      std::span<const FairClass> classes) {
  shared_.clear();
  for (const std::int64_t capacity : shared_capacity) shared_.push_back({static_cast<double>(capacity), 0});
  members_.resize(shared_capacity.size());
  for (auto& members : members_) members.clear();
  sides_.clear();
  for (const double capacity : side_capacity) sides_.push_back({capacity, 0});
  first_.assign(sides_.size(), 0);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const FairClass& fair_class = classes[c];
    for (const std::int32_t link : shared_links(fair_class)) {
      if (link < 0) continue;
      shared_[index_of(link)].flows += fair_class.flows;
      members_[index_of(link)].push_back(static_cast<std::int32_t>(c));
    }
    Link& side = sides_[index_of(fair_class.side)];
    if (side.flows == 0) first_[index_of(fair_class.side)] = static_cast<std::int32_t>(c);
    side.flows += fair_class.flows;
  }
  heap_.clear();
  for (std::size_t s = 0; s < sides_.size(); ++s) push(static_cast<std::int32_t>(s));
}

void FairShare::freeze(FairClass& fair_class, double rate) {
  fair_class.rate = rate;
  Link& side = sides_[index_of(fair_class.side)];
  const auto take = [&](Link& link) {
    link.left -= rate * static_cast<double>(fair_class.flows);
    link.flows -= fair_class.flows;
  };
  for (const std::int32_t link : shared_links(fair_class)) {
    if (link >= 0) take(shared_[index_of(link)]);
  }
  take(side);
  if (side.flows > 0) push(fair_class.side);
}

void FairShare::push(std::int32_t side) {
  const auto later = [](const Candidate& a, const Candidate& b) { return a.share > b.share; };
  heap_.push_back({sides_[index_of(side)].share(), side});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

}  // namespace podramp::sim
