#include "fakeapi/pod_history.h"

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr std::size_t kHistoryMin = 100;  // K19: kept however old

}  // namespace

void PodHistory::remember(PodVersion version, const ClusterProfile& profile) {
  const TimeUs now = version.at_us;
  versions_.push_back(std::move(version));
  const auto most = static_cast<std::size_t>(profile.watch_history_max);
  while (versions_.size() > most ||
         (versions_.size() > kHistoryMin && versions_.front().at_us + profile.watch_history_us < now)) {
    forgotten_rv_ = versions_[1].rv - 1;  // as the server says it: one before the oldest that it can deliver
    versions_.pop_front();
  }
}

PodHistory::Versions::const_iterator PodHistory::after(std::uint64_t rv) const {
  return std::ranges::upper_bound(versions_, rv, {}, &PodVersion::rv);
}

std::uint64_t PodHistory::version_at(TimeUs instant) const {
  const auto later = std::ranges::upper_bound(versions_, instant, {}, &PodVersion::at_us);
  return later == versions_.begin() ? forgotten_rv_ : std::prev(later)->rv;
}

std::map<std::string, PodPtr, std::less<>> PodHistory::undone(std::uint64_t rv) const {
  std::map<std::string, PodPtr, std::less<>> pods;
  const auto first = after(rv);
  for (auto it = versions_.end(); it != first;) {
    --it;
    pods[pod_key(it->before != nullptr ? *it->before : *it->after)] = it->before;
  }
  return pods;
}

}  // namespace podramp::fakeapi
