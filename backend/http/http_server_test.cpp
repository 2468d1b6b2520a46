#include "backend/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backend/http/test_http_client.h"

namespace podramp::http::http_server_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string ask(HttpServer& server, std::string_view request) {
  RawClient client(server);
  client.send(request);
  return client.read_all();
}

constexpr const char* kHost = "Host: x\r\n";

std::string get(std::string_view target, std::string_view more = "Connection: close\r\n") {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + kHost + std::string(more) + "\r\n";
}

TEST(HttpServer, AnswersARequestAndClosesWhenAsked) {
  const auto server = serve_echo();
  const std::string answer = ask(*server, get("/a?b=c"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(body_of(answer), "GET /a?b=c 0");
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  const auto server = serve_echo();
  RawClient client(*server);
  for (int i = 0; i < 3; ++i) {
    client.forget();
    client.send(get("/again", ""));
    EXPECT_THAT(client.read_until("GET /again 0"), Not(HasSubstr("Connection:")));
  }
  EXPECT_EQ(server->connections(), 1U);
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrderEvenWhenTheClientHasEndedItsSide) {
  const auto server = serve_echo();
  RawClient client(*server);
  client.send(get("/1", "") + get("/2", "") + "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  client.end_sending();
  const std::string all = client.read_all();
  const std::size_t one = all.find("GET /1 0");
  const std::size_t two = all.find("GET /2 0");
  const std::size_t three = all.find("POST /3 2");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST(HttpServer, ReadsAheadOnlySoFarWhileARequestWaits) {
  std::vector<Responder> waiting;
  ServerLimits limits;
  limits.pipeline_bytes = 1'000;
  const auto server = serve({"127.0.0.1", 0, std::nullopt, limits},
                            [&](const Request&, const Responder& responder) { waiting.push_back(responder); });
  RawClient client(*server);
  client.small_window();
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += get("/", "");
  EXPECT_FALSE(client.send(many));  // it does not take all of eight megabytes
  EXPECT_EQ(waiting.size(), 1U);
  waiting.front().send({200, {}, "now"});
  EXPECT_TRUE(pump(*server, [&] { return waiting.size() == 2; }));
}

TEST(HttpServer, AnAnswerMayComeLaterFromAnotherTurn) {
  std::vector<Responder> waiting;
  const auto server = serve({}, [&](const Request&, const Responder& responder) { waiting.push_back(responder); });
  RawClient client(*server);
  client.send(get("/"));
  client.end_sending();
  ASSERT_TRUE(pump(*server, [&] { return !waiting.empty(); }));
  waiting.front().send({201, {{"X-Evil", "a\r\nSet-Cookie: b"}, {"Bad Name", "x"}}, "late"});
  waiting.front().send({500, {}, "twice"});
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 201 Created"));
  EXPECT_THAT(answer, HasSubstr("X-Evil: a  Set-Cookie: b\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Bad Name")));
  EXPECT_EQ(body_of(answer), "late");
}

TEST(HttpServer, ARequestThatNobodyAnswersGetsA500) {
  const auto server = serve({}, [](const Request&, const Responder&) {});
  EXPECT_THAT(ask(*server, get("/")), StartsWith("HTTP/1.1 500 Internal Server Error"));
}

TEST(HttpServer, HeadHasTheLengthButNoBodyAnd204NeitherOfThem) {
  const auto server = serve({}, [](const Request& request, const Responder& responder) {
    responder.send({request.target == "/none" ? 204 : 200, {}, "four"});
  });
  const std::string head = ask(*server, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_EQ(body_of(head), "");
  const std::string none = ask(*server, get("/none"));
  EXPECT_THAT(none, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(body_of(none), "");
}

TEST(HttpServer, Http10ClosesUnlessItAsksToStay) {
  const auto server = serve_echo();
  EXPECT_EQ(body_of(ask(*server, "GET /old HTTP/1.0\r\n\r\n")), "GET /old 0");
  RawClient client(*server);
  client.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.read_until("GET /old 0"), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(client.is_over());
}

TEST(HttpServer, BodiesComeWholeWhetherChunkedOrNot) {
  std::string body;
  const auto server = serve({}, [&](const Request& request, const Responder& responder) {
    body = request.body;
    responder.send(echo(request));
  });
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  EXPECT_EQ(body_of(ask(*server, head + "Content-Length: 5\r\n\r\nhello")), "POST / 5");
  EXPECT_EQ(body, "hello");
  EXPECT_EQ(
      body_of(ask(*server, head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: r\r\n\r\n")),
      "POST / 5");
  EXPECT_EQ(body, "abcde");
}

TEST(HttpServer, AClientThatAsksFirstIsToldToContinueOnce) {
  const auto server = serve_echo();
  RawClient client(*server);
  const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n";
  client.send(head + "Content-Length: 4\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("bo");
  pump_for(*server, Milliseconds(5));
  client.send("dy");
  EXPECT_THAT(client.read_all(), EndsWith("PUT / 4"));
  // One whose body would be too large is not.
  EXPECT_THAT(ask(*server, head + "Content-Length: 99999999999\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServer, TargetsInAbsoluteFormLoseTheirHost) {
  const auto server = serve_echo();
  EXPECT_EQ(body_of(ask(*server, get("http://example.com:80/api?x=http://y"))), "GET /api?x=http://y 0");
  EXPECT_EQ(body_of(ask(*server, get("https://example.com"))), "GET / 0");
}

TEST(HttpServer, MalformedRequestsGet400AndTheServerLivesOn) {
  const auto server = serve_echo();
  for (const std::string bad :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    const std::string answer = ask(*server, bad);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bad;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bad;
  }
  EXPECT_THAT(ask(*server, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
              StartsWith("HTTP/1.1 501 "));
  EXPECT_EQ(body_of(ask(*server, get("/still"))), "GET /still 0");
}

TEST(HttpServer, TheHandlersOwnWordsMayStandInRefusals) {
  auto server = HttpServer::listen(
      {}, [](const Request&, const Responder&) {},
      [](int status, std::string_view why) {
        return Response{status, {{"Content-Type", "x/y"}}, "<" + std::string(why) + ">"};
      });
  ASSERT_TRUE(server.has_value());
  EXPECT_THAT(ask(**server, "GET / HTTP/1.1\r\n\r\n"), EndsWith("<the request has no Host header>"));
}

TEST(HttpServer, WhatIsTooLargeIsRefusedAndReadByTheClientAllTheSame) {
  ServerLimits limits;
  limits.header_bytes = 1'000;
  limits.body_bytes = 100;
  const auto server = serve_echo(limits);
  EXPECT_THAT(ask(*server, get("/" + std::string(2'000, 'x'))), StartsWith("HTTP/1.1 431 "));
  std::string drip = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 100; ++i) drip += "X-" + std::to_string(i) + ": yyyyyyyyyy\r\n";
  EXPECT_THAT(ask(*server, drip), StartsWith("HTTP/1.1 431 "));
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_THAT(ask(*server, head + "Content-Length: 300000\r\n\r\n" + std::string(300'000, 'x')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(*server, head + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(*server, head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x')),
              StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServer, TooManyConnectionsAreToldSoAndClosed) {
  ServerLimits limits;
  limits.connections = 2;
  const auto server = serve_echo(limits);
  RawClient one(*server);
  RawClient two(*server);
  one.send(get("/1", ""));
  two.send(get("/2", ""));
  one.read_until("GET /1 0");
  two.read_until("GET /2 0");
  EXPECT_THAT(ask(*server, get("/3")), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  one.close();
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 1; }));
  EXPECT_EQ(body_of(ask(*server, get("/4"))), "GET /4 0");
}

TEST(HttpServer, ClientsThatDawdleTimeOut) {
  ServerLimits limits;
  limits.header_time = limits.body_time = limits.idle_time = Milliseconds(60);
  const auto server = serve_echo(limits);
  RawClient silent(*server);
  RawClient loris(*server);
  RawClient half_body(*server);
  RawClient idle(*server);
  loris.send("GET / HTTP/1.1\r\n");
  half_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  idle.send(get("/", ""));
  idle.read_until("GET / 0");
  // One header a moment does not keep it alive.
  for (int i = 0; i < 20 && !loris.is_over(); ++i) {
    if (!loris.send("X: y\r\n")) break;
    pump_for(*server, Milliseconds(10));
  }
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_THAT(loris.read_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(half_body.read_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(idle.read_all(), EndsWith("GET / 0"));
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

TEST(HttpServer, AClientThatDoesNotReadItsAnswerIsCut) {
  ServerLimits limits;
  limits.write_time = Milliseconds(60);
  const auto server = serve({"127.0.0.1", 0, std::nullopt, limits}, [](const Request&, const Responder& responder) {
    responder.send({200, {}, std::string(20 << 20, 'x')});
  });
  RawClient client(*server);
  client.small_window();
  client.send(get("/"));
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 1; }));
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

TEST(HttpServer, ALargeAnswerArrivesWhole) {
  const auto server = serve({}, [](const Request&, const Responder& responder) {
    responder.send({200, {}, std::string(10 << 20, 'x')});
  });
  EXPECT_EQ(body_of(ask(*server, get("/"))).size(), 10U << 20);
}

TEST(HttpServer, RunsUntilADateOrUntilItIsWoken) {
  const auto server = serve_echo();
  const auto begin = Clock::now();
  EXPECT_FALSE(server->run_until(begin + Milliseconds(30)));
  EXPECT_GE(Clock::now() - begin, Milliseconds(30));
  server->wake();
  EXPECT_TRUE(server->run_until(Clock::now() + std::chrono::hours(1)));
  EXPECT_FALSE(server->run_until(Clock::now()));
}

TEST(HttpServer, StopCutsWhatIsOpen) {
  std::vector<Responder> waiting;
  const auto server = serve({}, [&](const Request&, const Responder& responder) { waiting.push_back(responder); });
  RawClient client(*server);
  client.send(get("/"));
  ASSERT_TRUE(pump(*server, [&] { return !waiting.empty(); }));
  server->stop();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
  waiting.front().send({200, {}, "nobody hears it"});
}

TEST(HttpServer, ErrorsOfListeningNameTheAddressAndWhatToDo) {
  const auto server = serve_echo();
  const auto handler = [](const Request&, const Responder&) {};
  const auto taken = HttpServer::listen({"127.0.0.1", server->port(), std::nullopt, {}}, handler);
  EXPECT_EQ(taken.error().message, "cannot listen on 127.0.0.1:" + std::to_string(server->port()) +
                                       ": Address already in use: choose another address or port");
  const auto bad = HttpServer::listen({"nowhere", 1, std::nullopt, {}}, handler);
  EXPECT_EQ(bad.error().message, "cannot listen on nowhere:1: it is no IP address: choose another address or port");
}

TEST(HttpServer, TwoThousandBrokenConnectionsLeaveNothingBehind) {
  const auto server = serve_echo();
  for (int i = 0; i < 2'000; ++i) {
    RawClient client(*server);
    client.send(i % 2 == 0 ? "GET / HT" : get("/", ""));
  }
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

}  // namespace
}  // namespace podramp::http::http_server_test
