// What must be so in the end (expect.settles_by): once nothing goes wrong any more, every application gets what it asks
// for, or something that its people can name keeps it from that; no call is left without an answer, polls and watches
// go on, a stop comes to an end. The other properties say that nothing bad happens; these, that something good does.
// A sink that looks at the first event after that time, before it is applied.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/event.h"
#include "sim/projection.h"
#include "sim/properties.h"

namespace podramp::sim {

class Settling : public EventSink {
 public:
  // What is known of an application beforehand.
  struct Habits {
    DurationUs poll_us = 0;  // between two polls; 0: it does not poll
    bool watches = true;     // opens a watch again that has ended, unless with 410 (02 2.1)
    bool deletes = true;     // pods that have ended (02 3.2)
  };

  // settles_by: absent: nothing is checked. The projection sees each event after this sink.
  Settling(std::optional<TimeUs> settles_by, const Projection& projection, Properties& properties)
      : settles_by_(settles_by), checks_(settles_by.has_value()), projection_(projection), properties_(properties) {}
  void add_application(const std::string& name, Habits habits) { books_[name].habits = habits; }

  // Who tells whether the driver of an application (by index) has ended; one that is killed says nothing itself.
  void ask_ended(std::function<bool(std::size_t)> ended) { ended_ = std::move(ended); }

  void append(const EventRef& event, PodMemory& memory) override;
  // At the end of the run: whoever was told to stop long ago has ended.
  void finish(TimeUs now, Seq last);

 private:
  struct Books {
    Habits habits;
    std::map<std::uint64_t, TimeUs> calls;  // under way, watches too: since when
    std::optional<TimeUs> polled_us;
    std::optional<TimeUs> watch_lost_us;  // the watch of its pods is down since
    std::int64_t target = 0;
    TimeUs short_since_us = 0;  // it has lacked executors of this very target since
    TimeUs wrong_since_us = 0;  // the driver has counted executors that are not there since
  };

  void note(const EventRef& event);
  void on(const EventRef& event, Books& books, const out::Called& called);
  void on(const EventRef& event, Books& books, const in::Replied& replied);
  void on(const EventRef& event, Books& books, const in::WatchClosed& closed);
  template <class T>
  void on(const EventRef&, Books&, const T&) {}
  void track(TimeUs now);
  void check(const ApplicationView& app, const Books& books, TimeUs now, Seq seq);
  void check_pods(const ApplicationView& app, const Books& books, TimeUs now, Seq seq);
  void check_target(const ApplicationView& app, const Books& books, TimeUs now, Seq seq);

  std::optional<TimeUs> settles_by_;  // absent once it has been looked at
  bool checks_;
  std::function<bool(std::size_t)> ended_;
  const Projection& projection_;
  Properties& properties_;
  std::map<std::string, Books, std::less<>> books_;  // by application
};

}  // namespace podramp::sim
