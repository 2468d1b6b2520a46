// A visitor of a std::variant made of one lambda for each alternative.
#pragma once

namespace podramp {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 14 does not deduce it

}  // namespace podramp
