#include "backend/port/reply_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::reply_json_test {
namespace {

using testing::HasSubstr;

constexpr WallZero kZero{};

ApiRequest request(Verb verb, Kind kind = Kind::pod) {
  ApiRequest one;
  one.verb = verb;
  one.kind = kind;
  return one;
}

TEST(ReplyJson, AStatusIsWrittenAndReadBack) {
  ApiReply reply;
  reply.code = 429;
  reply.reason = "TooManyRequests";
  reply.message = "slow down";
  reply.retry_after_s = 3;
  StatusDetails details;
  details.kind = "pods";
  details.name = "p";
  details.causes = {{"", 0, "spec.x", "bad"}};
  const std::string text = status_text(reply, details);
  EXPECT_EQ(text, R"({"apiVersion":"v1","code":429,"details":{"causes":[{"field":"spec.x","message":"bad",)"
                  R"("reason":"FieldValueInvalid"}],"kind":"pods","name":"p","retryAfterSeconds":3},"kind":"Status",)"
                  R"("message":"slow down","metadata":{},"reason":"TooManyRequests","status":"Failure"})");
  const ApiReply back = reply_from_text(request(Verb::get), 429, std::nullopt, text, kZero);
  EXPECT_EQ(back.code, 429);
  EXPECT_EQ(back.reason, "TooManyRequests");
  EXPECT_EQ(back.message, "slow down");
  EXPECT_EQ(back.retry_after_s, 3);
}

TEST(ReplyJson, AListOfPodsIsWrittenAndReadBack) {
  const std::string a = R"({"metadata":{"name":"a","namespace":"n","uid":"1","resourceVersion":"4"}})";
  const std::string text = list_text("Pod", "v1", {a, a}, 9, "next", 5);
  EXPECT_EQ(text, R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"next","remainingItemCount":5,)"
                  R"("resourceVersion":"9"},"items":[)" +
                      a + "," + a + "]}");
  const ApiReply reply = reply_from_text(request(Verb::list), 200, std::nullopt, text, kZero);
  ASSERT_TRUE(reply.list.has_value());
  EXPECT_EQ(reply.list->items.size(), 2U);
  EXPECT_EQ(reply.list->items[0]->resource_version, 4U);
  EXPECT_EQ(reply.resource_version, 9U);
  EXPECT_EQ(reply.continue_token, "next");
  EXPECT_EQ(reply.remaining, 5);
}

TEST(ReplyJson, AListOfAnotherKindGivesManifests) {
  const std::string text = list_text("ConfigMap", "v1", {R"({"metadata":{"name":"m"},"data":{"k":"v"}})"}, 2, "", {});
  const ApiReply reply = reply_from_text(request(Verb::list, Kind::config_map), 200, std::nullopt, text, kZero);
  ASSERT_EQ(reply.manifests.size(), 1U);
  EXPECT_EQ(reply.manifests[0]->data.at("k"), "v");
  EXPECT_FALSE(reply.list.has_value());
}

TEST(ReplyJson, ADeleteThatIsDoneAtOnceIsAStatusAndOneThatWaitsIsThePod) {
  const ApiReply done = reply_from_text(request(Verb::remove), 200, std::nullopt,
                                        R"({"kind":"Status","status":"Success","details":{"name":"p"}})", kZero);
  EXPECT_TRUE(done.ok());
  EXPECT_EQ(done.object, nullptr);
  const ApiReply waits = reply_from_text(request(Verb::remove), 200, std::nullopt,
                                         R"({"kind":"Pod","metadata":{"name":"p","resourceVersion":"8"}})", kZero);
  EXPECT_EQ(waits.object->name, "p");
  EXPECT_EQ(waits.resource_version, 8U);
}

TEST(ReplyJson, AnAnswerWithoutAStatusKeepsItsCodeAndShowsItsText) {
  const ApiReply reply = reply_from_text(request(Verb::get), 502, 4, "<html>\nBad Gateway</html>", kZero);
  EXPECT_EQ(reply.code, 502);
  EXPECT_EQ(reply.reason, "InternalError");
  EXPECT_EQ(reply.message, "<html> Bad Gateway</html>");
  EXPECT_EQ(reply.retry_after_s, 4);
  const ApiReply odd = reply_from_text(request(Verb::get), 200, std::nullopt, "fine", kZero);
  EXPECT_EQ(odd.code, 500);
  EXPECT_EQ(odd.message, "the server's answer could not be read: the text is not JSON");
}

TEST(ReplyJson, EventsOfAWatchAreWrittenAndReadBack) {
  const std::string pod = R"({"metadata":{"name":"a","uid":"1","resourceVersion":"4"}})";
  const WatchLine line = watch_line_from_text(watch_event_text(WatchEventType::modified, pod), kZero);
  ASSERT_TRUE(line.event.has_value());
  EXPECT_EQ(line.event->type, WatchEventType::modified);
  EXPECT_EQ(line.event->object->name, "a");
  EXPECT_EQ(line.resource_version, 4U);
}

TEST(ReplyJson, K25_TheBookmarkThatEndsTheInitialEventsIsKnownByItsAnnotation) {
  const auto read = [](bool end) {
    return watch_line_from_text(watch_event_text(WatchEventType::bookmark, bookmark_object("Pod", "v1", 12, end)),
                                kZero);
  };
  EXPECT_TRUE(read(true).event->initial_end);
  EXPECT_FALSE(read(false).event->initial_end);
  EXPECT_EQ(read(false).resource_version, 12U);
}

TEST(ReplyJson, AnErrorInAWatchIsItsStatus) {
  ApiReply gone;
  gone.code = 410;
  gone.reason = "Expired";
  gone.message = "too old resource version: 1 (9)";
  const WatchLine line = watch_line_from_text(watch_event_text(WatchEventType::error, status_text(gone)), kZero);
  EXPECT_FALSE(line.event.has_value());
  EXPECT_EQ(line.status.code, 410);
  EXPECT_EQ(line.status.reason, "Expired");
}

TEST(ReplyJson, ALineThatCannotBeReadSaysSo) {
  for (const char* text : {"", "{", "[]", "{}", R"({"type":"ADDED"})", R"({"type":"NEWS","object":{}})",
                           R"({"type":5,"object":{}})", R"({"type":"ADDED","object":[]})"}) {
    const WatchLine line = watch_line_from_text(text, kZero);
    EXPECT_FALSE(line.event.has_value()) << text;
    EXPECT_EQ(line.status.code, 0) << text;
    EXPECT_THAT(line.status.message, HasSubstr("could not be read")) << text;
  }
}

TEST(ReplyJson, BodiesOfRequestsSayWhatTheRequestAsks) {
  ApiRequest one = request(Verb::remove);
  EXPECT_EQ(delete_options_text(one), "");
  one.grace_s = 0;
  one.uid_precondition = "u";
  EXPECT_EQ(delete_options_text(one),
            R"({"apiVersion":"v1","gracePeriodSeconds":0,"kind":"DeleteOptions","preconditions":{"uid":"u"}})");
  const auto back = delete_options_from_text(delete_options_text(one, true));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->grace_s, 0);
  EXPECT_EQ(back->uid, "u");
  EXPECT_TRUE(back->dry_run);
  ApiRequest patch = request(Verb::patch);
  patch.set_labels = {{"spark-exec-inactive", "true"}};
  EXPECT_EQ(patch_text(patch), R"({"metadata":{"labels":{"spark-exec-inactive":"true"}}})");
  patch = request(Verb::patch, Kind::persistent_volume_claim);
  patch.set_bytes = 3LL << 30;
  EXPECT_EQ(patch_text(patch), R"({"spec":{"resources":{"requests":{"storage":"3Gi"}}}})");
}

TEST(ReplyJson, ADeletesBodyThatIsWrongIsAnErrorAndAnEmptyOneAsksForNothing) {
  EXPECT_TRUE(delete_options_from_text("").has_value());
  EXPECT_EQ(delete_options_from_text(R"({"gracePeriodSeconds":"x"})").error().message,
            "gracePeriodSeconds: must be a whole number (got \"x\")");
  EXPECT_FALSE(delete_options_from_text("{").has_value());
}

}  // namespace
}  // namespace podramp::reply_json_test
