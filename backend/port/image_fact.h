// Facts of images on nodes: pulls that start and end, images that are removed. Next: fact.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/time.h"

namespace podramp::fact {

// A node starts (attempt counts from 1) to pull an image, after it has waited for its turn (K60).
struct PullStarted {
  static constexpr std::string_view kType = "fact.pull_started";
  std::string node;
  std::string image;
  std::string pod;
  std::int64_t bytes = 0;
  int attempt = 1;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("image", self.image);
    visit("pod", self.pod);
    visit("bytes", self.bytes);
    visit("attempt", self.attempt);
  }
};

// The image is on the node now.
struct PullFinished {
  static constexpr std::string_view kType = "fact.pull_finished";
  std::string node;
  std::string image;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("image", self.image);
  }
};

struct PullFailed {
  static constexpr std::string_view kType = "fact.pull_failed";
  std::string node;
  std::string image;
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("image", self.image);
    visit("why", self.why);
  }
};

// The kubelet's garbage collection removes an unused image; so much was its size. K65
struct ImageRemoved {
  static constexpr std::string_view kType = "fact.image_removed";
  std::string node;
  std::string image;
  std::int64_t bytes = 0;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("image", self.image);
    visit("bytes", self.bytes);
  }
};

}  // namespace podramp::fact
