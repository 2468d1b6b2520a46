// HTTP answers of the served cluster that need no look at an object: JSON texts and Status objects.
#pragma once

#include <string>
#include <string_view>

#include "backend/http/message.h"
#include "backend/port/api.h"
#include "backend/port/reply_json.h"

namespace podramp::fakeapi::rest {

http::Response json_response(int status, std::string body, std::string_view content_type = "application/json");
// A reply that is an error as its Status; a reply that failed in transport has none (the connection is cut).
http::Response status_response(const ApiReply& reply, const StatusDetails& details = {});
http::Response error_response(int code, std::string_view reason, std::string message);

http::Response not_found_path();      // 404: "the server could not find the requested resource"
http::Response method_not_allowed();  // 405
http::Response unsupported_media_type(std::string_view type);  // 415
http::Response not_acceptable();                               // 406
http::Response unauthorized();                                 // 401

}  // namespace podramp::fakeapi::rest
