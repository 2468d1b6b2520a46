#include "backend/port/random.h"

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include "backend/port/status.h"

namespace podramp {
namespace {

// The finaliser of splitmix64: every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

Draw::Draw(std::uint64_t seed, std::string_view stream, std::string_view key, std::uint64_t ordinal)
    : state_(mix(mix(mix(mix(seed) ^ hash_text(stream)) ^ hash_text(key)) ^ ordinal)) {}

Draw::result_type Draw::operator()() {
  state_ += 0x9e3779b97f4a7c15U;
  return mix(state_);
}

std::int64_t Draw::uniform(std::int64_t low, std::int64_t high) {
  CHECK(low <= high);
  return boost::random::uniform_int_distribution<std::int64_t>(low, high)(*this);
}

bool Draw::chance(std::int64_t numerator, std::int64_t denominator) {
  CHECK(numerator >= 0 && denominator > 0);
  return uniform(0, denominator - 1) < numerator;
}

double Draw::normal() { return boost::random::normal_distribution<double>()(*this); }

}  // namespace podramp
