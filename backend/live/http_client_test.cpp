#include "backend/live/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "backend/http/test_certificates.h"
#include "backend/live/test_server_thread.h"

namespace podramp::live::http_client_test {
namespace {

using http::TestCa;
using http::TestFolder;
using http::TestIdentity;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr DurationUs kPatienceUs = 5 * kSecondUs;

bool turn_until(HttpClient& client, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done() && std::chrono::steady_clock::now() < end) client.turn(50 * kMillisecondUs);
  return done();
}

HttpReply ask(HttpClient& client, HttpRequest request) {
  std::optional<HttpReply> answer;
  client.send(std::move(request), {[&](HttpReply reply) { answer = std::move(reply); }});
  EXPECT_TRUE(turn_until(client, [&] { return answer.has_value(); }));
  return answer.value_or(HttpReply{});
}

std::string header(const http::Request& request, std::string_view name) {
  return std::string(http::find_header(request.headers, name).value_or(""));
}

void echo(const http::Request& request, const http::Responder& responder) {
  responder.send({request.method == "PUT" ? 409 : 200,
                  {{"X-Seen", header(request, "X-Say")}},
                  request.method + " " + request.target + " " + request.body + " " + request.certificate});
}

TEST(HttpClient, SendsMethodTargetHeadersAndBody) {
  const ServerThread server(echo);
  HttpClient client;
  const HttpReply got = ask(client, {"GET", server.url() + "/a?b=c", {{"X-Say", "hello"}}, "", kPatienceUs});
  EXPECT_EQ(got.failure, HttpFailure::none);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "GET /a?b=c  ");
  EXPECT_THAT(got.headers, testing::Contains(testing::Pair("x-seen", "hello")));
  const HttpReply put = ask(client, {"PUT", server.url() + "/p", {}, "text", kPatienceUs});
  EXPECT_EQ(put.status, 409);
  EXPECT_EQ(put.body, "PUT /p text ");
  EXPECT_EQ(ask(client, {"DELETE", server.url() + "/d", {}, "options", kPatienceUs}).body, "DELETE /d options ");
  EXPECT_EQ(ask(client, {"POST", server.url() + "/e", {}, "", kPatienceUs}).body, "POST /e  ");
}

TEST(HttpClient, KeepsItsConnectionForTheNextRequest) {
  std::atomic<int> peers = 0;
  std::string last;
  const ServerThread server([&](const http::Request& request, const http::Responder& responder) {
    if (std::exchange(last, request.peer) != request.peer) ++peers;
    responder.send({200, {}, ""});
  });
  HttpClient client;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(client, {"GET", server.url() + "/"}).status, 200);
  EXPECT_EQ(peers, 1);
}

TEST(HttpClient, SaysHowAnExchangeHasFailed) {
  std::vector<http::Responder> kept;
  auto server = std::make_unique<ServerThread>([&](const http::Request& request, const http::Responder& responder) {
    if (request.target == "/late") return kept.push_back(responder);
    http::Stream cut = responder.begin_stream(200, {});
    cut.write("half");
  });
  HttpClient client;
  const std::string url = server->url();
  const HttpReply late = ask(client, {"GET", url + "/late", {}, "", 200 * kMillisecondUs});
  EXPECT_EQ(late.failure, HttpFailure::timed_out);
  EXPECT_TRUE(late.sent);
  const HttpReply reset = ask(client, {"POST", url + "/cut", {}, "x", kPatienceUs});
  EXPECT_EQ(reset.failure, HttpFailure::reset);
  EXPECT_TRUE(reset.sent);
  server->end();
  const HttpReply refused = ask(client, {"GET", url + "/", {}, "", kPatienceUs});
  EXPECT_EQ(refused.failure, HttpFailure::refused);
  EXPECT_FALSE(refused.sent);
  EXPECT_THAT(refused.error, HasSubstr("Failed to connect"));
}

TEST(HttpClient, AStreamIsToldAsItComesAndMayBeCancelled) {
  std::vector<http::Stream> streams;
  std::atomic<int> gone = 0;
  const ServerThread server([&](const http::Request& request, const http::Responder& responder) {
    if (request.target == "/more") {
      streams.front().write("two\n");
      if (streams.size() > 1) streams.back().end();
      return responder.send({200, {}, ""});
    }
    streams.push_back(responder.begin_stream(200, {{"Content-Type", "application/json"}}));
    streams.back().on_gone([&] { ++gone; });
    streams.back().write("one\n");
  });
  HttpClient client;
  std::string heard;
  std::optional<HttpReply> ended;
  const HttpCalls calls{[&](HttpReply reply) { ended = std::move(reply); },
                        [&](int status, const Headers&) { heard += std::to_string(status) + " "; },
                        [&](std::string_view bytes) { heard += bytes; }};
  const HttpId first = client.send({"GET", server.url() + "/watch"}, calls);
  EXPECT_TRUE(turn_until(client, [&] { return heard == "200 one\n"; })) << heard;
  ask(client, {"GET", server.url() + "/more"});
  EXPECT_TRUE(turn_until(client, [&] { return heard == "200 one\ntwo\n"; })) << heard;
  client.cancel(first);
  EXPECT_EQ(client.open(), 0U);
  EXPECT_TRUE(turn_until(client, [&] { return gone == 1; }));
  heard.clear();
  client.send({"GET", server.url() + "/watch"}, calls);
  EXPECT_TRUE(turn_until(client, [&] { return heard == "200 one\n"; })) << heard;
  ask(client, {"GET", server.url() + "/more"});
  EXPECT_TRUE(turn_until(client, [&] { return ended.has_value(); }));
  EXPECT_EQ(ended->failure, HttpFailure::none);
}

// --- TLS -----------------------------------------------------------------------------------------------------------

struct Secure {
  TestFolder folder;
  TestCa ca;
  TestIdentity me = ca.issue({{"O", "team"}, {"CN", "me"}}, "");
  std::unique_ptr<ServerThread> server;

  Secure() {
    const TestIdentity own = ca.issue_server();
    http::ServerConfig config;
    config.tls = {{folder.write("s.crt", own.certificate), folder.write("s.key", own.key),
                   folder.write("ca.crt", ca.certificate())}};
    server = std::make_unique<ServerThread>(echo, std::move(config));
  }
  HttpReply ask_as(TlsIdentity tls) const {
    HttpClient client;
    return ask(client,
               {"GET", server->url() + "/", {}, "", kPatienceUs, std::make_shared<const TlsIdentity>(std::move(tls))});
  }
};

TEST(HttpClient, ChecksTheServersCertificateAndShowsItsOwn) {
  const Secure secure;
  EXPECT_EQ(secure.ask_as({secure.ca.certificate()}).body, "GET /  ");
  EXPECT_EQ(secure.ask_as({secure.ca.certificate(), secure.me.certificate, secure.me.key}).body, "GET /  O=team,CN=me");
  const HttpReply unknown = secure.ask_as({TestCa().certificate()});
  EXPECT_EQ(unknown.failure, HttpFailure::refused);
  EXPECT_FALSE(unknown.sent);
  EXPECT_FALSE(unknown.error.empty());
  TlsIdentity careless;
  careless.insecure = true;
  EXPECT_EQ(secure.ask_as(careless).status, 200);
}

TEST(HttpClient, AnotherServerNameIsCheckedInsteadOfTheHost) {
  const Secure secure;
  EXPECT_EQ(secure.ask_as({secure.ca.certificate(), "", "", "localhost"}).status, 200);
  EXPECT_EQ(secure.ask_as({secure.ca.certificate(), "", "", "kubernetes"}).failure, HttpFailure::refused);
}

TEST(HttpClient, AProxysPasswordIsNotInAnError) {
  HttpClient client;
  HttpRequest request{"GET", "http://example.invalid/", {}, "", kPatienceUs};
  request.proxy = "http://user:canary@127.0.0.1:1";
  const HttpReply reply = ask(client, request);
  EXPECT_EQ(reply.failure, HttpFailure::refused);
  EXPECT_THAT(reply.error, testing::Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace podramp::live::http_client_test
