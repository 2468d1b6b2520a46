#include "backend/http/websocket.h"

#include <boost/asio/async_result.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>

#include "backend/http/connection.h"

namespace podramp::http {
namespace {

namespace beast = boost::beast;
namespace ws = boost::beast::websocket;

// A ByteStream as Beast wants its streams to be; first gives what was already read.
class Transport {
 public:
  using executor_type = asio::any_io_executor;

  Transport(std::unique_ptr<ByteStream> stream, std::string leftover)
      : stream_(std::move(stream)), leftover_(std::move(leftover)) {}

  executor_type get_executor() noexcept { return stream_->executor(); }
  ByteStream& bytes() { return *stream_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, asio::mutable_buffer into) { read(into, shared(std::move(handler))); }, token,
        first<asio::mutable_buffer>(asio::buffer_sequence_begin(buffers), asio::buffer_sequence_end(buffers)));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, asio::const_buffer from) { stream_->write_some(from, shared(std::move(handler))); }, token,
        first<asio::const_buffer>(asio::buffer_sequence_begin(buffers), asio::buffer_sequence_end(buffers)));
  }

 private:
  // Handlers of Beast can only be moved, ByteStream's are copied.
  template <class Call>
  static ByteStream::Done shared(Call call) {
    auto kept = std::make_shared<Call>(std::move(call));
    return [kept](const error_code& error, std::size_t bytes) { (*kept)(error, bytes); };
  }
  template <class Buffer, class Iterator>
  static Buffer first(Iterator from, Iterator to) {
    for (; from != to; ++from) {
      if (const Buffer one(*from); one.size() > 0) return one;
    }
    return Buffer();
  }
  void read(asio::mutable_buffer into, ByteStream::Done done) {
    if (leftover_.empty()) return stream_->read_some(into, std::move(done));
    const std::size_t bytes = asio::buffer_copy(into, asio::buffer(leftover_));
    leftover_.erase(0, bytes);
    asio::post(get_executor(), [done = std::move(done), bytes] { done({}, bytes); });
  }

  std::unique_ptr<ByteStream> stream_;
  std::string leftover_;
};

[[maybe_unused]] void teardown(beast::role_type, Transport& transport, error_code& error) {
  transport.bytes().close();
  error = {};
}
template <class TeardownHandler>
void async_teardown(beast::role_type, Transport& transport, TeardownHandler&& handler) {
  // Both sides have said that they close, or one has broken the rules: nothing is left to wait for.
  transport.bytes().close();
  auto kept = std::make_shared<std::decay_t<TeardownHandler>>(std::forward<TeardownHandler>(handler));
  asio::post(transport.get_executor(), [kept] { (*kept)(error_code{}); });
}
void beast_close_socket(Transport& transport) { transport.bytes().close(); }

class Session final : public WebSocketSession, public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, std::unique_ptr<ByteStream> stream, std::string leftover, std::function<void()> on_closed)
      : shared_(shared), ws_(std::move(stream), std::move(leftover)), on_closed_(std::move(on_closed)) {
    ws::stream_base::timeout limits{};
    limits.handshake_timeout = shared.limits.write_time;
    limits.idle_timeout = shared.limits.idle_time;
    limits.keep_alive_pings = true;
    ws_.set_option(limits);
    ws_.read_message_max(shared.limits.message_bytes);
    ws_.auto_fragment(false);  // one frame a message, as kube-apiserver has it: fabric8's Vert.x client counts frames
  }

  void begin(const Request& request, const std::string& protocol) {
    request_.method(beast::http::verb::get);
    request_.version(11);
    request_.target(request.target);
    for (const auto& [name, value] : request.headers) request_.insert(name, value);
    ws_.set_option(ws::stream_base::decorator([protocol](ws::response_type& response) {
      response.erase(beast::http::field::server);
      if (!protocol.empty()) response.set(beast::http::field::sec_websocket_protocol, protocol);
    }));
    ws_.async_accept(request_, [self = shared_from_this()](const error_code& error) {
      if (error) return self->end();
      self->accepted_ = true;
      self->read();
      self->write_on();
    });
  }

  void send(std::string message, bool binary) override {
    if (closing_ || ended_) return;
    waiting_bytes_ += message.size();
    if (waiting_bytes_ > shared_.limits.stream_buffer_bytes) {
      closing_ = true;
      return asio::post(shared_.loop, [self = shared_from_this()] { self->cut(); });
    }
    waiting_.push_back({std::move(message), binary});
    write_on();
  }
  void close(std::uint16_t code, std::string_view reason) override {
    if (closing_ || ended_) return;
    closing_ = true;
    on_gone_ = nullptr;
    constexpr std::size_t kReasonMax = 123;  // a control frame has 125 bytes
    reason_ = ws::close_reason(static_cast<ws::close_code>(code), std::string(reason.substr(0, kReasonMax)).c_str());
    write_on();
  }
  void cut() override {
    ws_.next_layer().bytes().close();
    end();
  }
  bool is_open() const override { return !closing_ && !ended_; }
  void on_message(std::function<void(std::string, bool)> call) override { on_message_ = std::move(call); }
  void on_gone(std::function<void()> call) override { on_gone_ = std::move(call); }

 private:
  struct Message {
    std::string text;
    bool binary = false;
  };

  void read() {
    ws_.async_read(in_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (error) return self->end();
      if (self->on_message_ != nullptr) {
        self->on_message_(beast::buffers_to_string(self->in_.data()), self->ws_.got_binary());
      }
      self->in_.clear();
      self->read();
    });
  }

  // One message at a time; the close frame behind the last.
  void write_on() {
    if (!accepted_ || writing_ || ended_) return;
    if (!waiting_.empty()) {
      writing_ = true;
      ws_.binary(waiting_.front().binary);
      ws_.async_write(asio::buffer(waiting_.front().text),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->writing_ = false;
                        if (error) return self->end();
                        self->waiting_bytes_ -= self->waiting_.front().text.size();
                        self->waiting_.pop_front();
                        self->write_on();
                      });
    } else if (closing_) {
      writing_ = true;
      ws_.async_close(reason_, [self = shared_from_this()](const error_code&) { self->end(); });
    }
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    on_message_ = nullptr;
    ws_.next_layer().bytes().close();
    if (on_gone_ != nullptr) asio::post(shared_.loop, std::exchange(on_gone_, nullptr));
    if (on_closed_ != nullptr) asio::post(shared_.loop, std::exchange(on_closed_, nullptr));
  }

  Shared& shared_;
  ws::stream<Transport, false> ws_;
  std::function<void()> on_closed_;
  beast::http::request<beast::http::empty_body> request_;
  beast::flat_buffer in_;
  std::deque<Message> waiting_;
  std::size_t waiting_bytes_ = 0;
  ws::close_reason reason_;
  std::function<void(std::string, bool)> on_message_;
  std::function<void()> on_gone_;
  bool accepted_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<WebSocketSession> WebSocketSession::accept(Shared& shared, std::unique_ptr<ByteStream> stream,
                                                           std::string leftover, const Request& request,
                                                           const std::string& protocol,
                                                           std::function<void()> on_closed) {
  const auto session = std::make_shared<Session>(shared, std::move(stream), std::move(leftover), std::move(on_closed));
  session->begin(request, protocol);
  return session;
}

WebSocketHandle::~WebSocketHandle() {
  constexpr auto kGoingAway = static_cast<std::uint16_t>(ws::close_code::going_away);
  if (const auto open = session.lock()) open->close(kGoingAway, "");
}

void WebSocket::send_text(std::string message) {
  if (const auto session = handle_->session.lock()) session->send(std::move(message), false);
}
void WebSocket::send_binary(std::string message) {
  if (const auto session = handle_->session.lock()) session->send(std::move(message), true);
}
void WebSocket::close(std::uint16_t code, std::string_view reason) {
  if (const auto session = handle_->session.lock()) session->close(code, reason);
}
bool WebSocket::is_open() const {
  const auto session = handle_->session.lock();
  return session != nullptr && session->is_open();
}
void WebSocket::on_message(std::function<void(std::string, bool)> call) {
  if (const auto session = handle_->session.lock()) session->on_message(std::move(call));
}
void WebSocket::on_gone(std::function<void()> call) {
  if (const auto session = handle_->session.lock()) session->on_gone(std::move(call));
}

}  // namespace podramp::http
