#include "backend/http/http_server.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>

#include "backend/http/connection.h"
#include "backend/http/websocket.h"

namespace podramp::http {

// Where connections come in. Lives as long as the server; what is under way in its loop does not outlive it.
class HttpServer::Core {
 public:
  explicit Core(ServerConfig config, Handler handler, ErrorPage error_page)
      : config_(std::move(config)),
        acceptor_(shared_.loop),
        pause_(shared_.loop),
        wake_event_(shared_.loop),
        work_(shared_.loop.get_executor()) {
    shared_.limits = config_.limits;
    shared_.handler = std::move(handler);
    shared_.error_page = std::move(error_page);
  }
  ~Core() { stop(); }

  Result<void> listen();
  bool run_until(std::chrono::steady_clock::time_point date);
  void wake() {
    woken_ = true;
    const std::uint64_t one = 1;
    if (wake_fd_ >= 0) [[maybe_unused]]
      const auto ignored = ::write(wake_fd_, &one, sizeof one);
  }
  void stop();
  std::uint16_t port() const { return port_; }
  std::string url() const;
  std::size_t connections() const { return connections_.size(); }

 private:
  void accept();
  void take_in(asio::ip::tcp::socket socket);
  void wait_for_wake();

  ServerConfig config_;
  Shared shared_;
  std::unique_ptr<TlsContext> tls_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::posix::stream_descriptor wake_event_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  // by number, in the order they came
  std::uint64_t next_number_ = 1;
  std::uint16_t port_ = 0;
  int wake_fd_ = -1;
  std::uint64_t wakes_ = 0;
  std::atomic<bool> woken_ = false;
};

namespace {

// How many that are one too many are told so, at a time; beyond, they are only closed.
constexpr std::size_t kRefusedMax = 64;

Error cannot_listen(const ServerConfig& config, const std::string& why) {
  return {fmt::format("cannot listen on {}:{}: {}: choose another address or port", config.address, config.port, why)};
}

}  // namespace

Result<void> HttpServer::Core::listen() {
  if (config_.tls) {
    auto tls = load_tls(*config_.tls);
    if (!tls) return tl::unexpected(tls.error());
    tls_ = std::move(*tls);
  }
  error_code error;
  const std::string address = config_.address == "localhost" ? "127.0.0.1" : config_.address;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address, error), config_.port);
  if (error) return tl::unexpected(cannot_listen(config_, "it is no IP address"));
  const auto step = [&](auto call) {
    if (!error) call();
  };
  step([&] { acceptor_.open(endpoint.protocol(), error); });
  step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
  step([&] { acceptor_.bind(endpoint, error); });
  step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
  if (error) return tl::unexpected(cannot_listen(config_, error.message()));
  port_ = acceptor_.local_endpoint(error).port();
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd_ < 0) return tl::unexpected(cannot_listen(config_, "there are no more file descriptors"));
  wake_event_.assign(wake_fd_, error);
  wait_for_wake();
  accept();
  return {};
}

std::string HttpServer::Core::url() const {
  const bool v6 = config_.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", tls_ == nullptr ? "http" : "https", v6 ? "[" : "", config_.address,
                     v6 ? "]" : "", port_);
}

void HttpServer::Core::wait_for_wake() {
  wake_event_.async_read_some(asio::buffer(&wakes_, sizeof wakes_), [this](const error_code& error, std::size_t) {
    if (error != asio::error::operation_aborted) wait_for_wake();
  });
}

void HttpServer::Core::accept() {
  acceptor_.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
    if (shared_.stopped) return;
    if (!error) {
      take_in(std::move(socket));
      return accept();
    }
    // Out of file descriptors, say: others will be closed.
    pause_.expires_after(Milliseconds(50));
    pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && !shared_.stopped) accept();
    });
  });
}

void HttpServer::Core::take_in(asio::ip::tcp::socket socket) {
  if (connections_.size() >= config_.limits.connections + kRefusedMax) return;  // closes it
  error_code error;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  const auto from = socket.remote_endpoint(error);
  if (error) return;
  const std::string peer = fmt::format("{}:{}", from.address().to_string(error), from.port());
  const bool is_refused = connections_.size() >= config_.limits.connections;
  auto stream = tls_ == nullptr ? make_plain_stream(std::move(socket)) : make_tls_stream(std::move(socket), *tls_);
  const std::uint64_t number = next_number_++;
  const auto connection =
      std::make_shared<Connection>(shared_, std::move(stream), peer, [this, number] { connections_.erase(number); });
  connections_[number] = connection;
  connection->start(is_refused);
}

bool HttpServer::Core::run_until(std::chrono::steady_clock::time_point date) {
  shared_.loop.restart();
  while (!woken_ && shared_.loop.run_one_until(date) > 0) {
  }
  // What is ready at the date, but not for ever.
  constexpr int kReadyMax = 1'000;
  for (int i = 0; i < kReadyMax && !woken_ && shared_.loop.poll_one() > 0; ++i) {
  }
  return woken_.exchange(false);
}

void HttpServer::Core::stop() {
  shared_.stopped = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  const auto open = connections_;
  for (const auto& [number, connection] : open) connection->close();
  for (const auto& weak : std::exchange(shared_.websockets, {})) {
    if (const auto session = weak.lock()) session->cut();
  }
}

HttpServer::HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(ServerConfig config, Handler handler, ErrorPage error_page) {
  auto core = std::make_shared<Core>(std::move(config), std::move(handler), std::move(error_page));
  if (const auto listening = core->listen(); !listening) return tl::unexpected(listening.error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

std::uint16_t HttpServer::port() const { return core_->port(); }
std::string HttpServer::url() const { return core_->url(); }
bool HttpServer::run_until(std::chrono::steady_clock::time_point date) { return core_->run_until(date); }
void HttpServer::wake() { core_->wake(); }
void HttpServer::stop() { core_->stop(); }
std::size_t HttpServer::connections() const { return core_->connections(); }

}  // namespace podramp::http
