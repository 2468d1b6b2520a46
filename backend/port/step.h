// The whole port: Input (what the backend perceives, input.h) and Effect (what it asks for, effect.h). The simulation,
// the live loop and replay differ only in who feeds the one and performs the other.
#pragma once

#include <utility>
#include <vector>

#include "backend/port/effect.h"
#include "backend/port/input.h"

namespace podramp {

// The ordered effects of one step.
class Outbox {
 public:
  template <class E>
  requires requires { E::kType; }
  void add(E effect) { effects_.emplace_back(std::in_place_type<E>, std::move(effect)); }
  void add(Effect effect) { effects_.push_back(std::move(effect)); }
  const std::vector<Effect>& effects() const { return effects_; }
  std::vector<Effect> take() { return std::exchange(effects_, {}); }

 private:
  std::vector<Effect> effects_;
};

}  // namespace podramp
