#include "backend/api_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_pods.h"

namespace podramp::backend::api_calls_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ApiRequest request_of(Verb verb) {
  ApiRequest request;
  request.verb = verb;
  request.ns = "default";
  request.name = "app-exec-1";
  return request;
}

class ApiCallsTest : public ::testing::Test {
 protected:
  out::Called started(CallOwner owner, Verb verb) {
    calls_.start(owner, request_of(verb), out_);
    return called();
  }
  out::Called called() {
    const auto all = only<out::Called>(out_.take());
    EXPECT_THAT(all, SizeIs(1));
    return all.at(0);
  }
  out::TimerSet timer() {
    const auto all = only<out::TimerSet>(out_.take());
    EXPECT_THAT(all, SizeIs(1));
    return all.at(0);
  }
  // The waits between the attempts at a request that always gets this reply, until its owner is told.
  std::vector<DurationUs> waits(Verb verb, const ApiReply& reply) {
    std::vector<DurationUs> found;
    TimeUs now = 1'000;
    out::Called call = started(CallOwner::allocator, verb);
    EXPECT_EQ(call.attempt, 1);
    while (true) {
      const auto completed = calls_.on_reply(now, {call.call, reply}, out_);
      if (completed) {
        EXPECT_EQ(completed->call, call.call);
        EXPECT_EQ(completed->reply.code, reply.code);
        return found;
      }
      const out::TimerSet wait = timer();
      EXPECT_EQ(wait.timer, TimerKind::call_retry);
      found.push_back(wait.at_us - now);
      now = wait.at_us;
      calls_.on_retry_due(wait.arg, out_);
      const CallId before = call.call;
      call = called();
      EXPECT_GT(call.call, before);
      EXPECT_EQ(call.attempt, static_cast<int>(found.size()) + 1);
    }
  }

  ApiCalls calls_{RetryPolicy{}};
  Outbox out_;
};

TEST_F(ApiCallsTest, RetriesTenTimesWithDoublingWaitsUpToThreePointTwoSeconds) {
  const std::vector<DurationUs> found = waits(Verb::get, reply_error(503, "ServiceUnavailable"));
  EXPECT_THAT(found, ElementsAre(100'000, 200'000, 400'000, 800'000, 1'600'000, 3'200'000, 3'200'000, 3'200'000,
                                 3'200'000, 3'200'000));
  DurationUs sum = 0;
  for (const DurationUs wait : found) sum += wait;
  EXPECT_EQ(sum, 19'100'000);
  EXPECT_FALSE(calls_.pending(CallOwner::allocator));
}

TEST_F(ApiCallsTest, WaitsAtLeastAsLongAsRetryAfterSays) {
  ApiReply reply = reply_error(429, "TooManyRequests");
  reply.retry_after_s = 1;
  EXPECT_THAT(waits(Verb::list, reply), ElementsAre(1'000'000, 1'000'000, 1'000'000, 1'000'000, 1'600'000, 3'200'000,
                                                    3'200'000, 3'200'000, 3'200'000, 3'200'000));
}

TEST_F(ApiCallsTest, RetriesEveryVerbAfterTransportFailuresEvenACreate) {
  for (const Transport transport :
       {Transport::refused, Transport::reset, Transport::timed_out, Transport::maybe_committed}) {
    ApiReply reply;
    reply.transport = transport;
    EXPECT_THAT(waits(Verb::create, reply), SizeIs(10));
  }
}

TEST_F(ApiCallsTest, RetriesNoOtherRefusal) {
  for (const int code : {400, 401, 403, 404, 409, 410, 422}) {
    EXPECT_THAT(waits(Verb::create, reply_error(code, "no")), IsEmpty()) << code;
  }
  for (const int code : {429, 500, 502, 503, 504, 599}) {
    EXPECT_THAT(waits(Verb::create, reply_error(code, "later")), SizeIs(10)) << code;
  }
}

TEST_F(ApiCallsTest, ACreateThatWasCommittedAllTheSameEndsWithConflict) {
  const out::Called first = started(CallOwner::allocator, Verb::create);
  ApiReply lost;
  lost.transport = Transport::maybe_committed;
  EXPECT_EQ(calls_.on_reply(0, {first.call, lost}, out_), std::nullopt);
  calls_.on_retry_due(timer().arg, out_);
  const auto completed = calls_.on_reply(200'000, {called().call, reply_error(409, "AlreadyExists")}, out_);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->reply.code, 409);
  EXPECT_EQ(completed->owner, CallOwner::allocator);
}

TEST_F(ApiCallsTest, NeverRetriesAWatch) { EXPECT_THAT(waits(Verb::watch, reply_error(503, "later")), IsEmpty()); }

TEST_F(ApiCallsTest, K84_SendsHoweverManyAreUnderWay) {
  for (int i = 0; i < 100; ++i) (void)started(CallOwner::allocator, Verb::create);
  EXPECT_TRUE(calls_.pending(CallOwner::allocator));
}

TEST_F(ApiCallsTest, TellsOwnersApartAndIgnoresStrangers) {
  const out::Called get = started(CallOwner::lifecycle, Verb::get);
  const out::Called list = started(CallOwner::poll, Verb::list);
  EXPECT_TRUE(calls_.pending(CallOwner::lifecycle));
  const auto completed = calls_.on_reply(5, {list.call, reply_ok()}, out_);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->owner, CallOwner::poll);
  EXPECT_TRUE(calls_.pending(CallOwner::lifecycle));
  EXPECT_FALSE(calls_.pending(CallOwner::poll));
  EXPECT_EQ(calls_.on_reply(6, {list.call, reply_ok()}, out_), std::nullopt);
  EXPECT_EQ(calls_.on_reply(6, {CallId{99}, reply_ok()}, out_), std::nullopt);
  EXPECT_EQ(calls_.on_reply(7, {get.call, reply_ok()}, out_)->owner, CallOwner::lifecycle);
}

TEST_F(ApiCallsTest, AbandonedRequestsAreForgotten) {
  const out::Called flying = started(CallOwner::allocator, Verb::create);
  const out::Called other = started(CallOwner::lifecycle, Verb::get);
  const out::Called waiting = started(CallOwner::allocator, Verb::create);
  EXPECT_EQ(calls_.on_reply(0, {waiting.call, reply_error(500, "InternalError")}, out_), std::nullopt);
  const std::uint64_t logical = timer().arg;
  calls_.abandon(CallOwner::allocator, out_);
  const auto effects = out_.take();
  const auto cancelled = only<out::TimerCancelled>(effects);
  ASSERT_THAT(effects, SizeIs(1));
  ASSERT_THAT(cancelled, SizeIs(1));
  EXPECT_EQ(cancelled[0].arg, logical);
  EXPECT_FALSE(calls_.pending(CallOwner::allocator));
  EXPECT_EQ(calls_.on_reply(1, {flying.call, reply_ok()}, out_), std::nullopt);
  calls_.on_retry_due(logical, out_);
  EXPECT_THAT(out_.take(), IsEmpty());
  EXPECT_EQ(calls_.on_reply(2, {other.call, reply_ok()}, out_)->owner, CallOwner::lifecycle);
}

TEST_F(ApiCallsTest, AnAbandonedWatchThatIsStillOpeningIsReleased) {
  const out::Called watch = started(CallOwner::watch, Verb::watch);
  calls_.abandon(CallOwner::watch, out_);
  const auto released = only<out::WatchReleased>(out_.take());
  ASSERT_THAT(released, SizeIs(1));
  EXPECT_EQ(released[0].watch, watch.call);
}

}  // namespace
}  // namespace podramp::backend::api_calls_test
