// A connection that has become a WebSocket (RFC 6455), by Beast's implementation over our ByteStream.
// Private to backend/http.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/http/byte_stream.h"
#include "backend/http/http_server.h"

namespace podramp::http {

struct Shared;

class WebSocketSession {
 public:
  // Answers the upgrade and begins; lives until its last call is done. leftover: bytes read behind the request.
  static std::shared_ptr<WebSocketSession> accept(Shared& shared, std::unique_ptr<ByteStream> stream,
                                                  std::string leftover, const Request& request,
                                                  const std::string& protocol, std::function<void()> on_closed);
  virtual ~WebSocketSession() = default;

  virtual void send(std::string message, bool binary) = 0;
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual void cut() = 0;  // at once
  virtual bool is_open() const = 0;
  virtual void on_message(std::function<void(std::string, bool)> call) = 0;
  virtual void on_gone(std::function<void()> call) = 0;
};

// What the copies of a WebSocket share. Not the session itself, which does not outlive the server's loop.
struct WebSocketHandle {
  std::weak_ptr<WebSocketSession> session;
  ~WebSocketHandle();
};

}  // namespace podramp::http
