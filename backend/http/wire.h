// The bytes of an answer: status line and headers, and the frames of a chunk. No header can smuggle a line in.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "backend/http/message.h"

namespace podramp::http {

struct HeadOptions {
  bool keep_alive = true;
  bool http10 = false;  // whom keep-alive must be told
  bool chunked = false;
  std::optional<std::size_t> content_length;
};
std::string response_head(int status, const Headers& headers, const HeadOptions& options);

std::string chunk_text(std::string_view bytes);  // "" for no bytes: an empty chunk would end the answer
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

bool has_no_body(int status);                            // 1xx, 204, 304
std::string date_text(std::time_t unix_s);               // "Thu, 01 Jan 1970 00:00:00 GMT"
bool same_name(std::string_view a, std::string_view b);  // of headers and tokens: ASCII case does not matter
// Is `token` one of the comma-separated values of any header of this name?
bool has_token(const Headers& headers, std::string_view name, std::string_view token);

}  // namespace podramp::http
