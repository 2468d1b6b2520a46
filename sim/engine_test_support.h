// For tests of the engines: a body that does what it was told at given dates and writes down what it saw.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/engine.h"

namespace podramp::sim {

class Script : public Body {
 public:
  using Action = std::function<void()>;

  // Before the run or inside a turn; t is not in the past. Actions of one date run in the order they were added.
  void at(TimeUs t, Action action) { actions_.emplace(t, std::move(action)); }
  void stop_at(TimeUs t) {
    at(t, [this] { stop_ = true; });
  }

  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override {
    now_ = now;
    turns.push_back(now);
    for (const TransferEnd& end : ended) {
      ends.push_back(end);
      if (on_end) on_end(end);
    }
    while (!actions_.empty() && actions_.begin()->first <= now) {
      const Action action = std::move(actions_.begin()->second);
      actions_.erase(actions_.begin());
      action();
    }
    if (after_turn) after_turn();
    if (stop_) return std::nullopt;
    return actions_.empty() ? kNever : actions_.begin()->first;
  }

  TimeUs now() const { return now_; }
  std::map<TransferId, TransferEnd> end_by_id() const {
    std::map<TransferId, TransferEnd> result;
    for (const TransferEnd& end : ends) result[end.id] = end;
    return result;
  }

  std::function<void(const TransferEnd&)> on_end;
  Action after_turn;
  std::vector<TimeUs> turns;      // date of every turn
  std::vector<TransferEnd> ends;  // in the order of delivery

 private:
  std::multimap<TimeUs, Action> actions_;
  TimeUs now_ = -1;
  bool stop_ = false;
};

inline std::string engine_name(EngineKind kind) { return kind == EngineKind::fluid ? "Fluid" : "SimGrid"; }

}  // namespace podramp::sim
