#include "fakeapi/image_layers.h"

namespace podramp::fakeapi {

ImageLayers::ImageLayers(const ClusterConfig& config) {
  for (const ImageSpec& image : config.images) by_name_.emplace(image.name, &image);
}

const ImageSpec* ImageLayers::find(std::string_view image) const {
  const auto it = by_name_.find(image);
  return it == by_name_.end() ? nullptr : it->second;
}

std::int64_t ImageLayers::size(std::string_view image) const {
  const ImageSpec* spec = find(image);
  return spec == nullptr ? 0 : spec->bytes;
}

std::int64_t ImageLayers::missing(std::string_view image, const std::set<std::string>& present) const {
  const ImageSpec* spec = find(image);
  if (spec == nullptr || spec->layers.empty()) return size(image);
  std::set<std::string_view> here;
  for (const std::string& name : present) {
    if (const ImageSpec* other = find(name)) {
      for (const LayerSpec& layer : other->layers) here.insert(layer.digest);
    }
  }
  std::int64_t bytes = 0;
  for (const LayerSpec& layer : spec->layers) {
    if (here.insert(layer.digest).second) bytes += layer.bytes;
  }
  return bytes;
}

std::int64_t ImageLayers::on_disk(const std::set<std::string>& present) const {
  std::set<std::string_view> seen;
  std::int64_t bytes = 0;
  for (const std::string& name : present) {
    const ImageSpec* spec = find(name);
    if (spec == nullptr) continue;
    if (spec->layers.empty()) bytes += spec->bytes;
    for (const LayerSpec& layer : spec->layers) {
      if (seen.insert(layer.digest).second) bytes += layer.bytes;
    }
  }
  return bytes;
}

}  // namespace podramp::fakeapi
