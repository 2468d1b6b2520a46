#include "fakeapi/image_gc.h"

#include <algorithm>
#include <tuple>

namespace podramp::fakeapi {
namespace {

// The kubelet's defaults: imageGCHighThresholdPercent, imageGCLowThresholdPercent, imageMinimumGCAge, and its period.
constexpr int kHighPercent = 85;
constexpr int kLowPercent = 80;
constexpr DurationUs kMinimumAgeUs = 2 * kMinuteUs;
constexpr DurationUs kLookPeriodUs = 5 * kMinuteUs;

}  // namespace

ImageGc::ImageGc(Context& context) : context_(context), layers_(context.config()) {
  const auto& nodes = context.config().nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].image_disk_bytes > 0) indexes_.emplace(nodes[i].node.name, i);
  }
}

// --- looks -----------------------------------------------------------------------------------------------------

TimeUs ImageGc::look_from(const Disk& disk, TimeUs t) {
  return round_up(t + kLookPeriodUs - disk.phase, kLookPeriodUs) - kLookPeriodUs + disk.phase;
}

TimeUs ImageGc::look_until(const Disk& disk, TimeUs t) {
  const TimeUs next = look_from(disk, t);
  return next == t ? t : next - kLookPeriodUs;
}

void ImageGc::arm_if_full(const std::string& node, Disk& disk, TimeUs from, Seq cause) {
  if (disk.armed || !is_full(node, disk)) return;
  disk.armed = true;
  context_.timer(look_from(disk, from), cause, {Part::image_gc, 0, disk.node, 0});
}

std::int64_t ImageGc::available(const std::string& node, const Disk& disk) const {
  return std::max<std::int64_t>(disk.bytes - layers_.on_disk(context_.state().find_node(node)->images), 0);
}

bool ImageGc::is_full(const std::string& node, const Disk& disk) const {
  return 100 - available(node, disk) * 100 / disk.bytes >= kHighPercent;
}

// --- facts and timers ------------------------------------------------------------------------------------------

void ImageGc::on_fact(const Fact& fact, Seq seq) {
  if (indexes_.empty()) return;
  if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    node_added(added->node, seq);
  } else if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    if (const auto it = disks_.find(gone->node); it != disks_.end()) disks_.erase(it);
  } else if (const auto* back = std::get_if<fact::NodeReturned>(&fact)) {
    if (Disk* disk = find(back->node)) arm_if_full(back->node, *disk, context_.now(), seq);
  } else if (const auto* pulled = std::get_if<fact::PullFinished>(&fact)) {
    Disk* disk = find(pulled->node);
    if (disk == nullptr) return;
    disk->images[pulled->image] = {look_from(*disk, context_.now()), kLongBefore};
    arm_if_full(pulled->node, *disk, context_.now(), seq);
  } else if (const auto* removed = std::get_if<fact::ImageRemoved>(&fact)) {
    if (Disk* disk = find(removed->node)) disk->images.erase(removed->image);
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    pod_gone(*context_.state().last_change().before, seq);
  }
}

void ImageGc::node_added(const Node& node, Seq seq) {
  const auto index = indexes_.find(node.name);
  if (index == indexes_.end()) return;
  Disk& disk = disks_[node.name];
  disk = {index->second,
          context_.config().nodes[index->second].image_disk_bytes,
          Draw(context_.seed(), "cluster.image_gc", node.name).uniform(0, kLookPeriodUs - 1),
          false,
          {}};
  for (const std::string& image : node.images) disk.images[image] = {kLongBefore, kLongBefore};
  arm_if_full(node.name, disk, context_.now(), seq);
}

// Its containers go with it, dead ones too.
void ImageGc::pod_gone(const Pod& pod, Seq seq) {
  Disk* disk = find(pod.node);
  if (disk == nullptr) return;
  const TimeUs look = look_until(*disk, context_.now());
  for (const auto* containers : {&pod.tmpl->init_containers, &pod.tmpl->containers}) {
    for (const Container& c : *containers) {
      const auto image = disk->images.find(c.image);
      if (image != disk->images.end() && look >= pod.created_us) image->second.used_us = look;
    }
  }
  arm_if_full(pod.node, *disk, context_.now(), seq);
}

void ImageGc::on_timer(const ClusterTimer& timer, Seq cause) {
  const std::string& node = context_.config().nodes[timer.index].node.name;
  Disk* disk = find(node);
  if (disk == nullptr) return;
  disk->armed = false;
  if (!context_.state().find_node(node)->silent && is_full(node, *disk)) collect(node, *disk, cause);
}

// As the kubelet counts: an image frees its whole size, though another may keep some of its layers.
void ImageGc::collect(const std::string& node, Disk& disk, Seq cause) {
  using Candidate = std::tuple<TimeUs, TimeUs, std::string>;  // used, detected, name: in the order of their going
  std::vector<Candidate> candidates;
  bool young = false;
  const std::set<std::string_view> used = in_use(node);
  for (const auto& [name, image] : disk.images) {
    if (used.contains(name) || layers_.size(name) == 0) continue;
    const bool old = image.detected_us == kLongBefore || context_.now() - image.detected_us >= kMinimumAgeUs;
    if (old) candidates.emplace_back(image.used_us, image.detected_us, name);
    young = young || !old;
  }
  std::ranges::sort(candidates);
  std::int64_t to_free = disk.bytes * (100 - kLowPercent) / 100 - available(node, disk);
  for (const auto& [used_us, detected_us, name] : candidates) {
    if (to_free <= 0) break;
    to_free -= layers_.size(name);
    context_.emit("kubelet", cause, fact::ImageRemoved{node, name, layers_.size(name)});
  }
  if (young || to_free <= 0) arm_if_full(node, disk, context_.now() + 1, cause);
}

std::set<std::string_view> ImageGc::in_use(const std::string& node) const {
  std::set<std::string_view> images;
  for (const PodId id : context_.state().find_node(node)->pods) {
    const PodTemplate& tmpl = *context_.state().find_pod(id)->pod->tmpl;
    for (const auto* containers : {&tmpl.init_containers, &tmpl.containers}) {
      for (const Container& c : *containers) images.insert(c.image);
    }
  }
  return images;
}

ImageGc::Disk* ImageGc::find(std::string_view node) {
  const auto it = disks_.find(node);
  return it == disks_.end() ? nullptr : &it->second;
}

}  // namespace podramp::fakeapi
