#include "sim/pulse.h"

#include <algorithm>
#include <variant>

#include "backend/port/overloaded.h"

namespace podramp::sim {

void Pulse::append(const EventRef& event, PodMemory& /*memory*/) {
  const bool alive = std::visit(
      Overloaded{[](const in::TimerDue*) { return false; },  //
                 [](const out::TimerSet*) { return false; }, [](const fact::RequestQueued*) { return false; },
                 [](const fact::SeatsMoved*) { return false; }, [](const run::Checkpoint*) { return false; },
                 [&](const out::Called* called) {
                   if (called->request.verb != Verb::list) return true;
                   polls_.emplace(std::string(event.by), called->call.value);
                   return false;
                 },
                 [&](const in::Replied* replied) {
                   return polls_.erase({std::string(event.by), replied->call.value}) == 0;
                 },
                 [](const in::Watched* watched) {  // more than bookmarks
                   return std::ranges::any_of(watched->events,
                                              [](const WatchEvent& e) { return e.type != WatchEventType::bookmark; });
                 },
                 [](const auto*) { return true; }},
      event.data);
  if (alive) last_us_ = event.t;
}

}  // namespace podramp::sim
