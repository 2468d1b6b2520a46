#include "fakeapi/replies.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::fakeapi::replies {

ApiReply success(int code, PodPtr object) {
  ApiReply reply;
  reply.code = code;
  reply.resource_version = object == nullptr ? 0 : object->resource_version;
  reply.object = std::move(object);
  return reply;
}

ApiReply error(int code, std::string_view reason, std::string message) {
  ApiReply reply;
  reply.code = code;
  reply.reason = std::string(reason);
  reply.message = std::move(message);
  return reply;
}

ApiReply transport(Transport how) {
  ApiReply reply;
  reply.transport = how;
  return reply;
}

ApiReply not_found(std::string_view pod) { return error(404, "NotFound", fmt::format("pods \"{}\" not found", pod)); }

ApiReply already_exists(std::string_view pod) {
  return error(409, "AlreadyExists", fmt::format("pods \"{}\" already exists", pod));
}

ApiReply conflict(std::string_view pod, std::string_view why) {
  return error(409, "Conflict", fmt::format("Operation cannot be fulfilled on Pod \"{}\": {}", pod, why));
}

ApiReply forbidden(std::string_view pod, std::string_view why) {
  return error(403, "Forbidden", fmt::format("pods \"{}\" is forbidden: {}", pod, why));
}

ApiReply invalid(std::string_view pod, const std::vector<std::string>& causes) {
  return error(422, "Invalid", fmt::format("Pod \"{}\" is invalid: {}", pod, aggregate(causes)));
}

ApiReply bad_request(std::string message) { return error(400, "BadRequest", std::move(message)); }

ApiReply expired(std::string message) { return error(410, "Expired", std::move(message)); }

ApiReply too_many_requests(std::int64_t retry_after_s) {
  ApiReply reply = error(429, "TooManyRequests", "Too many requests, please try again later.");
  reply.retry_after_s = retry_after_s;
  return reply;
}

ApiReply too_large_version(std::uint64_t wanted, std::uint64_t current) {
  ApiReply reply =
      error(504, "Timeout", fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current));
  reply.retry_after_s = 1;
  return reply;
}

ApiReply server_timeout() {
  return error(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
}

std::string aggregate(const std::vector<std::string>& errors) {
  std::vector<std::string> once;
  for (const std::string& e : errors) {
    if (std::ranges::find(once, e) == once.end()) once.push_back(e);
  }
  return once.size() == 1 ? once.front() : fmt::format("[{}]", fmt::join(once, ", "));
}

}  // namespace podramp::fakeapi::replies
