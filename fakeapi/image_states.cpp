#include "fakeapi/image_states.h"

#include <algorithm>

#include "fakeapi/node_scores.h"
#include "fakeapi/template_cache.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kStatusPeriodUs = 10 * kSecondUs;  // the kubelet's nodeStatusUpdateFrequency

std::int64_t containers_of(const SharedTemplate& tmpl) {
  return static_cast<std::int64_t>(tmpl.init_containers.size() + tmpl.containers.size());
}

}  // namespace

ImageStates::ImageStates(Context& context) : context_(context) {
  for (const ImageSpec& image : context_.config().images) {
    if (image.bytes == 0) continue;
    by_name_.emplace(image.name, images_.size());
    images_.push_back({image.bytes, 0, {}});
  }
}

void ImageStates::put(NodeIndex node, std::size_t image) {
  Image& here = images_[image];
  if (here.on.size() <= node) here.on.resize(node + 1, false);
  if (here.on[node]) return;
  here.on[node] = true;
  ++here.nodes;
}

void ImageStates::node_added(NodeIndex node, const std::vector<std::string>& images) {
  for (const std::string& name : images) {
    if (const auto it = by_name_.find(name); it != by_name_.end()) put(node, it->second);
  }
}

void ImageStates::node_gone(NodeIndex node) {
  if (rounds_.size() <= node) rounds_.resize(node + 1, 0);
  ++rounds_[node];
  for (std::size_t image = 0; image < images_.size(); ++image) take_out(node, image);
}

void ImageStates::take_out(NodeIndex node, std::size_t image) {
  Image& here = images_[image];
  if (node >= here.on.size() || !here.on[node]) return;
  here.on[node] = false;
  --here.nodes;
}

void ImageStates::changed(NodeIndex node, const std::string& name, const std::string& image, bool present) {
  const auto it = by_name_.find(image);
  if (it == by_name_.end()) return;
  // Every kubelet has its own grid.
  const DurationUs phase = Draw(context_.seed(), "cluster.node_status", name).uniform(0, kStatusPeriodUs - 1);
  const TimeUs at = round_up(context_.now() + kStatusPeriodUs - phase, kStatusPeriodUs) - kStatusPeriodUs + phase;
  if (rounds_.size() <= node) rounds_.resize(node + 1, 0);
  reports_.push({at, ++orders_, node, rounds_[node], it->second, present});
}

void ImageStates::take_reports() {
  while (!reports_.empty() && reports_.top().at <= context_.now()) {
    const Report report = reports_.top();
    reports_.pop();
    if (report.round != rounds_[report.node]) continue;
    if (report.present) {
      put(report.node, report.image);
    } else {
      take_out(report.node, report.image);
    }
  }
}

const std::vector<std::size_t>& ImageStates::images_of(const SharedTemplate& tmpl) {
  if (of_template_.size() >= kTemplatesMax) of_template_.clear();
  const auto [it, fresh] = of_template_.try_emplace(tmpl.hash);
  if (!fresh) return it->second;
  for (const auto* containers : {&tmpl.init_containers, &tmpl.containers}) {
    for (const Container& c : *containers) {
      if (const auto known = by_name_.find(c.image); known != by_name_.end()) it->second.push_back(known->second);
    }
  }
  return it->second;
}

bool ImageStates::matter_to(const SharedTemplate& tmpl) {
  if (images_.empty()) return false;
  take_reports();
  std::int64_t most = 0;
  for (const std::size_t image : images_of(tmpl)) most += images_[image].nodes > 0 ? images_[image].bytes : 0;
  return image_score(most, containers_of(tmpl)) > 0;
}

std::vector<std::int64_t> ImageStates::score(const SharedTemplate& tmpl, const std::vector<NodeIndex>& nodes,
                                             std::size_t all) {
  __extension__ using Wide = __int128;
  std::vector<std::int64_t> sums(nodes.size(), 0);
  for (const std::size_t index : images_of(tmpl)) {
    const Image& image = images_[index];
    const auto scaled = static_cast<std::int64_t>(Wide{image.bytes} * image.nodes / static_cast<std::int64_t>(all));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i] < image.on.size() && image.on[nodes[i]]) sums[i] += scaled;
    }
  }
  for (std::int64_t& sum : sums) sum = image_score(sum, containers_of(tmpl));
  return sums;
}

}  // namespace podramp::fakeapi
