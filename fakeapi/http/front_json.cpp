// Where a request goes, and what a reply to it comes to (front.h). Whatever shape a document has, nothing is thrown.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/answer_writer.h"
#include "fakeapi/http/answers.h"
#include "fakeapi/http/discovery.h"
#include "fakeapi/http/front.h"
#include "fakeapi/http/request_reader.h"
#include "fakeapi/http/virtual_resources.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

constexpr int kPatchAttemptsMax = 5;  // as the API server tries again when an object changes under a patch

// What a mistake of ours comes to: documents are people's, and may be of any shape.
http::Response internal_error(const std::exception& e) {
  return error_response(500, "InternalError", fmt::format("Internal error occurred: {}", e.what()));
}

const std::string& uid_in(const ApiReply& reply) {
  static const std::string kNone;
  if (reply.object != nullptr) return reply.object->uid;
  return reply.manifest != nullptr ? reply.manifest->uid : kNone;
}

Verdict receive_checked(Front& front, const http::Request& request, const Caller& caller, const Scene& scene) {
  const auto target = parse_target(request.target);
  if (!target) return error_response(400, "BadRequest", "the path or query of the request is not well encoded");
  if (auto known = discover(*target, request.headers, scene.config.profile.name)) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    return reads ? Verdict(std::move(*known)) : Verdict(method_not_allowed());
  }
  if (auto made = virtual_resource(request, *target, caller, scene)) return std::move(*made);
  const auto path = resource_path_of(*target);
  if (!path) return not_found_path();
  if (auto refused = refuse(caller, verb_of(request, *target, *path), *path)) return std::move(*refused);
  return RequestReader(front, request, *target, *path, scene).read();
}

}  // namespace

Verdict Front::receive(const http::Request& request, const Caller& caller, const Scene& scene) {
  try {
    return receive_checked(*this, request, caller, scene);
  } catch (const json::exception& e) {
    return internal_error(e);
  }
}

std::variant<http::Response, Passed> Front::answer(const Passed& passed, const ApiReply& reply, const Scene& scene) {
  try {
    if (reply.code == 409 && passed.original && passed.attempt < kPatchAttemptsMax) {
      Verdict again = receive_checked(*this, *passed.original, {}, scene);
      if (auto* next = std::get_if<Passed>(&again)) {
        next->attempt = passed.attempt + 1;
        return std::move(*next);
      }
      if (auto* refused = std::get_if<http::Response>(&again)) return std::move(*refused);
    }
    if (reply.ok() && !passed.request.dry_run) {
      if (passed.managed_fields) {
        managed_.replace(uid_in(reply), json::parse(*passed.managed_fields, nullptr, false));
      } else if (passed.fields) {
        managed_.note(uid_in(reply), *passed.fields);
      }
      managed_.forget_gone([&](const std::string& uid) {
        const PodId pod = uid_number(uid);
        return scene.state.find_object(uid) != nullptr || (pod != 0 && scene.state.find_pod(pod) != nullptr);
      });
      if (passed.request.verb == Verb::remove && reply.manifest != nullptr) managed_.forget(uid_in(reply));
      secrets_.forget_gone(scene.now, [&](const auto& look) {
        for (const auto& [key, secret] : scene.state.objects(Kind::secret)) {
          look(json::parse(secret->extra_json, nullptr, false));
        }
      });
    }
    return AnswerWriter(*this, passed, scene).write(reply);
  } catch (const json::exception& e) {
    return internal_error(e);
  }
}

std::string Front::event_line(const Passed& watch, const WatchEvent& event, const Scene& scene) {
  try {
    if (event.type == WatchEventType::deleted && event.object != nullptr) managed_.forget(event.object->uid);
    return AnswerWriter(*this, watch, scene).event(event);
  } catch (const json::exception& e) {
    ApiReply reply;
    reply.code = 500;
    reply.reason = "InternalError";
    reply.message = e.what();
    return watch_event_text(WatchEventType::error, status_text(reply)) + "\n";
  }
}

std::string Front::closing_line(int code, const std::string& reason) {
  if (code == 0) return "";
  ApiReply reply;
  reply.code = code;
  reply.reason = code == 410 ? "Expired" : "InternalError";
  reply.message = code == 410 ? fmt::format("too old resource version ({})", reason) : reason;
  return watch_event_text(WatchEventType::error, status_text(reply)) + "\n";
}

}  // namespace podramp::fakeapi::rest
