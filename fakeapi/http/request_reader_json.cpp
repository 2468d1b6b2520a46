// Verbs, parameters and bodies of requests for resources (request_reader.h). PATCH: patch_reader_json.cpp.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "backend/port/random.h"
#include "backend/yaml/yaml_tree.h"
#include "fakeapi/http/answers.h"
#include "fakeapi/http/field_validation.h"
#include "fakeapi/http/protobuf.h"
#include "fakeapi/http/request_reader.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

constexpr std::int64_t kEverything = std::int64_t{1} << 60;  // a limit that is none
constexpr DurationUs kPatient = 2 * kHourUs;                 // the server gives up first (K9)

std::string content_type(const http::Request& request) {
  return std::string(http::find_header(request.headers, "content-type").value_or("application/json"));
}

}  // namespace

std::optional<http::Response> tree_of(const http::Request& request, json& tree) {
  const BodyType type = body_type(request.headers);
  if (type == BodyType::protobuf) {
    auto decoded = from_protobuf(request.body);
    if (!decoded) {
      return error_response(415, "UnsupportedMediaType",
                            fmt::format("{}; send application/json instead", decoded.error().message));
    }
    tree = std::move(*decoded);
    return std::nullopt;
  }
  if (type == BodyType::cbor || type == BodyType::unknown) return unsupported_media_type(content_type(request));
  const bool is_yaml = type == BodyType::yaml_text || type == BodyType::apply_patch;
  auto parsed = parse_json(request.body);
  if (!parsed && is_yaml) {
    const yaml::YamlText text = yaml::parse_yaml(request.body, "body");
    if (!text.errors.empty() || text.documents.size() != 1) {
      const std::string why = text.errors.empty() ? "it must be one document" : text.errors.front().message;
      return error_response(400, "BadRequest", fmt::format("error converting YAML to JSON: {}", why));
    }
    parsed = parse_json(yaml::to_json(text.documents.front()));
  }
  if (!parsed) {
    return error_response(400, "BadRequest",
                          fmt::format("the object provided is unrecognized: {}", parsed.error().message));
  }
  tree = std::move(*parsed);
  return std::nullopt;
}

http::Response RequestReader::bad_request(std::string message) const {
  return error_response(400, "BadRequest", std::move(message));
}

Verdict RequestReader::read() {
  const auto form = accepted_form(http_.headers);
  const bool is_log = path_.subresource == "log";
  if (!form && !is_log) return not_acceptable();
  if (form) passed_.form = *form;
  const std::string include = target_.parameter("includeObject");
  if (include == "Object") passed_.include = RowObject::whole;
  if (include == "None") passed_.include = RowObject::none;
  ApiRequest& request = passed_.request;
  request.kind = path_.resource->kind;
  request.ns = path_.ns;
  request.name = path_.name;
  request.timeout_us = kPatient;
  request.dry_run = target_.parameter("dryRun") == "All";
  passed_.subresource = path_.subresource;
  if (is_log) return http_.method == "GET" ? Verdict(read_log()) : Verdict(method_not_allowed());
  if (path_.subresource == "scale" && http_.method != "PATCH") return read_scale();
  if (http_.method == "GET" || http_.method == "HEAD") return read_get();
  if (http_.method == "POST") return read_post();
  if (http_.method == "PUT") return read_put();
  if (http_.method == "PATCH") return read_patch();
  if (http_.method == "DELETE") return read_delete();
  return method_not_allowed();
}

std::optional<http::Response> RequestReader::read_number(const char* name, std::optional<std::int64_t>& into) const {
  const std::string text = target_.parameter(name);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) {
    return bad_request(fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", text));
  }
  into = value;
  return std::nullopt;
}

std::optional<http::Response> RequestReader::read_selectors() {
  ApiRequest& request = passed_.request;
  auto labels = parse_label_selector(target_.parameter("labelSelector"));
  if (!labels) return bad_request(fmt::format("unable to parse requirement: {}", labels.error().message));
  request.label_selector = std::move(*labels);
  const std::string text = target_.parameter("fieldSelector");
  auto fields = is_pod() ? parse_field_selector(text) : parse_field_terms(text);
  if (!fields) return bad_request(fields.error().message);
  request.field_selector = std::move(*fields);
  return std::nullopt;
}

std::optional<http::Response> RequestReader::read_list_options() {
  ApiRequest& request = passed_.request;
  request.resource_version = target_.parameter("resourceVersion");
  request.continue_token = target_.parameter("continue");
  request.allow_bookmarks = target_.flag("allowWatchBookmarks");
  request.initial_events = target_.flag("sendInitialEvents");
  if (auto wrong = read_number("limit", request.limit)) return wrong;
  if (auto wrong = read_number("timeoutSeconds", request.watch_s)) return wrong;
  if (request.limit && *request.limit <= 0) request.limit.reset();
  const std::string match = target_.parameter("resourceVersionMatch");
  const auto forbidden = [&](const char* field, const char* why) {
    return error_response(422, "Invalid",
                          fmt::format("ListOptions.meta.k8s.io \"\" is invalid: {}: Forbidden: {}", field, why));
  };
  if (request.initial_events && match != "NotOlderThan") {
    return forbidden("sendInitialEvents", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (match.empty() || request.initial_events) return std::nullopt;
  if (match != "Exact" && match != "NotOlderThan") {
    return forbidden("resourceVersionMatch", "must be Exact or NotOlderThan");
  }
  if (request.resource_version.empty()) {
    return forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (!request.continue_token.empty()) {
    return forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (match == "Exact") {
    if (request.resource_version == "0") {
      return forbidden("resourceVersionMatch", "\"Exact\" is forbidden for resourceVersion \"0\"");
    }
    if (!request.limit) request.limit = kEverything;  // an exact read, K14
  } else if (request.limit && request.resource_version != "0") {
    // Not older than a version that is there already: what is there now will do.
    const std::uint64_t current = scene_.state.resource_version();
    if (std::strtoull(request.resource_version.c_str(), nullptr, 10) <= current) request.resource_version.clear();
  }
  return std::nullopt;
}

Verdict RequestReader::read_get() {
  ApiRequest& request = passed_.request;
  const bool watches = target_.flag("watch");
  if (!request.name.empty() && !watches) {
    request.verb = Verb::get;
    request.resource_version = target_.parameter("resourceVersion");
    return std::move(passed_);
  }
  if (auto wrong = read_selectors()) return std::move(*wrong);
  if (auto wrong = read_list_options()) return std::move(*wrong);
  request.verb = watches ? Verb::watch : Verb::list;
  if (!request.name.empty()) request.field_selector.all.push_back({"metadata.name", request.name, true});
  request.name.clear();
  if (watches) request.limit.reset();
  if (request.initial_events) request.resource_version.clear();
  return std::move(passed_);
}

LogAsked RequestReader::read_log() const {
  LogAsked asked;
  asked.pod = path_.ns + "/" + path_.name;
  asked.container = target_.parameter("container");
  asked.follow = target_.flag("follow");
  asked.timestamps = target_.flag("timestamps");
  asked.previous = target_.flag("previous");
  (void)read_number("tailLines", asked.tail_lines);
  (void)read_number("sinceSeconds", asked.since_s);
  return asked;
}

std::optional<http::Response> RequestReader::read_body(json& body) const {
  if (auto wrong = tree_of(http_, body)) return wrong;
  if (!body.is_object()) return bad_request("the body of the request must be a JSON object");
  const std::string validation = target_.parameter("fieldValidation");
  if (validation == "Strict" && path_.subresource.empty()) {
    const auto unknown = unknown_fields(path_.resource->kind, body);
    if (!unknown.empty()) {
      return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
                                     resource_type(path_.resource->kind).kind,
                                     resource_type(path_.resource->kind).version,
                                     resource_type(path_.resource->kind).kind, fmt::join(unknown, ", ")));
    }
  }
  return std::nullopt;
}

// What the server adds to what it stores, where the store's own verbs do not.
void RequestReader::fill_defaults(json& body) const {
  if (!body.contains("metadata")) body["metadata"] = json::object();
  const std::string name = body["metadata"].is_object() ? body["metadata"].value("name", "") : "";
  switch (path_.resource->kind) {
    case Kind::name_space:
      body["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
      body["spec"]["finalizers"] = json::array({"kubernetes"});
      body["status"]["phase"] = "Active";
      break;
    case Kind::secret:
      if (!body.contains("type")) body["type"] = "Opaque";
      break;
    case Kind::service: {
      json& spec = body["spec"];
      if (!spec.contains("type")) spec["type"] = "ClusterIP";
      if (!spec.contains("sessionAffinity")) spec["sessionAffinity"] = "None";
      if (spec.contains("clusterIP")) break;
      const std::uint64_t hash = hash_text(path_.ns + "/" + name);
      spec["clusterIP"] = fmt::format("10.96.{}.{}", hash % 250 + 1, hash / 250 % 250 + 1);
      break;
    }
    default: break;
  }
}

std::optional<http::Response> RequestReader::decode(json body) {
  const Kind kind = path_.resource->kind;
  ApiRequest& request = passed_.request;
  const ResourceType& type = resource_type(kind);
  if (kind == Kind::secret) front_.secrets_.conceal(body, scene_.now);
  FieldErrors errors;
  const std::string version = body.value("apiVersion", api_version(type));
  if (version != api_version(type)) {
    return bad_request(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                                   version, api_version(type)));
  }
  if (kind == Kind::pod) {
    auto decoded = pod_from_json(body, scene_.zero);
    request.body = std::move(decoded.value);
    errors = std::move(decoded.errors);
  } else if (kind == Kind::node) {
    auto decoded = node_from_json(body, scene_.zero);
    auto object = std::make_shared<Manifest>();
    object->kind = kind;
    object->name = decoded.value->name;
    object->resource_version = decoded.value->resource_version;
    object->labels = decoded.value->labels;
    object->node = *decoded.value;
    request.manifest = std::move(object);
    errors = std::move(decoded.errors);
  } else {
    auto decoded = manifest_from_json(body, kind, scene_.zero);
    request.manifest = std::move(decoded.value);
    errors = std::move(decoded.errors);
  }
  if (errors.empty()) return std::nullopt;
  return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", type.kind, type.version,
                                 type.kind, to_string(errors.front())));
}

Verdict RequestReader::read_post() {
  if (!path_.name.empty() && path_.subresource.empty()) return method_not_allowed();
  ApiRequest& request = passed_.request;
  request.verb = Verb::create;
  request.subresource = path_.subresource;
  json body;
  if (auto wrong = read_body(body)) return std::move(*wrong);
  if (path_.subresource == "eviction") {
    const auto options = delete_options_from_text(body.value("deleteOptions", json::object()).dump());
    if (!options) return bad_request(options.error().message);
    request.grace_s = options->grace_s;
    request.dry_run = request.dry_run || options->dry_run;
    return std::move(passed_);
  }
  if (path_.subresource == "binding") {
    auto target = std::make_shared<Pod>();
    target->tmpl = share(PodTemplate());
    const json* node = body.contains("target") ? &body["target"] : nullptr;
    if (node != nullptr && node->is_object()) target->node = node->value("name", "");
    request.body = std::move(target);
    return std::move(passed_);
  }
  if (!path_.subresource.empty()) return method_not_allowed();
  if (resource_type(request.kind).namespaced && request.ns.empty()) {
    return bad_request("an empty namespace may not be set during creation");
  }
  fill_defaults(body);
  note_fields(json::object(), body);
  if (auto wrong = decode(std::move(body))) return std::move(*wrong);
  return std::move(passed_);
}

Verdict RequestReader::read_put() {
  if (path_.name.empty()) return method_not_allowed();
  ApiRequest& request = passed_.request;
  request.verb = Verb::update;
  json body;
  if (auto wrong = read_body(body)) return std::move(*wrong);
  const std::string name =
      body.contains("metadata") && body["metadata"].is_object() ? body["metadata"].value("name", "") : "";
  if (name != path_.name) {
    return bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                   name.empty() ? "based on metadata.name" : name, path_.name));
  }
  const json before = stored();
  if (path_.subresource == "status") {
    request.subresource = "status";
    if (!is_pod() && before.is_object()) {  // of other kinds the store knows no status: only that part is taken
      json next = before;
      if (body.contains("status")) next["status"] = body["status"];
      next["metadata"]["resourceVersion"] = body["metadata"].value("resourceVersion", "");
      body = std::move(next);
    }
  }
  if (before.is_object() && !body["metadata"].contains("uid")) body["metadata"]["uid"] = stored_uid();
  note_fields(before.is_object() ? before : json::object(), body);
  if (auto wrong = decode(std::move(body))) return std::move(*wrong);
  return std::move(passed_);
}

Verdict RequestReader::read_scale() {
  ApiRequest& request = passed_.request;
  if (http_.method == "GET") {
    request.verb = Verb::get;
    return std::move(passed_);
  }
  if (http_.method != "PUT") return method_not_allowed();
  json body;
  if (auto wrong = tree_of(http_, body)) return std::move(*wrong);
  const json::json_pointer replicas("/spec/replicas");
  if (!body.is_object() || !body.contains(replicas) || !body[replicas].is_number_integer()) {
    return bad_request("a Scale needs spec.replicas, a whole number");
  }
  request.verb = Verb::patch;
  request.replicas = body[replicas].get<std::int64_t>();
  return std::move(passed_);
}

Verdict RequestReader::read_delete() {
  ApiRequest& request = passed_.request;
  if (!path_.subresource.empty()) return method_not_allowed();
  DeleteOptions options;
  if (!http_.body.empty()) {
    json tree;
    if (auto wrong = tree_of(http_, tree)) return std::move(*wrong);
    auto read = delete_options_from_text(json_text(tree));
    if (!read) return bad_request(read.error().message);
    options = std::move(*read);
  }
  request.grace_s = options.grace_s;
  request.uid_precondition = options.uid;
  request.version_precondition = options.resource_version;
  request.dry_run = request.dry_run || options.dry_run;
  if (auto wrong = read_number("gracePeriodSeconds", request.grace_s)) return std::move(*wrong);
  if (!path_.name.empty()) {
    request.verb = Verb::remove;
    return std::move(passed_);
  }
  if (auto wrong = read_selectors()) return std::move(*wrong);
  request.verb = Verb::remove_collection;
  passed_.is_delete_of_many = true;
  return std::move(passed_);
}

}  // namespace podramp::fakeapi::rest
