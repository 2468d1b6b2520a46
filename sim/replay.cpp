#include "sim/replay.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

#include "backend/session.h"
#include "fakeapi/cluster_state.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

// Keeps each line that the replayed sessions write.
class Lines : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override { write_line(lines_.emplace_back(), event, memory); }
  std::deque<std::string> take() { return std::exchange(lines_, {}); }

 private:
  std::deque<std::string> lines_;
};

// The lines of the recent past, by seq, to walk back along `cause`.
class Causes {
 public:
  void add(Seq seq, Seq cause, const std::string& line) {
    recent_[seq] = {cause, line};
    order_.push_back(seq);
    if (order_.size() <= kKept) return;
    recent_.erase(order_.front());
    order_.pop_front();
  }
  std::vector<std::string> of(Seq seq) const {
    std::vector<std::string> chain;
    while (chain.size() < 5) {
      const auto it = recent_.find(seq);
      if (it == recent_.end()) break;
      chain.push_back(it->second.second);
      seq = it->second.first;
    }
    return chain;
  }

 private:
  static constexpr std::size_t kKept = 100'000;
  std::unordered_map<Seq, std::pair<Seq, std::string>> recent_;  // never iterated
  std::deque<Seq> order_;
};

class Replay {
 public:
  explicit Replay(LogReader& log) : log_(log), ledger_({&lines_}) {}

  Result<bool> prepare() {
    auto logged = logged_applications(log_.header());
    if (!logged) return tl::unexpected(logged.error());
    for (LoggedApplication& app : *logged) {
      sessions_[app.by] = std::make_unique<backend::Session>(std::move(app.application), ledger_);
    }
    report_.applications = sessions_.size();
    return true;
  }

  Result<ReplayReport> run() {
    while (!report_.divergence) {
      auto event = log_.next();
      if (!event) return unreadable(event.error());
      if (!*event) break;
      take(**event);
    }
    report_.finished = log_.footer().has_value();
    report_.torn_bytes = log_.torn_bytes();
    if (!report_.divergence) close();
    return report_;
  }

 private:
  void take(const Event& event) {
    ++report_.events;
    const bool gaps_allowed = log_.header().level != LogLevel::all;
    if (event.seq <= last_seq_ || (!gaps_allowed && event.seq != last_seq_ + 1)) {
      return diverge(
          event, fmt::format("event {} follows event {}: lines are missing, doubled or swapped", event.seq, last_seq_),
          "");
    }
    last_seq_ = event.seq;
    all_.add(log_.line());
    std::visit([&](const auto& data) { on(event, data); }, event.data);
    if (!report_.divergence) causes_.add(event.seq, event.cause, log_.line());
  }

  template <class T>
  void on(const Event& event, const T& data) {
    constexpr std::string_view kType = T::kType;
    if constexpr (kType.starts_with("in.")) {
      feed(event, data);
    } else if constexpr (kType.starts_with("out.")) {
      decision(event);
    } else if (!pending_.empty()) {
      diverge_unlogged(event);
    } else if constexpr (kType.starts_with("fact.")) {
      world_.apply(data);
    }
  }

  void on(const Event& event, const run::Checkpoint& checkpoint) {
    if (log_.header().level != LogLevel::all) return;  // there are no facts to fold
    ++report_.checkpoints;
    const std::string folded = hex(world_.hash());
    if (folded == checkpoint.world) return;
    diverge(event, "folding the facts so far gives another cluster", fmt::format("{{\"world\":\"{}\"}}", folded));
  }

  template <class T>
  void feed(const Event& event, const T& input) {
    ++report_.inputs;
    if (!pending_.empty()) {
      return diverge_unlogged(event);
    }
    const auto session = sessions_.find(event.by);
    if (session == sessions_.end())
      return diverge(event, fmt::format("the header names no application \"{}\"", event.by), "");
    ledger_.set_now(event.t);
    ledger_.set_last_seq(event.seq - 1);
    (void)session->second->feed(Input(input), event.cause);
    pending_ = lines_.take();
    fed_ = event.seq;
    if (pending_.front() != log_.line()) return diverge(event, "the input reads back differently", pending_.front());
    pending_.pop_front();
  }

  void decision(const Event& event) {
    ++report_.decisions;
    if (pending_.empty()) return diverge(event, "the log has a decision here that the backend does not take", "");
    if (pending_.front() != log_.line()) return diverge(event, "the backend decides differently", pending_.front());
    pending_.pop_front();
  }

  // The end of the log: a finished one must hold every decision and the fingerprint of what it holds.
  void close() {
    if (!report_.finished) return;
    if (!pending_.empty()) {
      report_.divergence = Divergence{
          log_.line_number(),   0, "the log ends before a decision that the backend takes", "", pending_.front(),
          causes_.of(last_seq_)};
    } else if (log_.header().level == LogLevel::all && all_.text() != log_.footer()->fingerprints.all) {
      report_.divergence =
          Divergence{log_.line_number(),
                     log_.footer()->t,
                     "a line that no decision depends on was changed: the fingerprint of all lines differs",
                     log_.footer()->fingerprints.all,
                     all_.text(),
                     {}};
    }
  }

  Result<ReplayReport> unreadable(const Error& error) {
    if (error.message.find("not an event line") != std::string::npos) return tl::unexpected(error);
    report_.divergence = Divergence{log_.line_number(), 0, error.message, log_.line(), "", causes_.of(last_seq_)};
    return report_;
  }

  void diverge(const Event& event, std::string why, std::string actual) {
    diverge(event, std::move(why), std::move(actual), event.cause);
  }
  void diverge(const Event& event, std::string why, std::string actual, Seq cause) {
    report_.divergence =
        Divergence{log_.line_number(), event.t, std::move(why), log_.line(), std::move(actual), causes_.of(cause)};
  }
  // The last input made the backend take a decision for which another line stands in the log.
  void diverge_unlogged(const Event& event) {
    diverge(event, "the backend takes a decision here that the log does not have", pending_.front(), fed_);
  }

  LogReader& log_;
  Lines lines_;
  Ledger ledger_;
  std::map<std::string, std::unique_ptr<backend::Session>, std::less<>> sessions_;
  std::deque<std::string> pending_;  // lines that the replayed backend has written and the log must show next
  fakeapi::ClusterState world_;
  Causes causes_;
  Fingerprint all_;
  Seq last_seq_ = 0;
  Seq fed_ = 0;  // the last input
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> replay_log(const std::string& path) {
  auto log = LogReader::open(path);
  if (!log) return tl::unexpected(log.error());
  Replay replay(*log);
  if (auto ready = replay.prepare(); !ready) return tl::unexpected(ready.error());
  return replay.run();
}

}  // namespace podramp::sim
