// A table of the messages that are known, and a reader of the wire format that skips the rest (protobuf.h).
#include <fmt/format.h>

#include <algorithm>
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

// whole: a number that may be 0; count: one that is absent then.
enum class Is { text, bytes, whole, count, flag, message, text_map, bytes_map, quantity_map };
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

// Pods as `kubectl create deployment` writes them.
const Message& pod_template_message() {
  static const Message kPort{{1, "name"}, {2, "hostPort", Is::count}, {3, "containerPort", Is::count}, {4, "protocol"}};
  static const Message kEnv{{1, "name"}, {2, "value"}};
  static const Message kResources{{1, "limits", Is::quantity_map}, {2, "requests", Is::quantity_map}};
  static const Message kContainer{{1, "name"},
                                  {2, "image"},
                                  {3, "command", Is::text, true},
                                  {4, "args", Is::text, true},
                                  {5, "workingDir"},
                                  {6, "ports", Is::message, true, &kPort},
                                  {7, "env", Is::message, true, &kEnv},
                                  {8, "resources", Is::message, false, &kResources},
                                  {14, "imagePullPolicy"}};
  static const Message kPodSpec{{2, "containers", Is::message, true, &kContainer},
                                {3, "restartPolicy"},
                                {4, "terminationGracePeriodSeconds", Is::whole},
                                {7, "nodeSelector", Is::text_map},
                                {8, "serviceAccountName"}};
  static const Message kTemplate{{1, "metadata", Is::message, false, &metadata_message()},
                                 {2, "spec", Is::message, false, &kPodSpec}};
  return kTemplate;
}

const Message& delete_options_message() {
  static const Message kPreconditions{{1, "uid"}, {2, "resourceVersion"}};
  static const Message kDeleteOptions{{1, "gracePeriodSeconds", Is::whole},
                                      {2, "preconditions", Is::message, false, &kPreconditions},
                                      {3, "orphanDependents", Is::flag},
                                      {4, "propagationPolicy"},
                                      {5, "dryRun", Is::text, true}};
  return kDeleteOptions;
}

const Message& access_spec_message() {
  static const Message kAttributes{{1, "namespace"}, {2, "verb"},        {3, "group"}, {4, "version"},
                                   {5, "resource"},  {6, "subresource"}, {7, "name"}};
  static const Message kNonResource{{1, "path"}, {2, "verb"}};
  static const Message kAccess{{1, "resourceAttributes", Is::message, false, &kAttributes},
                               {2, "nonResourceAttributes", Is::message, false, &kNonResource}};
  return kAccess;
}

// The members of an object after its metadata.
const Message* message_parts(const std::string& kind) {
  static const Message kNone{};
  static const Message kFinalizers{{1, "finalizers", Is::text, true}};
  static const Message kNamespace{{2, "spec", Is::message, false, &kFinalizers}};
  static const Message kConfigMap{
      {2, "data", Is::text_map}, {3, "binaryData", Is::bytes_map}, {4, "immutable", Is::flag}};
  static const Message kSecret{
      {2, "data", Is::bytes_map}, {3, "type"}, {4, "stringData", Is::text_map}, {5, "immutable", Is::flag}};
  static const Message kServiceAccount{{4, "automountServiceAccountToken", Is::flag}};
  static const Message kAccess{{2, "spec", Is::message, false, &access_spec_message()}};
  static const Message kSelector{{1, "matchLabels", Is::text_map}};
  static const Message kDeploymentSpec{{1, "replicas", Is::whole},
                                       {2, "selector", Is::message, false, &kSelector},
                                       {3, "template", Is::message, false, &pod_template_message()}};
  static const Message kDeployment{{2, "spec", Is::message, false, &kDeploymentSpec}};
  static const Message kQuotaSpec{{1, "hard", Is::quantity_map}, {2, "scopes", Is::text, true}};
  static const Message kQuota{{2, "spec", Is::message, false, &kQuotaSpec}};
  if (kind == "Namespace") return &kNamespace;
  if (kind == "ConfigMap") return &kConfigMap;
  if (kind == "Secret") return &kSecret;
  if (kind == "ServiceAccount") return &kServiceAccount;
  if (kind == "SelfSubjectAccessReview") return &kAccess;
  if (kind == "SelfSubjectReview") return &kNone;
  if (kind == "Deployment") return &kDeployment;
  if (kind == "ResourceQuota") return &kQuota;
  return nullptr;
}

std::optional<Message> message_of(const std::string& kind) {
  if (kind == "DeleteOptions") return delete_options_message();
  const Message* parts = message_parts(kind);
  if (parts == nullptr) return std::nullopt;
  Message whole{{1, "metadata", Is::message, false, &metadata_message()}};
  whole.insert(whole.end(), parts->begin(), parts->end());
  return whole;
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

// Nothing in it says anything: Kubernetes writes empty texts and zeros of fields that are not set.
bool is_blank(std::string_view in, int depth = 0) {
  if (depth > kMessageDepthMax) return false;
  while (!in.empty()) {
    const auto wire = take_field(in);
    if (!wire || wire->value != 0 || (wire->is_piece ? !is_blank(wire->bytes, depth + 1) : !wire->bytes.empty())) {
      return false;
    }
  }
  return true;
}

bool decode(std::string_view in, const Message& message, json& into, int depth);

bool decode_pair(std::string_view in, Is is, json& map, int depth) {
  static const Message kQuantity{{1, "string"}};
  Message entry{{1, "key"}, {2, "value", Is::text}};
  if (is == Is::bytes_map) entry[1].is = Is::bytes;
  if (is == Is::quantity_map) entry[1] = {2, "value", Is::message, false, &kQuantity};
  json pair = json::object();
  if (!decode(in, entry, pair, depth + 1)) return false;
  const json value = pair.value("value", json(""));
  map[pair.value("key", "")] = value.is_object() ? json(value.value("string", "0")) : value;
  return true;
}

bool decode_field(const WireField& wire, const MessageField& field, json& into, int depth) {
  const std::string name(field.name);
  json value;
  switch (field.is) {
    case Is::text: value = std::string(wire.bytes); break;
    case Is::bytes: value = base64(wire.bytes); break;
    case Is::whole:
    case Is::count: value = static_cast<std::int64_t>(wire.value); break;
    case Is::flag: value = wire.value != 0; break;
    case Is::message:
      value = json::object();
      if (!decode(wire.bytes, *field.message, value, depth + 1)) return false;
      break;
    case Is::text_map:
    case Is::bytes_map:
    case Is::quantity_map: return decode_pair(wire.bytes, field.is, into[name], depth);
  }
  if (field.repeated) {
    into[name].push_back(std::move(value));
    return true;
  }
  const bool says_nothing = wire.is_piece ? value.empty() || value == "" : field.is == Is::count && wire.value == 0;
  if (!says_nothing) into[name] = std::move(value);
  return true;
}

// False: it is broken, or says something that the message does not know.
bool decode(std::string_view in, const Message& message, json& into, int depth) {
  if (depth > kMessageDepthMax) return false;
  while (!in.empty()) {
    const auto wire = take_field(in);
    if (!wire) return false;
    const auto field = std::find_if(message.begin(), message.end(),
                                    [&](const MessageField& known) { return known.number == wire->number; });
    if (field == message.end()) {
      if (wire->value != 0 || (wire->is_piece ? !is_blank(wire->bytes) : !wire->bytes.empty())) return false;
      continue;
    }
    const bool piece = field->is != Is::whole && field->is != Is::count && field->is != Is::flag;
    if (piece != wire->is_piece || !decode_field(*wire, *field, into, depth)) return false;
  }
  return true;
}

}  // namespace

Result<json> from_protobuf(std::string_view body) {
  static constexpr std::string_view kMagic("k8s\0", 4);
  if (!body.starts_with(kMagic)) return tl::unexpected(Error{"the body is not Kubernetes protobuf"});
  static const Message kType{{1, "apiVersion"}, {2, "kind"}};
  json envelope = json::object();
  std::optional<std::string_view> raw;
  std::string_view rest = body.substr(kMagic.size());
  while (!rest.empty()) {
    const auto wire = take_field(rest);
    if (!wire) return tl::unexpected(Error{"the protobuf body is cut short or broken"});
    if (wire->number == 1 && !decode(wire->bytes, kType, envelope, 0)) {
      return tl::unexpected(Error{"the protobuf body is cut short or broken"});
    }
    if (wire->number == 2) raw = wire->bytes;
  }
  if (!raw) return tl::unexpected(Error{"the protobuf body is cut short or broken"});
  const std::string kind = envelope.value("kind", "");
  const auto message = message_of(kind);
  if (!message) {
    return tl::unexpected(Error{fmt::format("a protobuf body of kind \"{}\" cannot be decoded here", kind)});
  }
  if (!decode(*raw, *message, envelope, 0)) {
    return tl::unexpected(
        Error{fmt::format("the protobuf body of kind \"{}\" is broken, or has fields that cannot be "
                          "decoded here",
                          kind)});
  }
  return envelope;
}

}  // namespace podramp::fakeapi::rest
