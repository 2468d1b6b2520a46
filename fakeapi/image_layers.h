// The sizes of images on a node: images are made of layers, and a node keeps a layer once, for all images that it is
// in. An image without layers of its own listing shares nothing. An image that is not listed has no size.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "fakeapi/config.h"

namespace podramp::fakeapi {

class ImageLayers {
 public:
  explicit ImageLayers(const ClusterConfig& config);  // which must outlive it

  const ImageSpec* find(std::string_view image) const;  // null: it is not listed
  std::int64_t size(std::string_view image) const;      // of all its layers
  // What of the image a node with these images has still to pull.
  std::int64_t missing(std::string_view image, const std::set<std::string>& present) const;
  // What these images take of the disk together.
  std::int64_t on_disk(const std::set<std::string>& present) const;

 private:
  std::map<std::string_view, const ImageSpec*> by_name_;
};

}  // namespace podramp::fakeapi
