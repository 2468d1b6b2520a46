// How much each dimension moves each objective: the mean at each of its values, and the share of the variance over all
// variants that its main effect explains (interactions belong to nobody, so shares may add up to less than one).
#pragma once

#include <string>
#include <vector>

#include "sim/study/analysis.h"

namespace podramp::sim {

struct Effect {
  std::string value;  // "" where the dimension does not apply
  std::int64_t variants = 0;
  std::int64_t mean_milli = 0;
};
struct Sensitivity {
  std::size_t objective = 0;
  std::size_t dimension = 0;
  std::int64_t share_permille = 0;
  std::vector<Effect> effects;  // in the order of the dimension's values; those that no variant has are left out
};

// By objective, then by share, the largest first. Of variants whose objective is a number.
std::vector<Sensitivity> sensitivities(const Study& study, const std::vector<Variant>& variants,
                                       const std::vector<Assessed>& assessed);

}  // namespace podramp::sim
