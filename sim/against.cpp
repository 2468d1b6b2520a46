#include "sim/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace podramp::sim {
namespace {

std::vector<DriverCall> of_verb(const std::vector<DriverCall>& calls, bool creates) {
  std::vector<DriverCall> found;
  std::ranges::copy_if(calls, std::back_inserter(found),
                       [&](const DriverCall& call) { return (call.verb == DriverVerb::create) == creates; });
  return found;
}

std::vector<std::string> words_of(const std::vector<DriverCall>& calls) {
  std::vector<std::string> words;
  for (const DriverCall& call : calls) words.push_back(to_words(call));
  return words;
}

// Refusals at the end, which go on until the driver ends: how many come is a matter of time.
std::vector<DriverCall> without_last_refusals(std::vector<DriverCall> creates) {
  while (!creates.empty() && creates.back().code >= 400) creates.pop_back();
  return creates;
}

std::vector<DriverCall> first_calls(std::vector<DriverCall> calls, std::size_t n) {
  calls.resize(std::min(calls.size(), n));
  return calls;
}

// Of both lists of creates as many of the last refusals as both have.
void trim_refusals(std::vector<DriverCall>& ours, std::vector<DriverCall>& theirs) {
  const std::size_t solid = std::max(without_last_refusals(ours).size(), without_last_refusals(theirs).size());
  const std::size_t both = std::max(solid, std::min(ours.size(), theirs.size()));
  ours = first_calls(std::move(ours), both);
  theirs = first_calls(std::move(theirs), both);
}

// The first delete of each executor's pod: how often a pod that is gone is deleted again depends on how many of its
// changes a driver finds in one look.
std::vector<DriverCall> first_deletes(const std::vector<DriverCall>& calls) {
  std::set<std::int64_t> seen;
  std::vector<DriverCall> first;
  for (const DriverCall& call : of_verb(calls, false)) {
    if (call.executor == 0 || seen.insert(call.executor).second) first.push_back(call);
  }
  return first;
}

Aligned align(std::string what, std::vector<std::string> ours, std::vector<std::string> theirs) {
  Aligned aligned{std::move(what), ours.size(), theirs.size(), {}, "nothing more", "nothing more", false};
  const auto [a, b] = std::ranges::mismatch(ours, theirs);
  if (a == ours.end() && b == theirs.end()) return aligned;
  aligned.parts_at = static_cast<std::size_t>(a - ours.begin());
  if (a != ours.end()) aligned.our_word = *a;
  if (b != theirs.end()) aligned.their_word = *b;
  std::ranges::sort(ours);
  std::ranges::sort(theirs);
  aligned.only_order = ours == theirs;
  return aligned;
}

// The indexes of creates that begin a round.
std::vector<std::size_t> round_begins(const std::vector<DriverCall>& creates, DurationUs delay_us) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < creates.size(); ++i) {
    if (i == 0 || (i > 1 && creates[i].at - creates[i - 1].answered >= delay_us / 2)) begins.push_back(i);
  }
  return begins;
}

DurationUs median_gap(const std::vector<DriverCall>& creates, DurationUs delay_us) {
  std::vector<DurationUs> gaps;
  for (const std::size_t begin : round_begins(creates, delay_us)) {
    if (begin > 0) gaps.push_back(creates[begin].at - creates[begin - 1].answered);
  }
  if (gaps.empty()) return 0;
  std::ranges::nth_element(gaps, gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2));
  return gaps[gaps.size() / 2];
}

}  // namespace

bool Verdict::same() const {
  return std::ranges::none_of(parts, [](const Aligned& part) {
    const bool deletes = part.what == "deletes";  // which process ends first is chance
    return part.parts_at && !(deletes && part.only_order);
  });
}

std::vector<std::int64_t> rounds_of(const std::vector<DriverCall>& calls, DurationUs delay_us) {
  const std::vector<DriverCall> creates = of_verb(calls, true);
  std::vector<std::size_t> begins = round_begins(creates, delay_us);
  begins.push_back(creates.size());
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    sizes.push_back(static_cast<std::int64_t>(begins[i + 1] - begins[i]));
  }
  return sizes;
}

Verdict lay_against(const std::vector<DriverCall>& ours, const std::vector<DriverCall>& theirs, DurationUs delay_us) {
  std::vector<DriverCall> our_creates = of_verb(ours, true);
  std::vector<DriverCall> their_creates = of_verb(theirs, true);
  trim_refusals(our_creates, their_creates);
  const auto rounds = [&](const std::vector<DriverCall>& creates) {
    std::vector<std::string> words;
    for (const std::int64_t size : rounds_of(creates, delay_us)) words.push_back(fmt::format("{} executors", size));
    return words;
  };
  Verdict verdict;
  verdict.parts.push_back(align("creates", words_of(our_creates), words_of(their_creates)));
  verdict.parts.push_back(align("rounds", rounds(our_creates), rounds(their_creates)));
  verdict.parts.push_back(align("deletes", words_of(first_deletes(ours)), words_of(first_deletes(theirs))));
  verdict.our_repeats = of_verb(ours, false).size() - first_deletes(ours).size();
  verdict.their_repeats = of_verb(theirs, false).size() - first_deletes(theirs).size();
  verdict.our_gap_us = median_gap(our_creates, delay_us);
  verdict.their_gap_us = median_gap(their_creates, delay_us);
  return verdict;
}

}  // namespace podramp::sim
