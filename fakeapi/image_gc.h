// The kubelets' garbage collection of images: every five minutes, on a node whose image disk is 85 % full or more,
// unused images go, the least recently used first, until 80 % would do (docs/behaviour.md, "Physics: images"). A node
// without an image disk is never looked at, and one with room costs no events. Next: image_layers.h for the sizes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/image_layers.h"

namespace podramp::fakeapi {

class ImageGc {
 public:
  explicit ImageGc(Context& context);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  static constexpr TimeUs kLongBefore = -1;
  struct Image {
    TimeUs detected_us = 0;        // the first look that saw it
    TimeUs used_us = kLongBefore;  // the last look that saw it in use
  };
  struct Disk {
    std::uint32_t node = 0;  // index in the configuration
    std::int64_t bytes = 0;
    DurationUs phase = 0;  // of the kubelet's looks
    bool armed = false;
    std::map<std::string, Image> images;
  };

  void node_added(const Node& node, Seq seq);
  void pod_gone(const Pod& pod, Seq seq);
  Disk* find(std::string_view node);
  std::int64_t available(const std::string& node, const Disk& disk) const;
  bool is_full(const std::string& node, const Disk& disk) const;
  void arm_if_full(const std::string& node, Disk& disk, TimeUs from, Seq cause);
  void collect(const std::string& node, Disk& disk, Seq cause);
  std::set<std::string_view> in_use(const std::string& node) const;
  // The look at or after t, the last one at or before it.
  static TimeUs look_from(const Disk& disk, TimeUs t);
  static TimeUs look_until(const Disk& disk, TimeUs t);

  Context& context_;
  ImageLayers layers_;
  std::map<std::string, std::uint32_t, std::less<>> indexes_;  // of configured nodes with an image disk
  std::map<std::string, Disk, std::less<>> disks_;             // of those that are there
};

}  // namespace podramp::fakeapi
