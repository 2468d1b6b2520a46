// API requests to a real cluster: ApiRequests go out as HTTP, answers and watch events come back as the backend's
// inputs. One thread, the owner's: turn() waits, and gives what came. It renews credentials once when they are refused;
// it never retries by itself, because Spark's client does (backend/api_calls.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/live/cluster_access.h"
#include "backend/live/http_client.h"
#include "backend/live/live_clock.h"
#include "backend/port/step.h"

namespace podramp::live {

// in::Replied, in::Watched or in::WatchClosed for the session that called.
struct Delivery {
  std::uint32_t session = 0;
  Input input;
};

class ClusterClient {
 public:
  // access and clock must outlive it.
  ClusterClient(ClusterAccess& access, const LiveClock& clock) : access_(access), clock_(clock) {}

  // Answered by exactly one in::Replied, unless it is released before. A watch that opened goes on with in::Watched
  // and ends with in::WatchClosed.
  void call(std::uint32_t session, CallId call, const ApiRequest& request);
  void release(std::uint32_t session, CallId call);
  // Waits until something comes, at most so long.
  std::vector<Delivery> turn(DurationUs wait_us);

  // One request and its answer, for what is asked before and after a session. What comes for sessions meanwhile stays
  // for the next turn.
  ApiReply ask(const ApiRequest& request);
  // The same of any URL of the server; the reply's body is what it said.
  HttpReply ask(const std::string& method, const std::string& target, const std::string& body, DurationUs timeout_us);

  const ClusterAccess& access() const { return access_; }
  WallZero zero() const { return clock_.zero(); }

 private:
  using Key = std::pair<std::uint32_t, CallId>;
  struct Exchange {
    Key key;
    ApiRequest request;
    HttpId id = 0;
    bool renewed = false;  // credentials, once
    bool open = false;     // of a watch
    std::string line;      // of a watch, not yet whole; or the body of a refusal
    int status = 0;
    Headers headers;
    TimeUs give_up_us = 0;  // of a watch that does not open
  };

  void start(Exchange& exchange);
  void replied(const Key& key, const HttpReply& reply);
  void watch_opened(const Key& key, int status, const Headers& headers);
  void watch_received(const Key& key, std::string_view bytes);
  void watch_ended(const Key& key, const HttpReply& reply);
  bool try_again(Exchange& exchange, int status);
  void close_watch(const Key& key, int code, std::string reason);
  void deliver(const Key& key, Input input);
  void give_up_late();

  ClusterAccess& access_;
  const LiveClock& clock_;
  HttpClient http_;
  std::map<Key, Exchange> exchanges_;
  std::vector<Delivery> arrived_;
};

inline constexpr std::size_t kWatchLineMax = 16U << 20U;  // a longer event ends its watch

}  // namespace podramp::live
