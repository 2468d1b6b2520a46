// HTTP requests and responses as values: what a server hands to its handler and takes back. No sockets and no Beast
// here, so that a handler is tested with plain structs. Read next: http_server.h (who sends and receives them).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace podramp::http {

// Names as they came; compared without regard to case. The order of equal names is kept.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The first value, nullopt when there is none.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method;  // "GET", as it came
  std::string target;  // path and query, undecoded: "/api/v1/pods?limit=5"
  Headers headers;
  std::string body;         // whole, chunks put together
  std::string peer;         // address of the client, for messages: "127.0.0.1:5123"
  std::string certificate;  // subject of a verified client certificate ("O=a,CN=b"); "" without
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Date, Connection and Transfer-Encoding are the server's
  std::string body;
};

}  // namespace podramp::http
