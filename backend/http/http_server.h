// A small HTTP/1.1 server for HTTP and HTTPS, on one thread that its owner lends it: run_until() handles what comes and
// returns in time, so that a loop paced by the wall clock can alternate. Requests go to one handler, which answers now
// or later, with a response, a stream of chunks, or a WebSocket. No input, of any kind, ends the process or throws.
// Next: connection.h (the life of a connection), request_reader.h (bytes to Request), message.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http/message.h"
#include "backend/port/status.h"

namespace podramp::http {

using Milliseconds = std::chrono::milliseconds;

// What a client may cost. Beyond a limit: 431, 413, 503 and 408, or the connection is closed.
struct ServerLimits {
  std::size_t header_bytes = 1 << 20;         // start line and headers; 431 (Go's own default, so the API server's)
  std::size_t body_bytes = 3 << 20;           // 413 (the API server's limit of a request)
  std::size_t connections = 1'024;            // 503 and close
  std::size_t pipeline_bytes = 64 << 10;      // read ahead while a request is being answered
  std::size_t stream_buffer_bytes = 4 << 20;  // of a stream or WebSocket that its client does not read: cut
  std::size_t message_bytes = 1 << 20;        // of one message from a WebSocket's client
  Milliseconds header_time{10'000};           // a request's first to last header byte, and the TLS handshake; 408
  Milliseconds body_time{30'000};             // its body; 408
  Milliseconds idle_time{120'000};            // between two requests
  Milliseconds write_time{30'000};            // without any byte taken by the client
  Milliseconds linger_time{1'000};            // for the client to read an answer that refuses the rest of its request
};

// PEM files. With client_ca_file a client may show a certificate; one that this CA did not sign fails the handshake.
struct TlsFiles {
  std::string certificate_file;  // the chain, the server's own first
  std::string key_file;
  std::string client_ca_file;  // "": no client certificates
};

struct ServerConfig {
  std::string address = "127.0.0.1";  // an IP address, or "localhost"
  std::uint16_t port = 0;             // 0: any free one
  std::optional<TlsFiles> tls;        // TLS 1.2 and later
  ServerLimits limits;
};

// --- what a handler answers with: handles, cheap to copy; all their calls do nothing once the client is gone ------

class Exchange;

// An answer that goes on: chunks with HTTP/1.1, bytes up to the end of the connection with HTTP/1.0. Dropping the last
// handle without end() cuts the connection, so that the client sees that something is missing.
class Stream {
 public:
  explicit Stream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void write(std::string_view bytes);  // sent as soon as the socket takes it; beyond stream_buffer_bytes: cut
  void end();
  bool is_open() const;
  std::size_t waiting() const;  // bytes that the socket has not taken yet: more than 0 while the client lags behind
  // Called once, from the loop (never inside another call), when the client is gone before end().
  void on_gone(std::function<void()> call);

 private:
  std::shared_ptr<Exchange> exchange_;
};

struct WebSocketHandle;

// Dropping the last handle closes it (going away, 1001).
class WebSocket {
 public:
  explicit WebSocket(std::shared_ptr<WebSocketHandle> handle) : handle_(std::move(handle)) {}
  void send_text(std::string message);
  void send_binary(std::string message);
  void close(std::uint16_t code, std::string_view reason);  // 1000 is a normal end
  bool is_open() const;
  void on_message(std::function<void(std::string message, bool binary)> call);
  void on_gone(std::function<void()> call);  // as of Stream; not after close()

 private:
  std::shared_ptr<WebSocketHandle> handle_;
};

// Answers one request, once; later answers are dropped. If all handles go without an answer the client gets a 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void send(Response response) const;
  Stream begin_stream(int status, const Headers& headers) const;
  // Only for a request with wants_websocket(). protocol: one of those offered, or "".
  WebSocket accept_websocket(const std::string& protocol) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

bool wants_websocket(const Request& request);
std::vector<std::string> offered_protocols(const Request& request);  // Sec-WebSocket-Protocol, in the client's order

// --- the server ----------------------------------------------------------------------------------------------------

using Handler = std::function<void(Request request, Responder responder)>;
// Words the server's own refusals (400, 408, 413, 431, 500, 501, 503); without one they are plain text.
using ErrorPage = std::function<Response(int status, std::string_view why)>;

class HttpServer {
 public:
  // Listens at once; requests wait for run_until. Errors name the address or file, and what to do.
  static Result<std::unique_ptr<HttpServer>> listen(ServerConfig config, Handler handler, ErrorPage error_page = {});
  ~HttpServer();  // cuts what is open, without a word to anyone: call stop() and run_until() first to hear of it
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::string url() const;  // "https://127.0.0.1:6443"

  // Handles connections until `date`, or until wake() was called (true), whichever is first; a date in the past handles
  // what is ready. Must not be called from inside a handler.
  bool run_until(std::chrono::steady_clock::time_point date);
  void wake();  // from any thread, and from a signal handler
  void stop();  // no new connections, and all that are open are cut; run_until then tells who wants to hear of it

  std::size_t connections() const;  // WebSockets too

 private:
  class Core;
  explicit HttpServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace podramp::http
