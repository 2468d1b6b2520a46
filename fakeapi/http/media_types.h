// What a client will take (Accept) and what it sends (Content-Type). The served cluster writes JSON only; a client that
// would rather have protobuf or CBOR says what else it takes. Not here: the documents themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http/message.h"

namespace podramp::fakeapi::rest {

struct MediaType {
  std::string type;     // "application/json", "*/*"
  std::string as;       // "Table", "PartialObjectMetadataList", "APIGroupDiscoveryList", ""
  std::string version;  // v=
  std::string group;    // g=
};
std::vector<MediaType> parse_media_types(std::string_view text);

enum class Form { object, table, metadata };
struct AcceptedForm {
  Form form = Form::object;
  std::string version = "v1";  // of meta.k8s.io, for a table or metadata
};
// The first form that we write; nullopt: none of those that the client takes (406).
std::optional<AcceptedForm> accepted_form(const http::Headers& headers);
// The version of aggregated discovery that the client likes best, "v2" or "v2beta1"; "" for the plain documents.
std::string accepted_discovery(const http::Headers& headers);

enum class BodyType {
  json_text,
  yaml_text,
  protobuf,
  cbor,
  merge_patch,
  json_patch,
  strategic_patch,
  apply_patch,
  unknown
};
BodyType body_type(const http::Headers& headers);  // without a Content-Type: json_text

}  // namespace podramp::fakeapi::rest
