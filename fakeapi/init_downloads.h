// What init containers fetch before the main containers start: an application's dependencies from a staging server or
// a repository (spark-init of the 2.2 fork, or one of a pod template). Which ones, how much and from where is the
// configuration's (ClusterConfig::init_downloads). Moving the bytes is the world's work, as of images; next: kubelet.h.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class InitDownloads {
 public:
  // ok is false when the node went off. Called from ended.
  using Listener = std::function<void(PodId pod, bool ok, Seq cause)>;

  explicit InitDownloads(Context& context);
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  // What an init container of that name fetches; null: nothing.
  const InitDownloadSpec* of(std::string_view container) const;
  // A pod fetches one thing at a time.
  void start(PodId pod, const std::string& node, const InitDownloadSpec& spec, Seq cause);
  // The pod's fetch, if there is one, is given up; its listener hears nothing.
  void cancel(PodId pod, Seq cause);

  // The world's answer to from::StartPull; false when that was somebody else's.
  bool ended(PullId pull, bool ok, Seq cause);

 private:
  Context& context_;
  Listener listener_;
  std::map<std::string, std::uint32_t, std::less<>> node_index_;
  std::map<PullId, PodId> running_;
  std::map<PodId, PullId> of_pod_;
  PullId last_ = PullId{1} << 61U;  // apart from images' pulls
};

}  // namespace podramp::fakeapi
