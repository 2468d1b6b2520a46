// The API server's answers as values: success, and the Status errors with the reasons and words of the real one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/port/api.h"

namespace podramp::fakeapi::replies {

ApiReply success(int code, PodPtr object);
ApiReply success(int code, ManifestPtr object);
ApiReply error(int code, std::string_view reason, std::string message);
ApiReply transport(Transport how);

// An error that a fault puts in the server's mouth: the reason and words that go with the code.
ApiReply injected(int code, std::int64_t retry_after_s, std::string_view object);
ApiReply not_found(std::string_view pod);                                        // 404
ApiReply already_exists(std::string_view pod);                                   // 409, K4
ApiReply conflict(std::string_view pod, std::string_view why);                   // 409, K31
ApiReply forbidden(std::string_view pod, std::string_view why);                  // 403, K6
ApiReply invalid(std::string_view pod, const std::vector<std::string>& causes);  // 422, K8
// The same of other kinds: resources are named with their group ("statefulsets.apps").
ApiReply not_found(Kind kind, std::string_view name);
ApiReply already_exists(Kind kind, std::string_view name);
ApiReply conflict(Kind kind, std::string_view name, std::string_view why);
ApiReply forbidden(Kind kind, std::string_view name, std::string_view why);
ApiReply invalid(Kind kind, std::string_view name, const std::vector<std::string>& causes);
ApiReply bad_request(std::string message);                                // 400
ApiReply expired(std::string message);                                    // 410, K18
ApiReply too_many_requests(std::int64_t retry_after_s);                   // 429, K9
ApiReply too_large_version(std::uint64_t wanted, std::uint64_t current);  // 504, K16
ApiReply server_timeout();                                                // 504, K9

// How Go prints a list of errors: one as it is, several in brackets, each once.
std::string aggregate(const std::vector<std::string>& errors);

}  // namespace podramp::fakeapi::replies
