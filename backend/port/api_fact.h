// Facts of the API server itself: requests that it refuses or lets wait, seats that move between priority levels,
// history that it forgets. What requests do to objects is told by facts of its own (fact.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/api.h"

namespace podramp::fact {

// The API server answered a request with an error (K4-K9), or let it fail in transport.
struct RequestRefused {
  static constexpr std::string_view kType = "fact.request_refused";
  std::string client;
  Verb verb = Verb::get;
  std::string resource;  // of another kind than pods
  std::string name;
  int code = 0;
  std::string reason;
  std::string message;
  static void fields(auto& visit, auto& self) {
    visit("client", self.client);
    visit("verb", self.verb);
    visit("resource", self.resource);
    visit("name", self.name);
    visit("code", self.code);
    visit("reason", self.reason);
    visit("message", self.message);
  }
};

// Priority and fairness makes a request wait for a seat (K89-K91).
struct RequestQueued {
  static constexpr std::string_view kType = "fact.request_queued";
  std::string client;
  Verb verb = Verb::get;
  std::string resource;    // "" for pods
  std::string name;        // "" when it names no object
  std::string level;       // "workload-low"
  std::int64_t ahead = 0;  // requests that wait in its queue already
  static void fields(auto& visit, auto& self) {
    visit("client", self.client);
    visit("verb", self.verb);
    visit("resource", self.resource);
    visit("name", self.name);
    visit("level", self.level);
    visit("ahead", self.ahead);
  }
};

// A priority level has other seats than before: it borrows, or gives back (K90).
struct SeatsMoved {
  static constexpr std::string_view kType = "fact.seats_moved";
  std::string level;
  std::int64_t seats = 0;
  static void fields(auto& visit, auto& self) {
    visit("level", self.level);
    visit("seats", self.seats);
  }
};

// Watch history up to and including this version is forgotten; older watches get 410 (K18, K19).
struct HistoryTrimmed {
  static constexpr std::string_view kType = "fact.history_trimmed";
  std::uint64_t rv = 0;
  static void fields(auto& visit, auto& self) { visit("rv", self.rv); }
};

}  // namespace podramp::fact
