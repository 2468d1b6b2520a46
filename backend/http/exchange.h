// One request and its answer: what the handles Responder and Stream share. It knows its connection only as long as
// that lives, and sees to it that no request stays without an answer. Private to backend/http.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/http/http_server.h"

namespace podramp::http {

class Connection;
class WebSocketSession;

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  enum class State { open, streaming, done };

  // head: of a HEAD request, whose answer has no body. old: of HTTP/1.0.
  Exchange(std::weak_ptr<Connection> connection, bool head, bool old)
      : head_only(head), http10(old), connection_(std::move(connection)) {}
  ~Exchange();

  void respond(Response response);
  void begin_stream(int status, const Headers& headers);
  void write(std::string_view bytes);
  void end();
  std::shared_ptr<WebSocketSession> upgrade(const std::string& protocol);
  bool is_streaming() const;
  std::size_t waiting() const;
  void on_gone(std::function<void()> call);

  // The connection is over: who asked to hear of it does, from the loop.
  void gone(Connection& connection);

  const bool head_only;
  const bool http10;

 private:
  std::weak_ptr<Connection> connection_;
  State state_ = State::open;
  std::function<void()> on_gone_;
};

}  // namespace podramp::http
