#include "fakeapi/http/answers.h"

#include <fmt/format.h>

#include "fakeapi/replies.h"

namespace podramp::fakeapi::rest {

http::Response json_response(int status, std::string body, std::string_view content_type) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::string(content_type)}, {"Cache-Control", "no-cache, private"}};
  response.body = std::move(body);
  return response;
}

http::Response status_response(const ApiReply& reply, const StatusDetails& details) {
  http::Response response = json_response(reply.code, status_text(reply, details));
  if (reply.retry_after_s) response.headers.emplace_back("Retry-After", fmt::format("{}", *reply.retry_after_s));
  return response;
}

http::Response error_response(int code, std::string_view reason, std::string message) {
  return status_response(replies::error(code, reason, std::move(message)));
}

http::Response not_found_path() {
  return error_response(404, "NotFound", "the server could not find the requested resource");
}

http::Response method_not_allowed() {
  return error_response(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

http::Response unsupported_media_type(std::string_view type) {
  return error_response(
      415, "UnsupportedMediaType",
      fmt::format("the body of the request was in an unknown format - accepted media types include: application/json, "
                  "application/yaml (got {})",
                  type));
}

http::Response not_acceptable() {
  return error_response(406, "NotAcceptable",
                        "only the following media types are accepted: application/json, application/json;as=Table, "
                        "application/json;as=PartialObjectMetadata");
}

http::Response unauthorized() { return error_response(401, "Unauthorized", "Unauthorized"); }

}  // namespace podramp::fakeapi::rest
