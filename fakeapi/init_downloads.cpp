#include "fakeapi/init_downloads.h"

#include <algorithm>

namespace podramp::fakeapi {

InitDownloads::InitDownloads(Context& context) : context_(context) {
  if (context.config().init_downloads.empty()) return;
  const auto& nodes = context.config().nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) node_index_.emplace(nodes[i].node.name, i);
}

const InitDownloadSpec* InitDownloads::of(std::string_view container) const {
  const auto& specs = context_.config().init_downloads;
  const auto spec = std::ranges::find(specs, container, &InitDownloadSpec::container);
  return spec == specs.end() ? nullptr : &*spec;
}

void InitDownloads::start(PodId pod, const std::string& node, const InitDownloadSpec& spec, Seq cause) {
  const PullId pull = ++last_;
  running_.emplace(pull, pod);
  of_pod_.emplace(pod, pull);
  context_.send(context_.now(), cause, from::StartPull{pull, spec.registry, node_index_.at(node), spec.bytes});
}

void InitDownloads::cancel(PodId pod, Seq cause) {
  const auto it = of_pod_.find(pod);
  if (it == of_pod_.end()) return;
  context_.send(context_.now(), cause, from::CancelPull{it->second});
  running_.erase(it->second);
  of_pod_.erase(it);
}

bool InitDownloads::ended(PullId pull, bool ok, Seq cause) {
  if (pull <= PullId{1} << 61U) return false;
  const auto it = running_.find(pull);
  if (it == running_.end()) return true;  // given up meanwhile
  const PodId pod = it->second;
  running_.erase(it);
  of_pod_.erase(pod);
  if (listener_) listener_(pod, ok, cause);
  return true;
}

}  // namespace podramp::fakeapi
