// HTTP and HTTPS requests over libcurl on the owner's own thread: turn() moves bytes and calls back, nothing happens in
// between. Connections are kept and reused. The only user of libcurl; not here: what is said (cluster_client.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/time.h"

namespace podramp::live {

using Headers = std::vector<std::pair<std::string, std::string>>;

// How to reach and trust a server, and how to be known to it. All but the flag and names are PEM texts or "".
struct TlsIdentity {
  std::string ca{};           // who signs servers; "": the system's
  std::string certificate{};  // the client's own, with its chain
  std::string key{};
  std::string server_name{};  // instead of the URL's host, in SNI and in the check of the certificate
  bool insecure = false;      // any certificate will do
  friend bool operator==(const TlsIdentity&, const TlsIdentity&) = default;
};

struct HttpRequest {
  std::string method;
  std::string url;
  Headers headers{};
  std::string body{};
  DurationUs timeout_us = 0;  // for the whole exchange; 0: none
  std::shared_ptr<const TlsIdentity> tls{};
  std::string proxy{};  // "": as the environment says (HTTPS_PROXY, NO_PROXY)
};

enum class HttpFailure : std::uint8_t {
  none,
  refused,    // nothing was sent: no such host, no connection, no trust
  reset,      // the connection broke; `sent` says whether the server may have seen the request
  timed_out,  // likewise
};

// How an exchange has ended. Of a stream, status and headers were told before and body is empty.
struct HttpReply {
  HttpFailure failure = HttpFailure::none;
  bool sent = false;
  std::string error{};  // for people, without anything secret
  int status = 0;
  Headers headers{};  // names in lower case
  std::string body{};
};

using HttpId = std::uint64_t;

// Called from turn(), never from inside another call, in the order in which things came. A callback may send and
// cancel.
struct HttpCalls {
  std::function<void(HttpReply)> done;
  // With these the answer is a stream: its status, then its bytes as they come, then done. A stream has no time-out
  // once it is open; a peer that is gone is noticed by TCP keep-alive (about a minute and a half).
  std::function<void(int status, const Headers& headers)> opened{};
  std::function<void(std::string_view bytes)> received{};
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();  // open exchanges are dropped without a word
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpId send(HttpRequest request, HttpCalls calls);
  void cancel(HttpId id);  // nothing of it is called any more
  // Waits until something comes, at most so long, then tells of it. Returns at once when a signal came.
  void turn(DurationUs wait_us);
  std::size_t open() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

inline constexpr std::size_t kBodyBytesMax = 1U << 30U;  // of an answer; beyond it the connection is cut

}  // namespace podramp::live
