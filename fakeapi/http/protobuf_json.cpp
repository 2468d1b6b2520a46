#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fakeapi/http/protobuf.h"
#include "fakeapi/http/secrets.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

constexpr int kMessageDepthMax = 16;

enum class Is { text, bytes, whole, flag, message, text_map, bytes_map };
struct MessageField;
using Message = std::vector<MessageField>;
struct MessageField {
  std::uint64_t number;
  std::string_view name;
  Is is = Is::text;
  bool repeated = false;
  const Message* message = nullptr;
};

const Message& metadata_message() {
  static const Message kMetadata{{1, "name"},
                                 {2, "generateName"},
                                 {3, "namespace"},
                                 {5, "uid"},
                                 {6, "resourceVersion"},
                                 {11, "labels", Is::text_map},
                                 {12, "annotations", Is::text_map},
                                 {14, "finalizers", Is::text, true}};
  return kMetadata;
}

const Message* message_of(const std::string& kind) {
  static const Message kPreconditions{{1, "uid"}, {2, "resourceVersion"}};
  static const Message kDeleteOptions{{1, "gracePeriodSeconds", Is::whole},
                                      {2, "preconditions", Is::message, false, &kPreconditions},
                                      {3, "orphanDependents", Is::flag},
                                      {4, "propagationPolicy"},
                                      {5, "dryRun", Is::text, true}};
  static const Message kNamespaceSpec{{1, "finalizers", Is::text, true}};
  static const Message kNamespace{{1, "metadata", Is::message, false, &metadata_message()},
                                  {2, "spec", Is::message, false, &kNamespaceSpec}};
  static const Message kConfigMap{{1, "metadata", Is::message, false, &metadata_message()},
                                  {2, "data", Is::text_map},
                                  {3, "binaryData", Is::bytes_map},
                                  {4, "immutable", Is::flag}};
  static const Message kSecret{{1, "metadata", Is::message, false, &metadata_message()},
                               {2, "data", Is::bytes_map},
                               {3, "type"},
                               {4, "stringData", Is::text_map},
                               {5, "immutable", Is::flag}};
  static const Message kServiceAccount{{1, "metadata", Is::message, false, &metadata_message()},
                                       {4, "automountServiceAccountToken", Is::flag}};
  static const Message kAttributes{{1, "namespace"}, {2, "verb"},        {3, "group"}, {4, "version"},
                                   {5, "resource"},  {6, "subresource"}, {7, "name"}};
  static const Message kNonResource{{1, "path"}, {2, "verb"}};
  static const Message kAccessSpec{{1, "resourceAttributes", Is::message, false, &kAttributes},
                                   {2, "nonResourceAttributes", Is::message, false, &kNonResource}};
  static const Message kAccess{{1, "metadata", Is::message, false, &metadata_message()},
                               {2, "spec", Is::message, false, &kAccessSpec}};
  if (kind == "DeleteOptions") return &kDeleteOptions;
  if (kind == "Namespace") return &kNamespace;
  if (kind == "ConfigMap") return &kConfigMap;
  if (kind == "Secret") return &kSecret;
  if (kind == "ServiceAccount") return &kServiceAccount;
  if (kind == "SelfSubjectAccessReview") return &kAccess;
  return nullptr;
}

// One field as it stands in the bytes: a number, or a piece of them.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
  bool is_piece = false;
};

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

std::optional<WireField> take_field(std::string_view& in) {
  const auto tag = take_varint(in);
  if (!tag) return std::nullopt;
  WireField field;
  field.number = *tag >> 3U;
  const std::uint64_t type = *tag & 7U;
  if (type == 0) {
    const auto value = take_varint(in);
    if (!value) return std::nullopt;
    field.value = *value;
    return field;
  }
  std::size_t size = type == 1 ? 8 : 4;
  if (type == 2) {
    const auto length = take_varint(in);
    if (!length) return std::nullopt;
    size = static_cast<std::size_t>(*length);
  } else if (type != 1 && type != 5) {
    return std::nullopt;
  }
  if (size > in.size()) return std::nullopt;
  field.bytes = in.substr(0, size);
  field.is_piece = type == 2;
  in.remove_prefix(size);
  return field;
}

bool decode(std::string_view in, const Message& message, json& into, int depth);

bool decode_field(const WireField& wire, const MessageField& field, json& into, int depth) {
  json value;
  switch (field.is) {
    case Is::text: value = std::string(wire.bytes); break;
    case Is::bytes: value = base64(wire.bytes); break;
    case Is::whole: value = static_cast<std::int64_t>(wire.value); break;
    case Is::flag: value = wire.value != 0; break;
    case Is::message:
      value = json::object();
      if (!decode(wire.bytes, *field.message, value, depth + 1)) return false;
      break;
    case Is::text_map:
    case Is::bytes_map: {
      const Message entry{{1, "key"}, {2, "value", field.is == Is::text_map ? Is::text : Is::bytes}};
      json pair = json::object();
      if (!decode(wire.bytes, entry, pair, depth + 1)) return false;
      into[std::string(field.name)][pair.value("key", "")] = pair.value("value", "");
      return true;
    }
  }
  json& member = into[std::string(field.name)];
  if (field.repeated) {
    member.push_back(std::move(value));
  } else {
    member = std::move(value);
  }
  return true;
}

bool decode(std::string_view in, const Message& message, json& into, int depth) {
  if (depth > kMessageDepthMax) return false;
  while (!in.empty()) {
    const auto wire = take_field(in);
    if (!wire) return false;
    for (const MessageField& field : message) {
      const bool piece = field.is != Is::whole && field.is != Is::flag;
      if (field.number == wire->number && piece == wire->is_piece && !decode_field(*wire, field, into, depth)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

Result<json> from_protobuf(std::string_view body) {
  static constexpr std::string_view kMagic("k8s\0", 4);
  if (!body.starts_with(kMagic)) return tl::unexpected(Error{"the body is not Kubernetes protobuf"});
  static const Message kType{{1, "apiVersion"}, {2, "kind"}};
  json envelope = json::object();
  std::string_view raw;
  std::string_view rest = body.substr(kMagic.size());
  while (!rest.empty()) {
    const auto wire = take_field(rest);
    if (!wire) return tl::unexpected(Error{"the protobuf body is cut short or broken"});
    if (wire->number == 1 && !decode(wire->bytes, kType, envelope, 0)) {
      return tl::unexpected(Error{"the protobuf body is cut short or broken"});
    }
    if (wire->number == 2) raw = wire->bytes;
  }
  const std::string kind = envelope.value("kind", "");
  const Message* message = message_of(kind);
  if (message == nullptr) {
    return tl::unexpected(Error{fmt::format("a protobuf body of kind \"{}\" cannot be decoded here", kind)});
  }
  if (!decode(raw, *message, envelope, 0)) return tl::unexpected(Error{"the protobuf body is cut short or broken"});
  return envelope;
}

}  // namespace podramp::fakeapi::rest
