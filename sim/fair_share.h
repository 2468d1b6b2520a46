// Max-min fair rates: every flow crosses one "side" (its node's link) and one to three shared links (its registry's,
// those of zones), and gets as much as possible without taking from a flow that has less. A pure calculation without
// time; fluid_engine.cpp turns rates into dates. Flows that always have the same rate come as one class, so the cost
// does not grow with flows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace podramp::sim {

struct FairClass {
  std::int32_t registry = 0;  // a shared link
  std::int32_t side = 0;
  std::int64_t flows = 0;      // > 0, all with the same rate
  double rate = 0;             // the result: of each flow, in the unit of the capacities
  std::int32_t zone_out = -1;  // another shared link, or -1
  std::int32_t zone_in = -1;   // likewise
};

class FairShare {
 public:
  // Fills in the rates by raising all of them together and freezing what a full link carries. Classes of one side
  // stand together, sides count up from 0 in that order. O((classes + sides) log sides + freezes * shared links).
  void solve(std::span<const std::int64_t> shared_capacity, std::span<const double> side_capacity,
             std::span<FairClass> classes);

 private:
  struct Link {
    double left = 0;         // capacity not yet given to a frozen class
    std::int64_t flows = 0;  // not yet frozen
    double share() const { return left > 0 ? left / static_cast<double>(flows) : 0; }
  };
  struct Candidate {
    double share = 0;
    std::int32_t side = 0;
  };
  void build(std::span<const std::int64_t> shared_capacity, std::span<const double> side_capacity,
             std::span<const FairClass> classes);
  void freeze(FairClass& fair_class, double rate);
  void push(std::int32_t side);

  // Scratch, kept to spare allocations.
  std::vector<Link> shared_;
  std::vector<std::vector<std::int32_t>> members_;  // per shared link: indexes of its classes
  std::vector<Link> sides_;
  std::vector<std::int32_t> first_;  // per side: index of its first class
  std::vector<Candidate> heap_;      // smallest share first; entries whose share has changed are stale
};

}  // namespace podramp::sim
