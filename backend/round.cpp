#include "backend/round.h"

#include <algorithm>
#include <tuple>

namespace podramp::backend {
namespace {

auto as_tuple(const ProfileReport& p) {
  return std::tie(p.profile, p.target, p.running, p.pending_known, p.pending_unknown, p.new_unknown, p.new_known,
                  p.have, p.excess_deleted, p.asked, p.created, p.limited_by);
}

bool same_profile(const ProfileReport& a, const ProfileReport& b) { return as_tuple(a) == as_tuple(b); }

}  // namespace

Limit limit_of(const Round& round, const ProfileRound& profile) {
  if (profile.report.have >= profile.report.target) return Limit::none;
  if (profile.gated) return Limit::unacknowledged;
  if (profile.failed_by != Limit::none) return profile.failed_by;
  if (profile.report.created < profile.allowed.count) return round.aborted_by;
  return profile.allowed.limited_by;
}

out::RoundDone report_of(const Round& round, std::int64_t outstanding) {
  out::RoundDone report;
  report.round = round.number;
  report.trigger = round.trigger;
  report.started_us = round.started_us;
  report.snapshots = round.snapshots;
  report.timed_out = static_cast<std::int64_t>(round.timed_out.size());
  report.slots = round.slots;
  report.outstanding = outstanding;
  report.aborted = round.aborted;
  for (const ProfileRound& profile : round.profiles) {
    report.profiles.push_back(profile.report);
    report.profiles.back().limited_by = limit_of(round, profile);
  }
  return report;
}

bool says_the_same(const out::RoundDone& a, const out::RoundDone& b) {
  return std::tie(a.timed_out, a.slots, a.outstanding, a.aborted) ==
             std::tie(b.timed_out, b.slots, b.outstanding, b.aborted) &&
         std::equal(a.profiles.begin(), a.profiles.end(), b.profiles.begin(), b.profiles.end(), same_profile);
}

bool any_limited(const out::RoundDone& report) {
  return !report.aborted.empty() || std::any_of(report.profiles.begin(), report.profiles.end(),
                                                [](const auto& profile) { return profile.limited_by != Limit::none; });
}

}  // namespace podramp::backend
