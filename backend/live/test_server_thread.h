// An HTTP server on a thread of its own, for clients that wait for their answers. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backend/http/http_server.h"

namespace podramp::live {

// The handler runs on that thread.
class ServerThread {
 public:
  explicit ServerThread(http::Handler handler, http::ServerConfig config = {}) {
    auto listening = http::HttpServer::listen(std::move(config), std::move(handler));
    EXPECT_TRUE(listening.has_value()) << (listening ? "" : listening.error().message);
    server_ = std::move(*listening);
    url_ = server_->url();
    thread_ = std::thread([this] {
      while (!ended_) {
        server_->run_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
        for (const auto& act : taken()) act();
      }
      server_.reset();
    });
  }
  ~ServerThread() { end(); }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  // Cuts all connections, and nobody listens any more.
  void end() {
    if (!thread_.joinable()) return;
    ended_ = true;
    server_->wake();
    thread_.join();
  }
  // On the server's thread, soon: whatever touches its streams.
  void run(std::function<void()> act) {
    const std::lock_guard guard(mutex_);
    acts_.push_back(std::move(act));
    server_->wake();
  }
  const std::string& url() const { return url_; }

 private:
  std::vector<std::function<void()>> taken() {
    const std::lock_guard guard(mutex_);
    return std::exchange(acts_, {});
  }

  std::string url_;
  std::mutex mutex_;
  std::vector<std::function<void()>> acts_;
  std::unique_ptr<http::HttpServer> server_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace podramp::live
