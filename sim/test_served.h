// For tests only: a served cluster on a thread of its own, and plain sockets that talk to it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "sim/furnish.h"
#include "sim/served_cluster.h"
#include "sim/test_runs.h"

namespace podramp::sim {

class BlockingClient {
 public:
  explicit BlockingClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  BlockingClient(BlockingClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), got_(std::move(other.got_)) {}
  ~BlockingClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  // The kernel keeps little for it.
  void take_little() const {
    const int bytes = 4096;
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
  }
  void send(std::string_view bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void ask(const std::string& method, const std::string& target, const std::string& body = "",
           const std::string& headers = "") {
    send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tester/1\r\n" + headers +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // All that has come, once it holds `part` so often, or after 20 s without it.
  const std::string& read_until(std::string_view part, std::size_t times = 1) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (count(part) < times && std::chrono::steady_clock::now() < end) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char piece[65536];
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) break;
      got_.append(piece, static_cast<std::size_t>(n));
    }
    EXPECT_GE(count(part), times) << part;
    return got_;
  }
  // The server hangs up within 20 s.
  bool is_cut() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char piece[65536];
      if (::recv(fd_, piece, sizeof piece, 0) <= 0) return true;
    }
    return false;
  }
  std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (std::size_t at = got_.find(part); at != std::string::npos; at = got_.find(part, at + part.size())) ++found;
    return found;
  }

 private:
  int fd_;
  std::string got_;
};

class ServedRun {
 public:
  explicit ServedRun(ServeOptions options = {}, std::string log_path = "", std::vector<fakeapi::FaultSpec> faults = {})
      : ServedRun(std::move(options), std::move(log_path), playground(std::move(faults))) {}
  // options.pages hear the run as well.
  ServedRun(ServeOptions options, std::string log_path, Scenario scenario) {
    options.server.port = 0;
    scenario.cluster.real_processes = options.processes != nullptr;
    ServedPages* pages = options.pages;
    auto served = ServedCluster::listen(std::move(options));
    EXPECT_TRUE(served) << served.error().message;
    served_ = std::move(*served);
    furnish(scenario);
    thread_ = std::thread([this, log_path, scenario = std::move(scenario), pages] {
      RunOptions run;
      run.engine = EngineKind::fluid;
      run.log_path = log_path;
      run.host = served_.get();
      run.more_sinks = {&served_->timeline()};
      if (pages != nullptr) run.more_sinks.push_back(pages);
      run.livelock_items = UINT64_MAX;
      EXPECT_TRUE(run_experiment(scenario, run));
    });
  }
  ~ServedRun() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    served_->stop();
    thread_.join();
  }
  BlockingClient client() const { return BlockingClient(served_->port()); }

 private:
  static Scenario playground(std::vector<fakeapi::FaultSpec> faults) {
    Scenario scenario = shipped_scenario("playground.json");
    scenario.cluster.faults = std::move(faults);
    return scenario;
  }

  std::unique_ptr<ServedCluster> served_;
  std::thread thread_;
};

}  // namespace podramp::sim
