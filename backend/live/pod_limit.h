// --max-pods: how many pods a run has in the cluster at once, as far as it knows, and whether one more may be asked
// for. A refusal looks like a quota's, so that the backend takes it as one. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "backend/port/api.h"

namespace podramp::live {

class PodLimit {
 public:
  explicit PodLimit(std::int64_t max) : max_(max) {}  // 0: no limit

  // The request is about to go out. A reply when it must not: 403, as of an exceeded quota.
  std::optional<ApiReply> refuse(std::uint32_t app, const ApiRequest& request);
  void on_reply(std::uint32_t app, const ApiRequest& request, const ApiReply& reply);
  void on_event(std::uint32_t app, const WatchEvent& event);
  // whole: of all of this application's pods that are not finished, taken at its resource version.
  void on_list(std::uint32_t app, const ApiReply& reply, bool whole);
  std::int64_t pods() const;

 private:
  std::int64_t max_;
  // By application and "namespace/name": its version, 0 until it is known.
  std::map<std::pair<std::uint32_t, std::string>, std::uint64_t> pods_;
  std::map<std::string, std::int64_t> replicas_;  // of sets, by kind and name
};

}  // namespace podramp::live
