// podramp serve: the fake cluster of a run behind an HTTP server, paced by the wall clock, on one thread. It stands
// between the engine and the kernel (experiment.h, RunHost): after each turn it lets the HTTP server work until the
// next event of the run is due on the wall, and hands what clients ask for to the kernel as requests of guests
// (kernel.h). What requests mean: fakeapi/http/front.h. Not here: the command line (cmd_serve.cpp).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/http/http_server.h"
#include "fakeapi/http/audit.h"
#include "fakeapi/http/front.h"
#include "sim/experiment.h"
#include "sim/local_processes.h"
#include "sim/served_pages.h"

namespace podramp::sim {

using WallClock = std::chrono::steady_clock;

struct ServeOptions {
  http::ServerConfig server;
  std::int64_t speed_percent = 100;                       // of the wall clock's pace; 0: as fast as it can
  std::map<std::string, fakeapi::rest::Caller> tokens{};  // by bearer token; empty: whoever comes is let in
  WallZero zero;                                          // what the run's time 0 is on the wall
  LocalProcesses* processes = nullptr;                    // null: all are simulated; it must outlive the run
  std::function<void(std::string_view line)> audit{};     // takes each line of the audit log; empty: nobody wants it
  ServedPages* pages = nullptr;                           // beside the API; null: none. They must outlive the run
};

class ServedCluster final : public RunHost {
 public:
  // Listens at once; answers once the run has begun.
  static Result<std::unique_ptr<ServedCluster>> listen(ServeOptions options);
  ~ServedCluster() override;

  std::string url() const { return server_->url(); }
  std::uint16_t port() const { return server_->port(); }
  void stop();  // from a signal handler or another thread

  EventSink& timeline() { return timeline_; }  // has to hear every event of the run

  void attach(Kernel& kernel, const fakeapi::Cluster& cluster) override;
  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override;

 private:
  using CallKey = std::pair<fakeapi::ClientId, std::uint64_t>;

  // One request that is with the cluster, or a watch that is open.
  struct Pending {
    fakeapi::rest::Passed passed;
    std::optional<http::Responder> responder;  // until it is answered
    std::optional<http::Stream> stream;        // of a watch
    std::optional<http::WebSocket> socket;
    bool wants_socket = false;
    fakeapi::rest::AuditEntry audit;
  };
  struct FollowedLog {
    fakeapi::rest::LogAsked asked;
    http::Stream stream;
    std::size_t written = 0;  // lines
  };

  explicit ServedCluster(ServeOptions options) : options_(std::move(options)) {}

  void receive(http::Request request, http::Responder responder);
  void note(const fakeapi::rest::AuditEntry& entry, int code, const std::string& name = "") const;
  std::optional<fakeapi::rest::Caller> authenticate(const http::Request& request) const;
  void pass(fakeapi::ClientId client, Pending pending);
  void told(fakeapi::ClientId client, const Input& input);
  void answered(const CallKey& key, const ApiReply& reply);
  void open_watch(const CallKey& key, Pending& pending);
  void send_lines(Pending& pending, const std::string& lines);
  void end_watch(const CallKey& key, const std::string& last);
  void hang_up(const CallKey& key);
  void crashed(fakeapi::ClientId client);
  void read_log(const fakeapi::rest::LogAsked& asked, const http::Responder& responder);
  void follow_logs();
  bool attend_processes();
  void hang_up_all();
  void enforce(const ApiRequest& request, const ApiReply& reply);
  fakeapi::ClientId guest_of(const http::Request& request, const fakeapi::rest::Caller& caller);

  fakeapi::rest::Scene scene() const;
  TimeUs now() const;  // the run's time as the wall has it; never before the kernel's
  WallClock::time_point wall_of(TimeUs t) const;

  ServeOptions options_;
  std::unique_ptr<http::HttpServer> server_;
  fakeapi::rest::Front front_;
  fakeapi::rest::PodTimeline timeline_;
  Kernel* kernel_ = nullptr;
  const fakeapi::Cluster* cluster_ = nullptr;
  WallClock::time_point started_;
  std::map<std::pair<std::string, std::string>, fakeapi::ClientId> guests_;  // by user and program
  std::map<fakeapi::ClientId, std::uint64_t> calls_;                         // made by each so far
  std::map<CallKey, Pending> pending_;
  std::vector<FollowedLog> logs_;
  std::uint64_t requests_ = 0;
  std::optional<TimeUs> asked_at_;  // the first request since the last turn
  std::atomic<bool> stopped_ = false;
};

}  // namespace podramp::sim
