// The client against a small API server on loopback: answers, failures, watches, credentials.
#include "backend/live/cluster_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/http/test_certificates.h"
#include "backend/live/test_api_server.h"

namespace podramp::live::cluster_client_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct World {
  http::TestFolder folder;
  TestApiServer server;
  LiveClock clock;
  std::optional<ClusterAccess> access;
  std::optional<ClusterClient> client;

  explicit World(const std::string& user = "token: secret", std::string url = "") {
    if (url.empty()) url = server.url();
    const std::string path = folder.write(
        "config",
        fmt::format("current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
                    "clusters: [{{name: k, cluster: {{server: \"{}\"}}}}]\nusers: [{{name: u, user: {{{}}}}}]\n",
                    url, user));
    Surroundings none;
    none.variable = [](const char*) { return std::nullopt; };
    access.emplace(ClusterAccess::open(path, "", none, clock.zero()).value());
    client.emplace(*access, clock);
  }

  // The next so many inputs, in order.
  std::vector<Input> hear(std::size_t count) {
    const TimeUs end = clock.now() + 5 * kSecondUs;
    while (arrived_.size() < count && clock.now() < end) {
      for (Delivery& delivery : client->turn(50 * kMillisecondUs)) arrived_.push_back(std::move(delivery.input));
    }
    EXPECT_GE(arrived_.size(), count);
    arrived_.resize(std::max(arrived_.size(), count));
    std::vector<Input> heard(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
    arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
    return heard;
  }
  ApiReply reply_to(const ApiRequest& request) {
    client->call(0, {++last_}, request);
    const auto heard = hear(1);
    const auto* replied = std::get_if<in::Replied>(&heard.front());
    EXPECT_NE(replied, nullptr);
    return replied == nullptr ? ApiReply{} : replied->reply;
  }

 private:
  std::uint64_t last_ = 1000;
  std::vector<Input> arrived_;  // not asked for yet
};

ApiRequest create(const std::string& name) {
  PodTemplate tmpl;
  tmpl.containers.emplace_back();
  tmpl.containers.front().name = "main";
  tmpl.labels = {{"app", "x"}};
  auto pod = std::make_shared<Pod>();
  pod->name = name;
  pod->ns = "spark";
  pod->tmpl = share(std::move(tmpl));
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = "spark";
  request.body = std::move(pod);
  return request;
}

ApiRequest all_pods(Verb verb) {
  ApiRequest request;
  request.verb = verb;
  request.ns = "spark";
  request.label_selector = parse_label_selector("app=x").value();
  return request;
}

TEST(ClusterClient, AnswersBecomeReplies) {
  World world;
  const ApiReply made = world.reply_to(create("a"));
  EXPECT_EQ(made.code, 201);
  ASSERT_NE(made.object, nullptr);
  EXPECT_EQ(made.object->uid, "uid-1");
  const ApiReply again = world.reply_to(create("a"));
  EXPECT_EQ(again.code, 409);
  EXPECT_EQ(again.reason, "AlreadyExists");
  const ApiReply list = world.reply_to(all_pods(Verb::list));
  ASSERT_TRUE(list.list.has_value());
  EXPECT_EQ(list.list->items.size(), 1U);
  EXPECT_EQ(list.resource_version, 102U);
  EXPECT_EQ(world.client->ask(all_pods(Verb::list)).resource_version, 102U);
}

TEST(ClusterClient, AWatchOpensTellsEventsInOrderAndEnds) {
  World world;
  world.client->call(3, {1}, all_pods(Verb::watch));
  EXPECT_EQ(std::get<in::Replied>(world.hear(1).front()).reply.code, 200);
  world.client->call(3, {2}, create("a"));
  std::vector<WatchEventType> types;
  while (types.size() < 2) {  // and the create's answer somewhere between
    const std::vector<Input> heard = world.hear(1);
    if (world.clock.now() > 10 * kSecondUs) break;
    const auto* watched = std::get_if<in::Watched>(&heard.front());
    for (const WatchEvent& event : watched == nullptr ? std::vector<WatchEvent>{} : watched->events) {
      types.push_back(event.type);
    }
  }
  EXPECT_THAT(types, ElementsAre(WatchEventType::added, WatchEventType::modified));
  world.server.cut_watches();
  Input last = world.hear(1).front();
  if (std::holds_alternative<in::Replied>(last)) last = world.hear(1).front();  // the create's answer, if it is late
  const in::WatchClosed closed = std::get<in::WatchClosed>(last);
  EXPECT_EQ(closed.watch, CallId{1});
  EXPECT_EQ(closed.code, 0);
}

TEST(ClusterClient, AnErrorInAWatchClosesItWithItsCode) {
  World world;
  world.client->call(0, {1}, all_pods(Verb::watch));
  world.hear(1);
  world.server.cut_watches(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}})");
  const in::WatchClosed closed = std::get<in::WatchClosed>(world.hear(1).front());
  EXPECT_EQ(closed.code, 410);
  EXPECT_EQ(closed.reason, "old");
  world.client->call(0, {2}, all_pods(Verb::watch));
  world.hear(1);
  world.server.cut_watches("no json");
  EXPECT_THAT(std::get<in::WatchClosed>(world.hear(1).front()).reason, HasSubstr("could not be read"));
}

TEST(ClusterClient, AWatchThatIsRefusedIsAReply) {
  World world;
  world.server.interfere([](const http::Request&) {
    return http::Response{429, {{"Retry-After", "3"}}, R"({"kind":"Status","reason":"TooManyRequests","code":429})"};
  });
  const ApiReply reply = world.reply_to(all_pods(Verb::watch));
  EXPECT_EQ(reply.code, 429);
  EXPECT_EQ(reply.retry_after_s, 3);
}

TEST(ClusterClient, AReleasedCallIsNeverHeardOf) {
  World world;
  world.client->call(0, {1}, all_pods(Verb::watch));
  world.hear(1);
  world.client->release(0, {1});
  world.client->call(0, {2}, create("a"));
  EXPECT_TRUE(std::holds_alternative<in::Replied>(world.hear(1).front()));
  EXPECT_TRUE(world.client->turn(200 * kMillisecondUs).empty());
}

TEST(ClusterClient, ALostAnswerToAWriteMayHaveBeenCommitted) {  // K10
  std::vector<http::Responder> kept;
  ServerThread server([&](const http::Request& request, const http::Responder& responder) {
    if (request.target.find("slow") != std::string::npos) return kept.push_back(responder);
    responder.begin_stream(200, {}).write("{");  // and dropped: the answer is cut
  });
  World world("token: secret", server.url());
  EXPECT_EQ(world.reply_to(create("a")).transport, Transport::maybe_committed);
  EXPECT_EQ(world.reply_to(all_pods(Verb::list)).transport, Transport::reset);
  ApiRequest slow = all_pods(Verb::get);
  slow.name = "slow";
  slow.timeout_us = 100 * kMillisecondUs;
  EXPECT_EQ(world.reply_to(slow).transport, Transport::timed_out);
  slow.verb = Verb::watch;
  const ApiReply unopened = world.reply_to(slow);
  EXPECT_EQ(unopened.transport, Transport::timed_out);
  EXPECT_THAT(unopened.message, HasSubstr("was not opened"));
  server.end();
  const ApiReply refused = world.reply_to(create("b"));
  EXPECT_EQ(refused.transport, Transport::refused);
  EXPECT_EQ(refused.code, 0);
  EXPECT_THAT(refused.message, HasSubstr("Failed to connect"));
}

TEST(ClusterClient, CredentialsThatAreRefusedAreRenewedOnce) {
  const http::TestFolder tokens;
  const std::string file = tokens.write("token", "old");
  World world(fmt::format("tokenFile: \"{}\"", file));
  int refused = 0;
  world.server.interfere([&](const http::Request& request) -> std::optional<http::Response> {
    if (http::find_header(request.headers, "Authorization") == "Bearer new") return std::nullopt;
    ++refused;
    tokens.write("token", "new");
    return http::Response{401, {}, R"({"kind":"Status","reason":"Unauthorized","code":401})"};
  });
  EXPECT_EQ(world.reply_to(create("a")).code, 201);
  EXPECT_EQ(world.client->ask(all_pods(Verb::list)).code, 200);
  EXPECT_EQ(refused, 1);
  world.server.interfere([&](const http::Request&) { return http::Response{401, {}, "{}"}; });
  EXPECT_EQ(world.reply_to(create("b")).code, 401);
  EXPECT_EQ(world.reply_to(all_pods(Verb::watch)).code, 401);
}

}  // namespace
}  // namespace podramp::live::cluster_client_test
