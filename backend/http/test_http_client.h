// A server and raw sockets that talk to it, on one thread: each wait lets the server run a little. Only for tests.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "backend/http/http_server.h"

namespace podramp::http {

using Clock = std::chrono::steady_clock;

// Runs the server until `done`, at most two seconds.
inline bool pump(HttpServer& server, const std::function<bool()>& done) {
  const auto end = Clock::now() + std::chrono::seconds(2);
  while (!done()) {
    if (Clock::now() > end) return false;
    server.run_until(Clock::now() + std::chrono::milliseconds(1));
  }
  return true;
}

inline void pump_for(HttpServer& server, Milliseconds time) { server.run_until(Clock::now() + time); }

class RawClient {
 public:
  explicit RawClient(HttpServer& server) : server_(server), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }
  // Keeps the kernel from taking much off the server's hands.
  void small_window() {
    const int bytes = 4096;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  // False when the server has reset or closed the connection.
  bool send(std::string_view bytes) {
    bool fine = true;
    pump(server_, [&] {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      fine = sent >= 0 || errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS;
      return bytes.empty() || !fine;
    });
    return fine && bytes.empty();
  }
  // All that has come until it holds `part` or the connection ends.
  const std::string& read_until(std::string_view part) {
    pump(server_, [&] {
      take();
      return is_over_ || got_.find(part) != std::string::npos;
    });
    return got_;
  }
  std::string read_all() {
    pump(server_, [&] {
      take();
      return is_over_;
    });
    return got_;
  }
  bool is_over() {
    take();
    return is_over_;
  }
  void forget() { got_.clear(); }

 private:
  void take() {
    char piece[16384];
    for (;;) {
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n > 0) got_.append(piece, static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN)) is_over_ = true;
      if (n <= 0) return;
    }
  }

  HttpServer& server_;
  int fd_;
  std::string got_;
  bool is_over_ = false;
};

// Answers "METHOD TARGET body-size" unless told otherwise.
inline Response echo(const Request& request) {
  return {200,
          {{"Content-Type", "text/plain"}},
          request.method + " " + request.target + " " + std::to_string(request.body.size())};
}

inline std::unique_ptr<HttpServer> serve(ServerConfig config, Handler handler) {
  auto server = HttpServer::listen(std::move(config), std::move(handler));
  if (server) return std::move(*server);
  ADD_FAILURE() << server.error().message;
  return nullptr;
}
inline std::unique_ptr<HttpServer> serve_echo(ServerLimits limits = {}) {
  return serve({"127.0.0.1", 0, std::nullopt, limits},
               [](const Request& request, const Responder& responder) { responder.send(echo(request)); });
}

inline std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}
inline std::string status_line(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

}  // namespace podramp::http
