// Pages that a served cluster has beside its API (the live dashboard): who implements them hears every event of the
// run, answers requests for its own paths, and may speak up now and then. Nothing of it reaches the run.
#pragma once

#include <optional>
#include <string_view>

#include "backend/http/http_server.h"
#include "backend/port/event.h"
#include "fakeapi/http/caller.h"

namespace podramp::sim {

class ServedPages : public EventSink {
 public:
  virtual bool serves(std::string_view target) const = 0;
  // caller: who it is; absent: somebody whom authentication did not let in. open_to_all: nobody needs a token.
  // Returns the status of what it has answered.
  virtual int answer(const http::Request& request, const http::Responder& responder,
                     const std::optional<fakeapi::rest::Caller>& caller, bool open_to_all) = 0;
  // Called every few milliseconds with the run's time, between two turns of the run.
  virtual void attend(TimeUs now) = 0;
  // The run is over. True: something is on its way to somebody.
  virtual bool end(TimeUs now) = 0;
};

}  // namespace podramp::sim
