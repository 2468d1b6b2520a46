#include "backend/http/exchange.h"

#include <algorithm>

#include "backend/http/connection.h"
#include "backend/http/websocket.h"
#include "backend/http/wire.h"

namespace podramp::http {

Exchange::~Exchange() {
  const auto connection = connection_.lock();
  if (connection == nullptr || state_ == State::done) return;
  if (state_ == State::streaming) {
    // From the loop: the handle may have gone inside one of the connection's own calls.
    asio::post(connection->loop(), [connection] { connection->close(); });
  } else {
    connection->respond(*this, Response{500, {}, "the request was not answered"});
  }
}

void Exchange::respond(Response response) {
  const auto connection = connection_.lock();
  if (connection == nullptr || state_ != State::open) return;
  state_ = State::done;
  connection->respond(*this, std::move(response));
}

void Exchange::begin_stream(int status, const Headers& headers) {
  const auto connection = connection_.lock();
  if (connection == nullptr || state_ != State::open) return;
  state_ = State::streaming;
  connection->begin_stream(*this, status, headers);
}

void Exchange::write(std::string_view bytes) {
  if (const auto connection = connection_.lock(); connection != nullptr && state_ == State::streaming) {
    connection->write_stream(*this, bytes);
  }
}

void Exchange::end() {
  const auto connection = connection_.lock();
  if (connection == nullptr || state_ != State::streaming) return;
  state_ = State::done;
  on_gone_ = nullptr;
  connection->end_stream(*this);
}

std::shared_ptr<WebSocketSession> Exchange::upgrade(const std::string& protocol) {
  const auto connection = connection_.lock();
  if (connection == nullptr || state_ != State::open) return nullptr;
  state_ = State::done;
  return connection->upgrade(*this, protocol);
}

bool Exchange::is_streaming() const { return state_ == State::streaming && !connection_.expired(); }

std::size_t Exchange::waiting() const {
  const auto connection = connection_.lock();
  return connection == nullptr ? 0 : connection->waiting();
}

void Exchange::on_gone(std::function<void()> call) {
  if (state_ == State::streaming) on_gone_ = std::move(call);
}

void Exchange::gone(Connection& connection) {
  connection_.reset();
  state_ = State::done;
  if (on_gone_ != nullptr) asio::post(connection.loop(), std::exchange(on_gone_, nullptr));
}

void Stream::write(std::string_view bytes) { exchange_->write(bytes); }
void Stream::end() { exchange_->end(); }
bool Stream::is_open() const { return exchange_->is_streaming(); }
std::size_t Stream::waiting() const { return exchange_->waiting(); }
void Stream::on_gone(std::function<void()> call) { exchange_->on_gone(std::move(call)); }

void Responder::send(Response response) const { exchange_->respond(std::move(response)); }
Stream Responder::begin_stream(int status, const Headers& headers) const {
  exchange_->begin_stream(status, headers);
  return Stream(exchange_);
}
WebSocket Responder::accept_websocket(const std::string& protocol) const {
  auto handle = std::make_shared<WebSocketHandle>();
  handle->session = exchange_->upgrade(protocol);
  return WebSocket(std::move(handle));
}

bool wants_websocket(const Request& request) {
  return request.method == "GET" && has_token(request.headers, "Upgrade", "websocket") &&
         has_token(request.headers, "Connection", "Upgrade") &&
         find_header(request.headers, "Sec-WebSocket-Key").has_value();
}

std::vector<std::string> offered_protocols(const Request& request) {
  std::vector<std::string> offered;
  for (const auto& [name, value] : request.headers) {
    if (!same_name(name, "Sec-WebSocket-Protocol")) continue;
    std::string one;
    for (const char c : value + ",") {
      if (c == ',') {
        if (!one.empty()) offered.push_back(std::exchange(one, ""));
      } else if (c != ' ' && c != '\t') {
        one += c;
      }
    }
  }
  return offered;
}

}  // namespace podramp::http
