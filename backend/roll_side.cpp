#include "backend/roll_side.h"

#include <fmt/format.h>

#include <utility>

namespace podramp::backend {

void RollSide::arm(Outbox& out) const { out.add(out::TimerSet{TimerKind::roll, 0, next_us_}); }

void RollSide::start(TimeUs now, Outbox& out) {
  running_ = true;
  next_us_ = now + settings_.interval_us;
  arm(out);
}

void RollSide::due(TimeUs now, bool ready, Outbox& out) {
  if (!running_) return;
  if (ready) {
    if (const auto chosen = choose_to_roll(stats_.summaries(), settings_)) {
      out.add(out::Noted{"info", fmt::format("executor {} is rolled", *chosen)});
      decommission_(now, *chosen, fmt::format("Rolling via {} at {}", to_text(settings_.policy), format_time(now)),
                    out);
    } else {
      out.add(out::Noted{"info", "there is no executor to roll"});
    }
  }
  while (next_us_ <= now) next_us_ += settings_.interval_us;
  arm(out);
}

void RollSide::stop(Outbox& out) {
  if (!running_) return;
  running_ = false;
  out.add(out::TimerCancelled{TimerKind::roll, 0});
}

}  // namespace podramp::backend
