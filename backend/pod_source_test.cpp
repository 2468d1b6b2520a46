#include "backend/pod_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_pods.h"

namespace podramp::backend::pod_source_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PodSourceSettings settings_at(bool watch_skips_inactive = false) {
  PodSourceSettings settings;
  settings.ns = "default";
  settings.app_id = "app-1";
  settings.watch_skips_inactive = watch_skips_inactive;
  return settings;
}

struct Rig {
  explicit Rig(PodSourceSettings given = settings_at()) : settings(std::move(given)) {}

  out::Called called() {
    const auto all = only<out::Called>(out.take());
    EXPECT_THAT(all, SizeIs(1));
    return all.at(0);
  }
  out::TimerSet timer() {
    const auto all = only<out::TimerSet>(out.take());
    EXPECT_THAT(all, SizeIs(1));
    return all.at(0);
  }
  void open_reply(TimeUs now, const out::Called& call, const ApiReply& reply) {
    const auto completed = calls.on_reply(now, {call.call, reply}, out);
    ASSERT_TRUE(completed);
    watch.on_open_reply(now, *completed, out);
  }
  CallId opened() {
    watch.start(out);
    const out::Called call = called();
    open_reply(0, call, reply_ok());
    return call.call;
  }
  std::optional<SnapshotChange> listed(TimeUs now, const out::Called& call, ApiReply reply) {
    const auto completed = calls.on_reply(now, {call.call, std::move(reply)}, out);
    if (!completed) return std::nullopt;
    return poll.on_reply(now, completed->reply, out);
  }

  PodSourceSettings settings;
  ApiCalls calls{RetryPolicy{}};
  PodWatch watch{settings, calls};
  PodPoll poll{settings, calls};
  Outbox out;
};

WatchEvent event(WatchEventType type, ExecutorId id, PodPhase phase, std::uint64_t version) {
  Pod pod = executor_pod(id, phase);
  pod.resource_version = version;
  return {type, stored(pod)};
}

ApiReply list_of(const std::vector<Pod>& pods, std::uint64_t version) {
  ApiReply reply = reply_ok();
  reply.resource_version = version;
  reply.list.emplace();
  for (const Pod& pod : pods) reply.list->items.push_back(stored(pod));
  return reply;
}

// --- the watch ---------------------------------------------------------------------------------------------------

TEST(PodWatch, SelectsTheExecutorsOfTheApplication) {
  Rig rig;
  rig.watch.start(rig.out);
  const ApiRequest request = rig.called().request;
  EXPECT_EQ(request.verb, Verb::watch);
  EXPECT_EQ(request.ns, "default");
  EXPECT_EQ(to_string(request.label_selector), "spark-app-selector=app-1,spark-role=executor");
  EXPECT_EQ(request.resource_version, "");
}

TEST(PodWatch, LeavesOutInactivePodsFrom_4_1) {
  Rig rig(settings_at(true));
  rig.watch.start(rig.out);
  EXPECT_EQ(to_string(rig.called().request.label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-inactive!=true");
}

TEST(SparkAcceptance, S_C10_AddedAndModifiedWatchEventsArePushed) {
  Rig rig;
  const CallId watch = rig.opened();
  const auto added = rig.watch.on_events({watch, {event(WatchEventType::added, 1, PodPhase::pending, 5)}});
  ASSERT_THAT(added, SizeIs(1));
  EXPECT_EQ(added[0].executor, 1);
  EXPECT_EQ(added[0].pod.state, ExecutorState::pending);
  const auto modified = rig.watch.on_events({watch, {event(WatchEventType::modified, 2, PodPhase::running, 6)}});
  ASSERT_THAT(modified, SizeIs(1));
  EXPECT_EQ(modified[0].executor, 2);
  EXPECT_EQ(modified[0].pod.state, ExecutorState::running);
}

TEST(SparkAcceptance, S_C11_NoWatchIsOpenedWhenTheWatcherIsOff) {
  PodSourceSettings settings = settings_at();
  settings.watch_enabled = false;
  Rig rig(settings);
  rig.watch.start(rig.out);
  EXPECT_THAT(rig.out.take(), IsEmpty());
  EXPECT_FALSE(rig.watch.is_open());
}

TEST(PodWatch, PushesOneSnapshotPerEventWhateverItsTypeButNoneForABookmark) {
  Rig rig;
  const CallId watch = rig.opened();
  Pod stranger = executor_pod(3, PodPhase::running);
  stranger.own_labels.clear();
  const auto changes = rig.watch.on_events({watch,
                                            {event(WatchEventType::added, 1, PodPhase::running, 5),
                                             event(WatchEventType::bookmark, 9, PodPhase::pending, 50),
                                             {WatchEventType::modified, stored(stranger)},
                                             event(WatchEventType::deleted, 1, PodPhase::running, 60)}});
  ASSERT_THAT(changes, SizeIs(3));
  EXPECT_EQ(changes[0].executor, 1);
  EXPECT_EQ(changes[1].executor, std::nullopt);
  EXPECT_EQ(changes[2].pod.state, ExecutorState::running);  // the phase of its last object (02 2.4)
}

TEST(PodWatch, IgnoresEventsOfAWatchThatIsNotItsOwn) {
  Rig rig;
  const CallId watch = rig.opened();
  EXPECT_THAT(rig.watch.on_events({CallId{watch.value + 1}, {event(WatchEventType::added, 1, PodPhase::pending, 5)}}),
              IsEmpty());
}

TEST(PodWatch, IgnoresTheEndOfAWatchThatIsNotItsOwn) {
  Rig rig;
  const CallId watch = rig.opened();
  rig.watch.on_closed(5, {CallId{watch.value + 1}, 410, "too old"}, rig.out);
  EXPECT_THAT(rig.out.take(), IsEmpty());
  EXPECT_TRUE(rig.watch.is_open());
}

TEST(PodWatch, ReconnectsFromTheLastVersionItSawAndDoublesItsWaitUpToThirtyTwoSeconds) {  // K86
  Rig rig;
  CallId watch = rig.opened();
  (void)rig.watch.on_events({watch, {event(WatchEventType::added, 1, PodPhase::pending, 41)}});
  (void)rig.watch.on_events({watch, {event(WatchEventType::bookmark, 1, PodPhase::pending, 77)}});
  rig.watch.on_closed(10 * kSecondUs, {watch, 0, "timeout"}, rig.out);
  TimeUs now = 10 * kSecondUs;
  std::vector<DurationUs> waits;
  for (int i = 0; i < 7; ++i) {
    const out::TimerSet timer = rig.timer();
    EXPECT_EQ(timer.timer, TimerKind::watch_reconnect);
    waits.push_back(timer.at_us - now);
    now = timer.at_us;
    rig.watch.on_reconnect_due(rig.out);
    const out::Called call = rig.called();
    EXPECT_EQ(call.request.resource_version, "77");
    rig.open_reply(now, call, reply_error(500, "InternalError"));
  }
  EXPECT_THAT(waits, ElementsAre(1 * kSecondUs, 2 * kSecondUs, 4 * kSecondUs, 8 * kSecondUs, 16 * kSecondUs,
                                 32 * kSecondUs, 32 * kSecondUs));
  now = rig.timer().at_us;
  rig.watch.on_reconnect_due(rig.out);
  const out::Called call = rig.called();
  rig.open_reply(now, call, reply_ok());
  EXPECT_TRUE(rig.watch.is_open());
  rig.watch.on_closed(now, {call.call, 0, ""}, rig.out);
  EXPECT_EQ(rig.timer().at_us, now + kSecondUs);
}

TEST(PodWatch, WaitsAtLeastAsLongAsRetryAfterSays) {
  Rig rig;
  rig.watch.start(rig.out);
  ApiReply reply = reply_error(429, "TooManyRequests");
  reply.retry_after_s = 7;
  rig.open_reply(100, rig.called(), reply);
  EXPECT_EQ(rig.timer().at_us, 100 + 7 * kSecondUs);
}

TEST(PodWatch, ResumesFromNothingWhenItSawNothing) {
  Rig rig;
  const CallId watch = rig.opened();
  rig.watch.on_closed(0, {watch, 0, ""}, rig.out);
  (void)rig.timer();
  rig.watch.on_reconnect_due(rig.out);
  EXPECT_EQ(rig.called().request.resource_version, "");
}

TEST(PodWatch, Status410EndsItForGoodHoweverItArrives) {
  Rig in_stream;
  const CallId watch = in_stream.opened();
  in_stream.watch.on_closed(5, {watch, 410, "too old resource version: 1 (9)"}, in_stream.out);
  const auto effects = in_stream.out.take();
  ASSERT_THAT(effects, SizeIs(1));
  EXPECT_THAT(only<out::Noted>(effects).at(0).text, HasSubstr("only polling is left: too old resource version: 1 (9)"));
  EXPECT_TRUE(in_stream.watch.is_dead());

  Rig on_open;
  on_open.watch.start(on_open.out);
  on_open.open_reply(5, on_open.called(), reply_error(410, "Expired"));
  EXPECT_THAT(only<out::TimerSet>(on_open.out.take()), IsEmpty());
  EXPECT_TRUE(on_open.watch.is_dead());
}

TEST(PodWatch, StopsFromEveryState) {
  Rig opening;
  opening.watch.start(opening.out);
  const CallId call = opening.called().call;
  opening.watch.stop(opening.out);
  EXPECT_EQ(only<out::WatchReleased>(opening.out.take()).at(0).watch, call);

  Rig open;
  const CallId watch = open.opened();
  open.watch.stop(open.out);
  EXPECT_EQ(only<out::WatchReleased>(open.out.take()).at(0).watch, watch);
  EXPECT_THAT(open.watch.on_events({watch, {event(WatchEventType::added, 1, PodPhase::pending, 5)}}), IsEmpty());

  Rig waiting;
  const CallId lost = waiting.opened();
  waiting.watch.on_closed(0, {lost, 0, ""}, waiting.out);
  waiting.out.take();
  waiting.watch.stop(waiting.out);
  EXPECT_EQ(only<out::TimerCancelled>(waiting.out.take()).at(0).timer, TimerKind::watch_reconnect);
  waiting.watch.on_reconnect_due(waiting.out);
  EXPECT_THAT(waiting.out.take(), IsEmpty());
}

// --- the poll ----------------------------------------------------------------------------------------------------

TEST(SparkAcceptance, S_C7_PollResultsAppearOnlyAfterAnInterval) {
  Rig rig;
  rig.poll.start(500, rig.out);
  const auto first = rig.out.take();
  EXPECT_THAT(only<out::Called>(first), IsEmpty());
  EXPECT_EQ(only<out::TimerSet>(first).at(0).at_us, 500 + 30 * kSecondUs);
  rig.poll.on_due(rig.out);
  const out::Called call = rig.called();
  EXPECT_EQ(call.request.verb, Verb::list);
  EXPECT_EQ(call.request.ns, "default");
  EXPECT_EQ(call.request.resource_version, "");
  EXPECT_EQ(to_string(call.request.label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-inactive!=true");
  const auto change = rig.listed(31 * kSecondUs, call,
                                 list_of({executor_pod(1, PodPhase::running), executor_pod(2, PodPhase::failed)}, 9));
  ASSERT_TRUE(change);
  ASSERT_THAT(*change->all, SizeIs(2));
  EXPECT_EQ(change->all->at(1).state, ExecutorState::running);
  EXPECT_EQ(change->all->at(2).state, ExecutorState::failed);
  EXPECT_EQ(change->full_snapshot_us, 31 * kSecondUs);
  EXPECT_EQ(rig.timer().at_us, 61 * kSecondUs);  // from the end of the listing
}

TEST(SparkAcceptance, S_C8_NothingIsListedWhenPollingIsOff) {
  PodSourceSettings settings = settings_at();
  settings.poll_enabled = false;
  Rig rig(settings);
  rig.poll.start(0, rig.out);
  EXPECT_THAT(rig.out.take(), IsEmpty());
}

TEST(SparkAcceptance, S_C9_ListsWithResourceVersionZeroWhenEnabled) {
  PodSourceSettings settings = settings_at();
  settings.poll_from_cache = true;
  Rig rig(settings);
  rig.poll.on_due(rig.out);
  EXPECT_EQ(rig.called().request.resource_version, "0");
}

TEST(PodPoll, DropsAListingThatIsNumericallyOlderThanOneItAccepted) {
  PodSourceSettings settings = settings_at();
  settings.poll_from_cache = true;
  Rig rig(settings);
  const auto poll_at = [&](TimeUs now, std::uint64_t version) {
    rig.poll.on_due(rig.out);
    const bool accepted = rig.listed(now, rig.called(), list_of({}, version)).has_value();
    EXPECT_EQ(rig.timer().at_us, now + 30 * kSecondUs);
    return accepted;
  };
  EXPECT_TRUE(poll_at(1, 99));
  EXPECT_TRUE(poll_at(2, 100));  // as text "100" < "99"
  EXPECT_TRUE(poll_at(3, 100));
  EXPECT_FALSE(poll_at(4, 99));
  EXPECT_TRUE(poll_at(5, 1ULL << 63U));
  EXPECT_FALSE(poll_at(6, 101));
}

TEST(PodPoll, AcceptsOlderListingsWhenItAsksForTheMostRecent) {
  Rig rig;
  rig.poll.on_due(rig.out);
  EXPECT_TRUE(rig.listed(1, rig.called(), list_of({}, 100)));
  rig.out.take();
  rig.poll.on_due(rig.out);
  EXPECT_TRUE(rig.listed(2, rig.called(), list_of({}, 99)));
}

TEST(PodPoll, SwallowsAFailureAndTriesAgainAfterTheInterval) {
  Rig rig;
  rig.poll.on_due(rig.out);
  EXPECT_EQ(rig.listed(5, rig.called(), reply_error(403, "Forbidden")), std::nullopt);
  const auto effects = rig.out.take();
  EXPECT_EQ(only<out::Noted>(effects).at(0).text, "listing executor pods: 403 Forbidden: as the server says");
  EXPECT_EQ(only<out::TimerSet>(effects).at(0).at_us, 5 + 30 * kSecondUs);
}

TEST(PodPoll, StopsItsTimerOrItsCall) {
  Rig armed;
  armed.poll.start(0, armed.out);
  armed.out.take();
  armed.poll.stop(armed.out);
  EXPECT_EQ(only<out::TimerCancelled>(armed.out.take()).at(0).timer, TimerKind::poll);

  Rig listing;
  listing.poll.on_due(listing.out);
  const out::Called call = listing.called();
  listing.poll.stop(listing.out);
  EXPECT_THAT(listing.out.take(), IsEmpty());
  EXPECT_EQ(listing.listed(1, call, list_of({}, 1)), std::nullopt);
  EXPECT_THAT(listing.out.take(), IsEmpty());
}

}  // namespace
}  // namespace podramp::backend::pod_source_test
