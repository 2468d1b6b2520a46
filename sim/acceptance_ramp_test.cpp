// Issue 2, "holds when": the rounds of ramp_500 and what postpones them, read from the log alone.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "sim/test_runs.h"

namespace podramp::sim::acceptance_ramp_test {
namespace {

const std::string kBatch50 = "applications.0.conf.spark.kubernetes.allocation.batch.size=50";

std::vector<std::int64_t> creating_rounds(const std::vector<LoggedEvent>& events) {
  std::vector<std::int64_t> sizes;
  for (const LoggedEvent& e : events) {
    const auto* round = e.get<out::RoundDone>();
    if (round == nullptr) continue;
    std::int64_t created = 0;
    for (const ProfileReport& profile : round->profiles) created += profile.created;
    if (created > 0) sizes.push_back(created);
  }
  return sizes;
}

TEST(Ramp500, TheDefaultOfTenMakesFiftyCreatingRoundsOfTen) {
  EXPECT_EQ(creating_rounds(run_and_read(shipped_scenario("ramp_500.json"))), std::vector<std::int64_t>(50, 10));
}

TEST(Ramp500, ABatchOfFiftyMakesTenCreatingRoundsOfFifty) {
  EXPECT_EQ(creating_rounds(run_and_read(shipped_scenario("ramp_500.json", {kBatch50}))),
            std::vector<std::int64_t>(10, 50));
}

struct Run {
  RoundTrigger trigger = RoundTrigger::timer;
  TimeUs started = 0;
  TimeUs ended = 0;
  std::int64_t created = 0;
};

// 02 1.2: the allocator's subscriber has a fixed-delay timer: it fires batch.delay after the *end* of its previous
// timer-driven run, to the microsecond. A run that creates pods ends with its round report; one that has nothing to do
// ends in the instant in which it began, unreported. Runs that setTarget notifies (the very first creating round is
// one: nothing is outstanding at the start) are not part of the timer's series and do not move it.
void expect_every_gap_is(DurationUs delay, const std::vector<LoggedEvent>& events) {
  std::optional<TimeUs> armed;      // what the last timer_set says
  std::optional<TimeUs> run_began;  // of the timer-driven run in progress
  TimeUs run_ended = 0;             // of the last timer-driven run
  std::size_t gaps = 0;
  std::vector<Run> rounds;
  for (const LoggedEvent& e : events) {
    if (e.get<in::Started>() != nullptr) run_began = e.t();  // the initial delay is 0
    if (const auto* due = e.get<in::TimerDue>(); due != nullptr && due->timer == TimerKind::allocator_tick) {
      ASSERT_TRUE(armed) << "line " << e.line;
      ASSERT_EQ(e.t(), *armed) << e.line;
      ASSERT_EQ(e.t(), run_ended + delay) << e.line;
      ++gaps;
      armed.reset();
      run_began = e.t();
    }
    if (const auto* round = e.get<out::RoundDone>()) {
      rounds.push_back({round->trigger, round->started_us, e.t(), round->profiles.at(0).created});
      if (round->trigger == RoundTrigger::timer) {
        ASSERT_TRUE(run_began) << e.line;
        ASSERT_EQ(round->started_us, *run_began) << e.line;
      }
    }
    if (const auto* set = e.get<out::TimerSet>(); set != nullptr && set->timer == TimerKind::allocator_tick) {
      ASSERT_FALSE(armed) << "armed twice: " << e.line;
      ASSERT_TRUE(run_began) << "no timer-driven run has ended: " << e.line;
      const bool reported =
          !rounds.empty() && rounds.back().trigger == RoundTrigger::timer && rounds.back().started == *run_began;
      run_ended = reported ? rounds.back().ended : *run_began;
      ASSERT_EQ(e.t(), run_ended) << "set later than the run's end: " << e.line;
      ASSERT_EQ(set->at_us, run_ended + delay) << e.line;
      armed = set->at_us;
      run_began.reset();
    }
  }
  ASSERT_GT(gaps, rounds.size());
  // The same said of the creating rounds alone. The first is notified; the second belongs to the timer, whose own first
  // run found nothing to do at 0 and whose later runs leave at once while the first round is busy; each later one
  // begins exactly one delay after the one before it has ended.
  std::erase_if(rounds, [](const Run& run) { return run.created == 0; });
  ASSERT_GE(rounds.size(), 3U);
  EXPECT_EQ(rounds[0].trigger, RoundTrigger::notified);
  EXPECT_EQ(rounds[0].started, 0);
  const TimeUs second = (rounds[0].ended + delay - 1) / delay * delay;
  for (std::size_t i = 1; i < rounds.size(); ++i) {
    ASSERT_EQ(rounds[i].trigger, RoundTrigger::timer) << i;
    ASSERT_EQ(rounds[i].started, i == 1 ? second : rounds[i - 1].ended + delay) << i;
  }
}

TEST(Ramp500, EachTimerDrivenRoundStartsOneDelayAfterTheEndOfTheOneBefore) {
  expect_every_gap_is(kSecondUs, run_and_read(shipped_scenario("ramp_500.json")));
}

TEST(Ramp500, TheDelayIsMeasuredFromTheEndAlsoWhenRoundsAreLong) {
  expect_every_gap_is(kSecondUs, run_and_read(shipped_scenario("ramp_500.json", {kBatch50})));
  // A create of 0.3 s makes a round of ten three times as long as the delay.
  expect_every_gap_is(
      kSecondUs, run_and_read(shipped_scenario("ramp_500.json", {"cluster.latency.write={\"constant\":\"300ms\"}"})));
}

TEST(Ramp500, AnotherDelayMovesEveryRound) {
  const std::string delay = "applications.0.conf.spark.kubernetes.allocation.batch.delay=2500ms";
  expect_every_gap_is(2500 * kMillisecondUs, run_and_read(shipped_scenario("ramp_500.json", {delay})));
}

// What the driver knows of the pods it has created.
struct Acknowledged {
  std::map<CallId, ExecutorId> creating;  // call -> executor
  std::set<ExecutorId> unacknowledged;    // created, in no snapshot, not registered

  static std::optional<ExecutorId> id_of(const Pod& pod) {
    const std::string* label = pod.label("spark-exec-id");
    if (label == nullptr) return std::nullopt;
    return static_cast<ExecutorId>(std::stoll(*label));
  }
  void shown(const PodPtr& pod) {
    if (pod == nullptr) return;
    if (const auto id = id_of(*pod)) unacknowledged.erase(*id);
  }
  void on(const LoggedEvent& e) {
    if (const auto* call = e.get<out::Called>(); call != nullptr && call->request.body != nullptr) {
      creating[call->call] = id_of(*call->request.body).value();
    } else if (const auto* reply = e.get<in::Replied>()) {
      if (const auto it = creating.find(reply->call); it != creating.end() && reply->reply.code == 201) {
        unacknowledged.insert(it->second);
      }
      if (reply->reply.list) {
        for (const PodPtr& pod : reply->reply.list->items) shown(pod);
      }
    } else if (const auto* watched = e.get<in::Watched>()) {
      for (const WatchEvent& event : watched->events) shown(event.object);
    } else if (const auto* accepted = e.get<out::RegistrationAccepted>()) {
      unacknowledged.erase(accepted->executor);
    }
  }
};

// T1, in both directions: a timer-driven round creates if and only if no created pod is unacknowledged (while pods
// are missing).
void expect_rounds_wait_for_acknowledgement(const std::vector<LoggedEvent>& events, std::size_t postponed_min) {
  Acknowledged books;
  std::size_t postponed = 0;
  std::size_t reported = 0;
  std::int64_t created = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const LoggedEvent& e = events[i];
    const auto* due = e.get<in::TimerDue>();
    if (due != nullptr && due->timer == TimerKind::allocator_tick && created < 500) {
      bool creates = false;
      for (std::size_t k = i + 1; k < events.size() && events[k].event.cause == e.event.seq; ++k) {
        const auto* call = events[k].get<out::Called>();
        creates |= call != nullptr && call->request.body != nullptr;
      }
      ASSERT_EQ(creates, books.unacknowledged.empty())
          << books.unacknowledged.size() << " pods are not acknowledged at: " << e.line;
      postponed += creates ? 0 : 1;
    }
    if (const auto* round = e.get<out::RoundDone>()) {
      for (const ProfileReport& profile : round->profiles) {
        created += profile.created;
        if (profile.limited_by != Limit::unacknowledged) continue;
        ++reported;
        ASSERT_EQ(profile.created, 0) << e.line;
        ASSERT_GT(profile.new_unknown, 0) << e.line;
      }
    }
    books.on(e);
  }
  EXPECT_EQ(created, 500);
  EXPECT_GE(postponed, postponed_min);
  EXPECT_EQ(reported > 0, postponed_min > 0);
}

TEST(Ramp500, AWatchDelayOfFiveSecondsPostponesRoundsUntilEveryPodIsShownOrRegistered) {
  // Executors take 10 s to register, so that the watch is what acknowledges.
  const std::string jvm = "cluster.latency.jvm={\"constant\":\"10s\"}";
  for (const std::string& watch : {std::string("cluster.latency.watch={\"constant\":\"5s\"}"),
                                   std::string("faults=[{\"point\":\"watch.delay\",\"delay\":\"5s\"}]")}) {
    SCOPED_TRACE(watch);
    const auto events = run_and_read(shipped_scenario("ramp_500.json", {jvm, watch}));
    // 50 rounds of ten, most of them followed by four ticks or more that find pods unacknowledged; the 30 s poll
    // spares some.
    expect_rounds_wait_for_acknowledgement(events, std::size_t{49} * 3);
    EXPECT_EQ(creating_rounds(events), std::vector<std::int64_t>(50, 10));
  }
}

TEST(Ramp500, AnExecutorThatRegistersBeforeItsPodIsShownDoesNotPostponeARound) {
  const std::string watch = "cluster.latency.watch={\"constant\":\"5s\"}";
  const std::string jvm = "cluster.latency.jvm={\"constant\":\"500ms\"}";
  expect_rounds_wait_for_acknowledgement(run_and_read(shipped_scenario("ramp_500.json", {jvm, watch})), 49);
}

// --- one quiet hour ----------------------------------------------------------------------------------------------

std::string quiet_scenario(int executors) {
  return R"({"schema": "podramp/v1", "seed": 2, "end": "2h",
  "cluster": {
    "nodes": [{"group": "w", "count": 60, "cpu": "128", "memory": "512Gi", "pods": 110, "images": ["spark:4"]}],
    "images": [{"name": "spark:4", "size": "600Mi"}]
  },
  "applications": [{"name": "etl", "conf": {
    "spark.executor.instances": ")" +
         std::to_string(executors) + R"(",
    "spark.executor.cores": "1", "spark.executor.memory": "1g",
    "spark.kubernetes.allocation.batch.size": "500",
    "spark.kubernetes.container.image": "spark:4"}}]})";
}

// Numbers and hashes may have more digits: they become '#'.
std::string without_numbers(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    if (line.compare(i, 8, "\"hash\":\"") == 0) {
      out += "\"hash\":\"#";
      i = line.find('"', i + 8);
    } else if (std::isdigit(static_cast<unsigned char>(line[i])) != 0) {
      out += '#';
      while (i < line.size() && std::isdigit(static_cast<unsigned char>(line[i])) != 0) ++i;
    } else {
      out += line[i++];
    }
  }
  return out;
}

struct QuietHour {
  std::map<std::string, std::size_t> shapes;  // a line without its numbers -> how often
  std::size_t lines = 0;
  std::size_t bytes = 0;
};

RunOptions decisions_only() {
  RunOptions options = with_fluid();
  options.level = LogLevel::decisions;
  return options;
}

QuietHour second_hour(int executors) {
  QuietHour hour;
  std::int64_t registered = 0;
  for (const LoggedEvent& e : run_and_read(text_scenario(quiet_scenario(executors)), decisions_only())) {
    if (e.get<out::RegistrationAccepted>() != nullptr) {
      ++registered;
      EXPECT_LT(e.t(), 30 * kMinuteUs);
    }
    if (e.t() < kHourUs || !type_name(e.event.ref().data).starts_with("in.")) continue;
    ++hour.lines;
    hour.bytes += e.line.size();
    ++hour.shapes[without_numbers(e.line)];
  }
  EXPECT_EQ(registered, executors);
  return hour;
}

TEST(QuietHour, BytesOfInputsDoNotGrowWithTheNumberOfRunningPods) {
  const QuietHour small = second_hour(500);
  const QuietHour large = second_hour(5000);
  EXPECT_GT(small.lines, 7'000U);  // two ticks a second and two polls a minute
  EXPECT_LT(small.lines, 8'000U);
  // The ticks of the two runs fall on other instants of the hour, so that one tick more or less is by chance.
  EXPECT_LE(std::max(small.lines, large.lines) - std::min(small.lines, large.lines), 2U);
  EXPECT_EQ(small.shapes.size(), large.shapes.size());
  for (const auto& [shape, count] : large.shapes) {
    ASSERT_TRUE(small.shapes.contains(shape)) << shape;
    EXPECT_LE(std::abs(static_cast<int>(small.shapes.at(shape)) - static_cast<int>(count)), 2) << shape;
  }
  // What is left are digits: seq, cause and call may each have one more.
  EXPECT_LE(large.bytes, small.bytes + 3 * small.lines + 500);
  EXPECT_EQ(large.bytes / large.lines / 4, small.bytes / small.lines / 4);
}

}  // namespace
}  // namespace podramp::sim::acceptance_ramp_test
