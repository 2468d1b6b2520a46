#include "backend/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "backend/port/event_json.h"
#include "backend/test_world.h"

namespace podramp::backend::session_test {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class Lines : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override {
    std::string line;
    write_line(line, event, memory);
    lines.push_back(std::move(line));
    keys.push_back(std::string(type_name(event.data)) + " " + std::string(event.key));
    causes.push_back(event.cause);
  }
  std::vector<std::string> lines;
  std::vector<std::string> keys;
  std::vector<Seq> causes;
};

TEST(Session, LogsTheInputBeforeItsEffectsAndNamesWhatEachIsAbout) {
  Lines log;
  Ledger ledger({&log});
  Session session(test_application(1), ledger);
  EXPECT_EQ(session.name(), "app");
  const auto effects = session.feed(in::Started{"app-1"}, 0);
  EXPECT_THAT(log.keys,
              ElementsAre("in.started ", "out.timer_set timer/ready_wait", "out.timer_set timer/allocator_tick",
                          "out.called call/1", "out.timer_set timer/lifecycle_tick", "out.called call/2",
                          "out.timer_set timer/poll"));
  EXPECT_THAT(log.causes, ElementsAre(0, 1, 1, 1, 1, 1, 1));
  ASSERT_THAT(effects, SizeIs(6));
  for (std::size_t i = 0; i < effects.size(); ++i) EXPECT_EQ(effects[i].seq, i + 2);
  EXPECT_TRUE(std::holds_alternative<out::Called>(effects[2].effect));

  ledger.set_now(kSecondUs);
  session.feed(in::Registered{7, "node-1"}, 3);
  EXPECT_EQ(log.keys[7], "in.registered exec/7");
  EXPECT_EQ(log.keys[8], "out.registration_accepted exec/7");
  EXPECT_THAT(log.causes[7], 3);
  EXPECT_THAT(log.causes[8], 8);
  EXPECT_EQ(session.backend().books().registered, 1);
}

TEST(Session, KeysOfRepliesAndWatchesAreTheirCalls) {
  Lines log;
  Ledger ledger({&log});
  Session session(test_application(0), ledger);
  session.feed(in::Started{"app-1"}, 0);
  log.keys.clear();
  session.feed(in::Replied{CallId{1}, reply_ok()}, 0);
  session.feed(in::Watched{CallId{1}, {{WatchEventType::added, stored(executor_pod(1, PodPhase::pending))}}}, 0);
  session.feed(in::WatchClosed{CallId{1}, 0, "end"}, 0);
  EXPECT_THAT(log.keys, ElementsAre("in.replied call/1", "in.watched call/1", "in.watch_closed call/1",
                                    "out.timer_set timer/watch_reconnect"));
}

// Runs a session for ten minutes: growth, failures, a dying watch, shrinking, stop.
std::vector<std::string> record() {
  Lines log;
  Ledger ledger({&log});
  Application application = test_application(12);
  application.conf.max_executor_failures = 100;
  Session session(std::move(application), ledger);
  TestWorld world([&](TimeUs now, const Input& input) {
    ledger.set_now(now);
    std::vector<Effect> effects;
    for (auto& logged : session.feed(input, 0)) effects.push_back(std::move(logged.effect));
    return effects;
  });
  int creates = 0;
  world.fault = [&](const ApiRequest& request) -> std::optional<ApiReply> {
    if (request.verb != Verb::create || ++creates % 5 != 0) return std::nullopt;
    return creates % 10 == 0 ? reply_error(403, "Forbidden") : reply_error(500, "InternalError");
  };
  world.at(0, in::Started{"app-1"});
  world.run(10 * kSecondUs);
  for (int id = 1; id <= 6; ++id) {
    const std::string name = "app-exec-" + std::to_string(id);
    if (world.pods().contains(name)) world.set_phase(name, id % 2 == 0 ? PodPhase::failed : PodPhase::running);
    world.at(world.now() + id, in::Registered{id, "node"});
  }
  world.run(20 * kSecondUs);
  world.at(21 * kSecondUs, in::WatchClosed{CallId{2}, 0, "timeout"});
  world.at(25 * kSecondUs, in::TargetSet{{{0, 4}}});
  world.at(40 * kSecondUs, in::Disconnected{1});
  world.run(600 * kSecondUs);
  world.at(601 * kSecondUs, in::Stopped{});
  world.run(700 * kSecondUs);
  EXPECT_EQ(world.all<out::Exited>().size(), 1U);
  return log.lines;
}

TEST(Session, TheSameInputsGiveTheSameLogTwice) { EXPECT_EQ(record(), record()); }

TEST(Session, AFreshOneMakesTheSameDecisionsFromALogThatWasReadBack) {
  const std::vector<std::string> recorded = record();
  ASSERT_GT(recorded.size(), 1'000U);
  Lines log;
  Ledger ledger({&log});
  Application application = test_application(12);
  application.conf.max_executor_failures = 100;
  Session session(std::move(application), ledger);
  EventReader reader;
  for (const std::string& line : recorded) {
    const Result<Event> event = reader.read(line);
    ASSERT_TRUE(event) << event.error().message << "\n" << line;
    std::visit(
        [&]<class Data>(const Data& data) {
          if constexpr (requires(Input input) { input = data; } && Data::kType.starts_with("in.")) {
            ledger.set_now(event->t);
            session.feed(data, event->cause);
          }
        },
        event->data);
  }
  ASSERT_EQ(log.lines.size(), recorded.size());
  for (std::size_t i = 0; i < recorded.size(); ++i) ASSERT_EQ(log.lines[i], recorded[i]) << "line " << i + 1;
}

}  // namespace
}  // namespace podramp::backend::session_test
