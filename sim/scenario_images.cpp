// Registries, their mirrors, images with their layers, and what init containers fetch, read and written.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

std::vector<std::string> registry_names(const fakeapi::ClusterConfig& cluster) {
  std::vector<std::string> names;
  for (const auto& registry : cluster.registries) names.push_back(registry.name);
  return names;
}

// The index of the registry of that name; absent, and an error, when there is none.
std::optional<int> registry_index(ObjectReader& reader, std::string_view key, const std::string& name,
                                  const std::vector<std::string>& names) {
  const auto at = std::ranges::find(names, name);
  if (at != names.end()) return static_cast<int>(at - names.begin());
  reader.error(key, fmt::format("unknown registry \"{}\"{}", name, did_you_mean(name, names)));
  return std::nullopt;
}

// A mirror may stand further down than the registry that it is one of.
void read_mirrors(ReadState& state, ObjectReader& cluster) {
  auto& registries = state.scenario.cluster.registries;
  const auto names = registry_names(state.scenario.cluster);
  std::size_t index = 0;
  cluster.each_item("registries", [&](const JsonValue& value, const std::string& path) {
    const auto own = static_cast<int>(index++);
    if (value.kind != JsonKind::object || value.find("mirrors") == nullptr) return;
    ObjectReader reader(state.reading, value, path);
    auto& mirrors = registries[static_cast<std::size_t>(own)].mirrors;
    for (const std::string& name : reader.texts("mirrors")) {
      const auto mirror = registry_index(reader, "mirrors", name, names);
      if (!mirror) continue;
      if (*mirror == own) {
        reader.error("mirrors", "a registry is no mirror of itself");
      } else if (std::ranges::find(mirrors, *mirror) != mirrors.end()) {
        reader.error("mirrors", fmt::format("\"{}\" is given twice", name));
      } else {
        mirrors.push_back(*mirror);
      }
    }
  });
}

void read_registries(ReadState& state, ObjectReader& cluster) {
  if (cluster.find("registries") == nullptr) return;
  auto& registries = state.scenario.cluster.registries;
  registries.clear();
  cluster.each_item("registries", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::RegistrySpec registry;
    if (reader.require("name", registry.name, as_image)) {
      const auto names = registry_names(state.scenario.cluster);
      if (std::ranges::find(names, registry.name) != names.end())
        reader.error("name", "a registry of that name is there already");
    }
    reader.read("bandwidth", registry.bytes_per_s, as_bandwidth);
    std::int64_t concurrent = registry.concurrent_max;
    reader.read("concurrent", concurrent, whole_between(0, 1'000'000));
    registry.concurrent_max = static_cast<int>(concurrent);
    reader.find("mirrors");
    reader.find("zone");  // read_zones, which knows the nodes
    reader.finish();
    registries.push_back(std::move(registry));
  });
  if (registries.empty()) cluster.error("registries", "must name at least one registry");
  read_mirrors(state, cluster);
}

using LayerSizes = std::map<std::string, std::int64_t, std::less<>>;

// known: the layers of the images before, too.
void read_layers(ReadState& state, ObjectReader& image, LayerSizes& known, fakeapi::ImageSpec& into) {
  image.each_item("layers", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::LayerSpec layer;
    reader.require("digest", layer.digest, as_image);
    reader.require("size", layer.bytes, as_bytes);
    reader.finish();
    const auto [at, fresh] = known.try_emplace(layer.digest, layer.bytes);
    if (!fresh && at->second != layer.bytes) {
      reader.error("size", fmt::format("the layer \"{}\" has the size {} in another place", layer.digest,
                                       format_bytes(at->second)));
    }
    if (std::ranges::find(into.layers, layer.digest, &fakeapi::LayerSpec::digest) != into.layers.end()) {
      reader.error("digest", fmt::format("the image has the layer \"{}\" already", layer.digest));
    }
    into.bytes += layer.bytes;
    into.layers.push_back(std::move(layer));
  });
  if (into.layers.empty()) image.error("layers", "needs at least one layer");
}

void read_images_of(ReadState& state, ObjectReader& cluster) {
  auto& images = state.scenario.cluster.images;
  const auto registries = registry_names(state.scenario.cluster);
  LayerSizes layers;
  cluster.each_item("images", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::ImageSpec image;
    if (reader.require("name", image.name, as_image) &&
        std::ranges::find(images, image.name, &fakeapi::ImageSpec::name) != images.end()) {
      reader.error("name", fmt::format("the image \"{}\" is there already", image.name));
    }
    if (reader.has("layers")) {
      if (reader.find("size") != nullptr) reader.error("size", "does not go together with layers: it is their sum");
      read_layers(state, reader, layers, image);
    } else {
      reader.require("size", image.bytes, as_bytes);
      reader.find("layers");
    }
    std::string registry;
    if (reader.read("registry", registry, as_text)) {
      image.registry = registry_index(reader, "registry", registry, registries).value_or(0);
    }
    reader.finish();
    images.push_back(std::move(image));
  });
}

void read_init_downloads(ReadState& state, ObjectReader& cluster) {
  auto& downloads = state.scenario.cluster.init_downloads;
  const auto registries = registry_names(state.scenario.cluster);
  cluster.each_item("init_downloads", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::InitDownloadSpec download;
    if (reader.require("container", download.container, as_dns_label) &&
        std::ranges::find(downloads, download.container, &fakeapi::InitDownloadSpec::container) != downloads.end()) {
      reader.error("container", fmt::format("the container \"{}\" is there already", download.container));
    }
    reader.require("bytes", download.bytes, as_bytes);
    std::string registry;
    if (reader.read("registry", registry, as_text)) {
      download.registry = registry_index(reader, "registry", registry, registries).value_or(0);
    }
    reader.finish();
    downloads.push_back(std::move(download));
  });
}

}  // namespace

void read_images(ReadState& state, ObjectReader& cluster) {
  read_registries(state, cluster);
  read_images_of(state, cluster);
  read_init_downloads(state, cluster);
}

void write_images(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster) {
  using Json = nlohmann::ordered_json;
  const auto name_of = [&](int registry) { return config.registries.at(static_cast<std::size_t>(registry)).name; };
  for (const auto& registry : config.registries) {
    Json entry{{"name", registry.name},
               {"bandwidth", format_bandwidth(registry.bytes_per_s)},
               {"concurrent", registry.concurrent_max}};
    for (const int mirror : registry.mirrors) entry["mirrors"].push_back(name_of(mirror));
    if (!registry.zone.empty()) entry["zone"] = registry.zone;
    cluster["registries"].push_back(std::move(entry));
  }
  for (const auto& image : config.images) {
    Json entry{{"name", image.name}};
    if (image.layers.empty()) entry["size"] = format_bytes(image.bytes);
    for (const fakeapi::LayerSpec& layer : image.layers) {
      entry["layers"].push_back(Json{{"digest", layer.digest}, {"size", format_bytes(layer.bytes)}});
    }
    entry["registry"] = name_of(image.registry);
    cluster["images"].push_back(std::move(entry));
  }
  for (const auto& download : config.init_downloads) {
    cluster["init_downloads"].push_back(Json{{"container", download.container},
                                             {"bytes", format_bytes(download.bytes)},
                                             {"registry", name_of(download.registry)}});
  }
}

}  // namespace podramp::sim
