// Bytes -> Requests, without sockets: Beast's parser behind a value interface, with the checks that it leaves to us.
// Fed by connection.cpp, by tests and by the fuzzer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backend/http/chunked_body.h"
#include "backend/http/http_server.h"

namespace podramp::http {

class RequestReader {
 public:
  enum class State {
    head,    // waits for (more of) a start line and headers
    body,    // has them, waits for more of the body
    done,    // take() gives the request
    refused  // refusal() says why; nothing more can be read
  };
  struct Refusal {
    int status = 400;
    std::string why;
  };

  explicit RequestReader(const ServerLimits& limits);
  ~RequestReader();

  // Reads on in `bytes`, which must begin with what the call before left over; returns how many are used up. Stops
  // behind the end of one request.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  const Refusal& refusal() const { return refusal_; }
  // While in `body`: the client waits for "100 Continue" before it sends on.
  bool expects_continue() const { return expects_continue_; }
  bool keeps_alive() const { return keeps_alive_; }
  bool is_http10() const { return is_http10_; }
  Request take();  // and begins anew

 private:
  struct Parser;
  std::size_t feed_chunks(std::string_view bytes);
  void check_head();
  void refuse(int status, std::string why);

  ServerLimits limits_;
  std::unique_ptr<Parser> parser_;
  ChunkedBody chunks_;
  State state_ = State::head;
  Refusal refusal_;
  bool expects_continue_ = false;
  bool keeps_alive_ = true;
  bool is_http10_ = false;
  std::size_t head_bytes_ = 0;  // used up so far
};

// "http://host:1/a?b" -> "/a?b", as a client sends to what it takes for a proxy; anything else stays.
std::string origin_form(std::string_view target);

}  // namespace podramp::http
