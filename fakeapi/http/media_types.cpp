#include "fakeapi/http/media_types.h"

#include <algorithm>

namespace podramp::fakeapi::rest {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_json(const MediaType& media) {
  return media.type == "application/json" || media.type == "*/*" || media.type == "application/*";
}

}  // namespace

std::vector<MediaType> parse_media_types(std::string_view text) {
  std::vector<MediaType> all;
  for (const std::string_view one : split(text, ',')) {
    const auto parts = split(one, ';');
    if (parts.front().empty()) continue;
    MediaType media;
    media.type = std::string(parts.front());
    std::ranges::transform(media.type, media.type.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    for (const std::string_view part : parts) {
      if (part.starts_with("as=")) media.as = std::string(part.substr(3));
      if (part.starts_with("v=")) media.version = std::string(part.substr(2));
      if (part.starts_with("g=")) media.group = std::string(part.substr(2));
    }
    all.push_back(std::move(media));
  }
  return all;
}

std::optional<AcceptedForm> accepted_form(const http::Headers& headers) {
  const auto accept = http::find_header(headers, "accept");
  if (!accept || trim(*accept).empty()) return AcceptedForm{};
  for (const MediaType& media : parse_media_types(*accept)) {
    if (!is_json(media)) continue;
    if (media.as.empty()) return AcceptedForm{};
    const bool meta = media.group == "meta.k8s.io" && (media.version == "v1" || media.version == "v1beta1");
    if (meta && media.as == "Table") return AcceptedForm{Form::table, media.version};
    if (meta && media.as.starts_with("PartialObjectMetadata")) return AcceptedForm{Form::metadata, media.version};
  }
  return std::nullopt;
}

std::string accepted_discovery(const http::Headers& headers) {
  const auto accept = http::find_header(headers, "accept");
  if (!accept) return "";
  for (const MediaType& media : parse_media_types(*accept)) {
    if (!is_json(media)) continue;
    const bool known = media.version == "v2" || media.version == "v2beta1";
    if (media.as == "APIGroupDiscoveryList" && media.group == "apidiscovery.k8s.io" && known) return media.version;
    if (media.as.empty()) return "";
  }
  return "";
}

BodyType body_type(const http::Headers& headers) {
  const auto header = http::find_header(headers, "content-type");
  const auto all = parse_media_types(header.value_or("application/json"));
  const std::string type = all.empty() ? "application/json" : all.front().type;
  if (type == "application/json") return BodyType::json_text;
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml") return BodyType::yaml_text;
  if (type == "application/vnd.kubernetes.protobuf") return BodyType::protobuf;
  if (type == "application/cbor" || type == "application/apply-patch+cbor") return BodyType::cbor;
  if (type == "application/merge-patch+json") return BodyType::merge_patch;
  if (type == "application/json-patch+json") return BodyType::json_patch;
  if (type == "application/strategic-merge-patch+json") return BodyType::strategic_patch;
  if (type == "application/apply-patch+yaml") return BodyType::apply_patch;
  return BodyType::unknown;
}

}  // namespace podramp::fakeapi::rest
