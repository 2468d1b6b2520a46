// API requests of one backend: call ids, who waits for which reply, and the fabric8 client's own retries (K85).
// A logical request may take several calls; its owner sees one Completed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "backend/port/step.h"

namespace podramp::backend {

inline constexpr int kGone = 410;  // a watch or list asked for what is forgotten (K18)

// The part of the backend that waits for a reply.
enum class CallOwner : std::uint8_t { allocator, lifecycle, poll, watch, driver, stop, maintenance, config_map };

// K85: up to `retries_max` retries, waiting initial * 2^min(i, exponent_max) (0.1 ... 3.2 s), at least Retry-After; on
// 429, every code >= 500 and transport failures, for any verb. Not on 403, 404, 409, 422.
struct RetryPolicy {
  int retries_max = 10;
  DurationUs initial_us = 100 * kMillisecondUs;
  int exponent_max = 5;
  DurationUs request_timeout_us = 10 * kSecondUs;  // of each attempt; not for watches
};
inline constexpr RetryPolicy kNoRetries{.retries_max = 0};  // the 2.2 fork's client (01 0)

// A logical request has its final answer.
struct Completed {
  CallOwner owner = CallOwner::allocator;
  CallId call;  // the call that was answered; for a watch its id from now on
  ApiReply reply;
  std::uint64_t request = 0;  // what start() returned
};

// For people: "403 Forbidden: pods is forbidden ...", or the transport's failure.
std::string describe_failure(const ApiReply& reply);

class ApiCalls {
 public:
  explicit ApiCalls(RetryPolicy policy) : policy_(policy) {}

  // Emits out::Called; the owner is told through Completed later.
  struct Started {
    std::uint64_t number = 0;  // of the logical request: Completed::number
    CallId call;               // its first attempt
  };
  Started start(CallOwner owner, ApiRequest request, Outbox& out);
  // nullopt: retried later (a call_retry timer is armed), or nobody waits for this call any more.
  std::optional<Completed> on_reply(TimeUs now, const in::Replied& replied, Outbox& out);
  void on_retry_due(std::uint64_t arg, Outbox& out);
  // Forgets all that is under way for this owner: replies are ignored, retries cancelled.
  void abandon(CallOwner owner, Outbox& out);
  bool pending(CallOwner owner) const;

 private:
  struct Logical {
    CallOwner owner;
    ApiRequest request;
    int attempt = 1;
  };
  CallId call(std::uint64_t logical, Outbox& out);

  RetryPolicy policy_;
  std::uint64_t next_call_ = 0;
  std::uint64_t next_logical_ = 0;
  std::map<std::uint64_t, Logical> logical_;  // by number; retry timers carry it
  std::map<CallId, std::uint64_t> calls_;     // under way -> logical
};

}  // namespace podramp::backend
