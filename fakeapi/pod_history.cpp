#include "fakeapi/pod_history.h"

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

constexpr std::size_t kHistoryMin = 100;  // K19: kept however old

std::string key_of_object(const Pod& pod) { return pod_key(pod); }
std::string key_of_object(const Manifest& object) { return object_key(object); }

}  // namespace

template <class Object>
void History<Object>::remember(Version<Object> version, const ClusterProfile& profile) {
  const TimeUs now = version.at_us;
  versions_.push_back(std::move(version));
  const auto most = static_cast<std::size_t>(profile.watch_history_max);
  while (versions_.size() > most ||
         (versions_.size() > kHistoryMin && versions_.front().at_us + profile.watch_history_us < now)) {
    forgotten_rv_ = versions_[1].rv - 1;  // as the server says it: one before the oldest that it can deliver
    versions_.pop_front();
  }
}

template <class Object>
typename History<Object>::Versions::const_iterator History<Object>::after(std::uint64_t rv) const {
  return std::ranges::upper_bound(versions_, rv, {}, &Version<Object>::rv);
}

template <class Object>
std::uint64_t History<Object>::version_at(TimeUs instant) const {
  const auto later = std::ranges::upper_bound(versions_, instant, {}, &Version<Object>::at_us);
  return later == versions_.begin() ? forgotten_rv_ : std::prev(later)->rv;
}

template <class Object>
typename History<Object>::ByName History<Object>::undone(std::uint64_t rv) const {
  ByName objects;
  const auto first = after(rv);
  for (auto it = versions_.end(); it != first;) {
    --it;
    objects[key_of_object(it->before != nullptr ? *it->before : *it->after)] = it->before;
  }
  return objects;
}

template class History<Pod>;
template class History<Manifest>;

}  // namespace podramp::fakeapi
