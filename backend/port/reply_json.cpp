#include "backend/port/reply_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/port/fields_json.h"
#include "backend/port/resource.h"

namespace podramp {
namespace {

using nlohmann::json;

constexpr std::string_view kInitialEnd = "k8s.io/initial-events-end";
constexpr std::size_t kShownBodyMax = 200;

json details_json(const ApiReply& reply, const StatusDetails& details) {
  json object = json::object();
  const auto put = [&](const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  put("name", details.name);
  put("group", details.group);
  put("kind", details.kind);
  put("uid", details.uid);
  for (const FieldError& cause : details.causes) {
    object["causes"].push_back(json{{"reason", "FieldValueInvalid"}, {"message", cause.message}});
    if (!cause.path.empty()) object["causes"].back()["field"] = cause.path;
  }
  if (reply.retry_after_s) object["retryAfterSeconds"] = *reply.retry_after_s;
  return object;
}

// kind Status -> code, reason, message, retry-after. The code of the HTTP answer stays where the Status has none.
void read_status(const json& value, ApiReply& reply) {
  JsonReading reading;
  JsonFields fields(value, "", reading);
  reply.code = static_cast<int>(fields.whole("code").value_or(reply.code));
  reply.reason = fields.text("reason");
  reply.message = fields.text("message");
  JsonFields details(fields, "details");
  if (const auto seconds = details.whole("retryAfterSeconds"); seconds && *seconds > 0) reply.retry_after_s = seconds;
}

// Reasons that Kubernetes gives to codes, for an answer that has no Status (a proxy's, say).
std::string_view reason_of(int code) {
  switch (code) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return code >= 500 ? "InternalError" : "Unknown";
  }
}

std::string shown_body(std::string_view body) {
  std::string text(body.substr(0, kShownBodyMax));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text.empty() ? "the server said nothing about it" : text;
}

void unreadable(ApiReply& reply, const std::string& why) {
  reply.code = 500;
  reply.reason = "InternalError";
  reply.message = fmt::format("the server's answer could not be read: {}", why);
}

void read_list(const json& tree, const ApiRequest& request, WallZero zero, ApiReply& reply) {
  JsonReading reading;
  JsonFields top(tree, "", reading);
  {
    JsonFields metadata(top, "metadata");
    reply.resource_version = metadata.version("resourceVersion");
    reply.continue_token = metadata.text("continue");
    reply.remaining = metadata.whole("remainingItemCount");
  }
  if (request.kind == Kind::pod) reply.list.emplace();
  top.each("items", [&](const json& item, const std::string&) {
    if (request.kind == Kind::pod) {
      if (auto pod = pod_from_json(item, zero).value) reply.list->items.push_back(std::move(pod));
    } else if (auto object = manifest_from_json(item, request.kind, zero).value) {
      reply.manifests.push_back(std::move(object));
    }
  });
}

void read_success(const json& tree, const ApiRequest& request, WallZero zero, ApiReply& reply) {
  const auto kind = tree.find("kind");
  const std::string named = kind != tree.end() && kind->is_string() ? kind->get<std::string>() : "";
  if (named == "Status") {
    const int code = reply.code;
    read_status(tree, reply);
    if (reply.code < 200 || reply.code > 299) reply.code = code;
    reply.reason.clear();
    return;
  }
  const bool is_list = named.ends_with("List") || request.verb == Verb::list;
  if (is_list && tree.contains("items")) return read_list(tree, request, zero, reply);
  if (named == "Scale") return;
  if (request.kind == Kind::pod) {
    reply.object = pod_from_json(tree, zero).value;
    reply.resource_version = reply.object->resource_version;
  } else {
    reply.manifest = manifest_from_json(tree, request.kind, zero).value;
    reply.resource_version = reply.manifest->resource_version;
  }
}

}  // namespace

std::string status_text(const ApiReply& reply, const StatusDetails& details) {
  const bool fine = reply.code >= 200 && reply.code < 300;
  json status{
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", json::object()}, {"status", fine ? "Success" : "Failure"}};
  if (!fine) status["code"] = reply.code;
  if (!reply.message.empty()) status["message"] = reply.message;
  if (!reply.reason.empty()) status["reason"] = reply.reason;
  if (json object = details_json(reply, details); !object.empty()) status["details"] = std::move(object);
  return json_text(status);
}

std::string list_text(std::string_view kind, std::string_view version, const std::vector<std::string>& items,
                      std::uint64_t resource_version, std::string_view continue_token,
                      std::optional<std::int64_t> remaining) {
  json metadata{{"resourceVersion", fmt::format("{}", resource_version)}};
  if (!continue_token.empty()) metadata["continue"] = continue_token;
  if (remaining) metadata["remainingItemCount"] = *remaining;
  std::string text =
      fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{},"items":[)", kind, version, json_text(metadata));
  std::size_t size = text.size() + 2;
  for (const std::string& item : items) size += item.size() + 1;
  text.reserve(size);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += ',';
    text += items[i];
  }
  return text += "]}";
}

std::string watch_event_text(WatchEventType type, std::string_view object) {
  return fmt::format(R"({{"type":"{}","object":{}}})", to_text(type), object);
}

std::string bookmark_object(std::string_view kind, std::string_view version, std::uint64_t resource_version,
                            bool initial_end) {
  json object{{"kind", kind},
              {"apiVersion", version},
              {"metadata", {{"resourceVersion", fmt::format("{}", resource_version)}, {"creationTimestamp", nullptr}}}};
  if (initial_end) object["metadata"]["annotations"][std::string(kInitialEnd)] = "true";
  return json_text(object);
}

ApiReply reply_from_text(const ApiRequest& request, int code, std::optional<std::int64_t> retry_after_s,
                         std::string_view body, WallZero zero) {
  ApiReply reply;
  reply.code = code;
  reply.retry_after_s = retry_after_s;
  const auto tree = parse_json(body);
  const bool is_object = tree && tree->is_object();
  if (reply.ok()) {
    if (is_object) {
      read_success(*tree, request, zero, reply);
    } else {
      unreadable(reply, tree ? "it is not a JSON object" : tree.error().message);
    }
    return reply;
  }
  if (is_object && tree->value("kind", json()) == "Status") read_status(*tree, reply);
  if (reply.code != code && reply.ok()) reply.code = code;
  if (reply.reason.empty()) reply.reason = std::string(reason_of(code));
  if (reply.message.empty()) reply.message = shown_body(body);
  return reply;
}

WatchLine watch_line_from_text(std::string_view line, WallZero zero) {
  WatchLine read;
  const auto tree = parse_json(line);
  const auto unread = [&](std::string why) {
    read.status.message = fmt::format("a line of the watch could not be read: {}", why);
    return read;
  };
  if (!tree) return unread(tree.error().message);
  if (!tree->is_object() || !tree->contains("object")) return unread("it is no event");
  const json& object = (*tree)["object"];
  const json named = tree->value("type", json());
  const auto type = named.is_string() ? from_text<WatchEventType>(named.get<std::string>()) : std::nullopt;
  if (!type || !object.is_object()) return unread("its type or object is unknown");
  if (*type == WatchEventType::error) {
    read.status.code = 500;
    read_status(object, read.status);
    return read;
  }
  WatchEvent& event = read.event.emplace();
  event.type = *type;
  event.object = pod_from_json(object, zero).value;
  read.resource_version = event.object->resource_version;
  const StringMap& notes = event.object->tmpl->annotations;
  event.initial_end = *type == WatchEventType::bookmark && notes.contains(std::string(kInitialEnd));
  return read;
}

std::string delete_options_text(const ApiRequest& request, bool dry_run) {
  json options = json::object();
  if (request.grace_s) options["gracePeriodSeconds"] = *request.grace_s;
  if (!request.uid_precondition.empty()) options["preconditions"]["uid"] = request.uid_precondition;
  if (!request.version_precondition.empty()) {
    options["preconditions"]["resourceVersion"] = request.version_precondition;
  }
  if (dry_run) options["dryRun"] = json::array({"All"});
  if (options.empty()) return "";
  options["kind"] = "DeleteOptions";
  options["apiVersion"] = "v1";
  return json_text(options);
}

std::string patch_text(const ApiRequest& request) {
  json patch = json::object();
  if (!request.set_labels.empty()) patch["metadata"]["labels"] = request.set_labels;
  if (!request.set_annotations.empty()) patch["metadata"]["annotations"] = request.set_annotations;
  if (request.replicas) patch["spec"]["replicas"] = *request.replicas;
  if (request.set_bytes && request.kind == Kind::persistent_volume_claim) {
    patch["spec"]["resources"]["requests"]["storage"] = format_bytes(*request.set_bytes);
  } else if (request.set_bytes) {
    const std::string bytes = format_bytes(*request.set_bytes);
    patch["spec"]["containers"] =
        json::array({json{{"name", "spark-kubernetes-executor"},
                          {"resources", {{"requests", {{"memory", bytes}}}, {"limits", {{"memory", bytes}}}}}}});
  }
  return json_text(patch);
}

Result<DeleteOptions> delete_options_from_text(std::string_view body) {
  DeleteOptions options;
  if (body.empty()) return options;
  const auto tree = parse_json(body);
  if (!tree) return tl::unexpected(tree.error());
  JsonReading reading;
  JsonFields fields(*tree, "", reading);
  options.grace_s = fields.whole("gracePeriodSeconds");
  options.propagation = fields.text("propagationPolicy");
  const std::vector<std::string> dry_run = fields.texts("dryRun");
  options.dry_run = std::ranges::find(dry_run, "All") != dry_run.end();
  JsonFields preconditions(fields, "preconditions");
  options.uid = preconditions.text("uid");
  options.resource_version = preconditions.text("resourceVersion");
  if (!reading.errors.empty()) return tl::unexpected(Error{to_string(reading.errors.front())});
  return options;
}

}  // namespace podramp
