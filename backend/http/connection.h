// The life of one connection: handshake, request after request in order, each with its answer, timeouts, the end.
// Private to backend/http. Next: request_reader.h (what is read), exchange.h (who answers), byte_stream.h.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/http/byte_stream.h"
#include "backend/http/http_server.h"
#include "backend/http/request_reader.h"

namespace podramp::http {

class Exchange;
class WebSocketSession;

// What all connections of a server share.
struct Shared {
  asio::io_context loop{1};
  ServerLimits limits;
  Handler handler;
  ErrorPage error_page;
  bool stopped = false;
  std::vector<std::weak_ptr<WebSocketSession>> websockets;  // since the last look; some are over

  Response refusal(int status, std::string_view why) const;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // on_closed is called once, from the loop, when it is over.
  Connection(Shared& shared, std::unique_ptr<ByteStream> stream, std::string peer, std::function<void()> on_closed);
  ~Connection();

  void start(bool is_refused);  // is_refused: there are too many; says so and closes
  void close();

  // Of the exchange that is under way; its calls, exchange.cpp.
  void respond(Exchange& exchange, Response response);
  void begin_stream(Exchange& exchange, int status, const Headers& headers);
  void write_stream(Exchange& exchange, std::string_view bytes);
  void end_stream(Exchange& exchange);
  std::size_t waiting() const { return out_.size() + writing_.size() - written_; }
  std::shared_ptr<WebSocketSession> upgrade(Exchange& exchange, const std::string& protocol);
  asio::io_context& loop() { return shared_.loop; }

 private:
  enum class Phase { handshake, reading, answering, finishing, closed };

  void read();
  void on_read(const error_code& error, std::size_t bytes);
  void on_input_end(const error_code& error);
  void advance();
  void dispatch();
  void refuse(int status, std::string_view why);
  void send(std::string bytes);
  void write_on();
  void on_written(const error_code& error, std::size_t bytes);
  void answered();
  void finish();
  void arm(asio::steady_timer& timer, Milliseconds time);
  void on_time_out(bool writing);

  Shared& shared_;
  std::unique_ptr<ByteStream> stream_;
  std::string peer_;
  std::function<void()> on_closed_;
  RequestReader reader_;
  asio::steady_timer read_timer_;
  asio::steady_timer write_timer_;
  Phase phase_ = Phase::handshake;
  std::string in_;  // read and not yet used
  std::array<char, 16 << 10> piece_{};
  std::string out_;      // to be written
  std::string writing_;  // being written, from written_ on
  std::size_t written_ = 0;
  std::weak_ptr<Exchange> exchange_;
  Request upgrade_request_;
  bool reading_ = false;
  bool half_closed_ = false;  // the client sends no more
  bool keep_alive_ = true;
  bool answer_is_whole_ = false;  // all of it is in out_ or written
  bool asks_for_websocket_ = false;
  bool told_to_continue_ = false;
  bool body_timed_ = false;
  bool is_idle_ = true;  // between two requests, or before the first
};

}  // namespace podramp::http
