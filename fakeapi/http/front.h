// START HERE for "what does the served cluster answer": an HTTP request in, and out comes either its answer or the
// ApiRequest to put to the fake API server; later that one's reply in, its answer out. No sockets, no clock; nothing
// that a client sends makes it throw. Next: request_reader_json.cpp (what requests mean), answer_writer_json.cpp,
// discovery.h, patches.h, managed_fields.h. Who listens and when: sim/serve.h.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backend/http/message.h"
#include "backend/port/api.h"
#include "fakeapi/http/caller.h"
#include "fakeapi/http/managed_fields.h"
#include "fakeapi/http/media_types.h"
#include "fakeapi/http/request_target.h"
#include "fakeapi/http/secrets.h"
#include "fakeapi/http/table.h"
#include "fakeapi/http/views.h"

namespace podramp::fakeapi::rest {

// A request for the API server, and how its reply is to be shown.
struct Passed {
  ApiRequest request;
  std::string subresource;  // as in the path
  AcceptedForm form;
  RowObject include = RowObject::metadata;
  std::optional<http::Request> original;  // of a patch: it is read again when the object changes under it
  int attempt = 1;
  bool is_delete_of_many = false;
  std::optional<FieldWrite> fields;           // who sets what, once it is done
  std::optional<std::string> managed_fields;  // ... or metadata.managedFields as the client rewrites them, as JSON
};

// GET of pods/log: its text, now and as it grows.
struct LogAsked {
  std::string pod;  // "namespace/name"
  std::string container;
  bool follow = false;
  bool timestamps = false;
  bool previous = false;
  std::optional<std::int64_t> tail_lines;
  std::optional<std::int64_t> since_s;
};

using Verdict = std::variant<http::Response, Passed, LogAsked>;

class Front {
 public:
  Verdict receive(const http::Request& request, const Caller& caller, const Scene& scene);
  // The answer to what was passed on; or, when a patch met a change by somebody else, the next attempt. A reply that
  // failed in transport has status 0: the connection is to be cut.
  std::variant<http::Response, Passed> answer(const Passed& passed, const ApiReply& reply, const Scene& scene);

  // A watch: one line for each event, with its newline; "" for what this client does not want to hear.
  std::string event_line(const Passed& watch, const WatchEvent& event, const Scene& scene);
  // ... and what it says before it ends: an ERROR with a Status for code 410 and the like, "" for a plain end.
  static std::string closing_line(int code, const std::string& reason);

 private:
  friend class RequestReader;
  friend class AnswerWriter;

  SecretVault secrets_;
  ManagedFields managed_;
};

// The lines of a container's log from its `from`th on; an error when there is none to read (400, 404). Simulated
// processes say little: when they started and how they ended.
struct LogText {
  std::vector<std::string> lines;
  std::size_t next = 0;  // what has not been read yet begins there
};
Result<LogText> log_lines(const LogAsked& asked, const Scene& scene, std::size_t from = 0);
bool log_may_grow(const LogAsked& asked, const Scene& scene);

}  // namespace podramp::fakeapi::rest
