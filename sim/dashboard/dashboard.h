// The live page of a served run: /dashboard and its stream of server-sent events. Each reader gets the whole state,
// then what changes, a few times a second at most; readers that lag behind skip updates, and those that take nothing
// are cut. Nothing is drawn while nobody looks. Next: live_record.h (the run so far), live_sections.h (as HTML), feed.h
// (as events), live.js (what reads them).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sim/dashboard/feed.h"
#include "sim/dashboard/live_record.h"
#include "sim/served_pages.h"

namespace podramp::sim {

struct DashboardLimits {
  std::size_t readers = 16;                     // more get a 503
  std::chrono::milliseconds interval{500};      // between two updates
  std::chrono::milliseconds timeline{2'000};    // likewise with the timeline of executors
  int share_percent = 10;                       // of the server's time, at most, goes into drawing
  std::chrono::milliseconds heartbeat{10'000};  // a comment, when there is nothing else to send
  std::chrono::milliseconds patience{20'000};   // with a reader that does not take what it was sent: cut
};

class Dashboard final : public ServedPages {
 public:
  // Errors: an application of the scenario cannot be built.
  static Result<std::unique_ptr<Dashboard>> of(const Scenario& scenario, DashboardLimits limits = {});

  void append(const EventRef& event, PodMemory& memory) override { record_->append(event, memory); }
  bool serves(std::string_view target) const override;
  int answer(const http::Request& request, const http::Responder& responder,
             const std::optional<fakeapi::rest::Caller>& caller, bool open_to_all) override;
  void attend(TimeUs now) override;
  bool end(TimeUs now) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Reader {
    http::Stream stream;
    std::uint64_t has = 0;       // of the feed's updates
    Clock::time_point wrote_at;  // to it, anything
  };

  Dashboard(std::unique_ptr<LiveRecord> record, DashboardLimits limits);
  http::Response file(const http::Request& request) const;
  void draw(TimeUs now, bool over);

  std::unique_ptr<LiveRecord> record_;
  DashboardLimits limits_;
  Feed feed_;
  std::vector<Reader> readers_;
  Clock::time_point next_draw_;
  Clock::time_point next_timeline_;
  std::uint64_t drawn_events_ = 0;     // the picture is of so many,
  std::uint64_t timeline_events_ = 0;  // and the timeline
  std::string counts_;                 // as it says them
};

}  // namespace podramp::sim
