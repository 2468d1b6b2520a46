// Answers that go on: chunked streams and WebSockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "backend/http/http_server.h"
#include "backend/http/test_http_client.h"

namespace podramp::http::http_streams_test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /watch HTTP/1.1\r\nHost: x\r\n\r\n";

// A server whose every answer is a stream that the test writes.
struct Streaming {
  std::optional<Stream> stream;
  int gone = 0;
  std::unique_ptr<HttpServer> server;

  explicit Streaming(ServerLimits limits = {})
      : server(serve({"127.0.0.1", 0, std::nullopt, limits}, [this](const Request&, const Responder& responder) {
          stream = responder.begin_stream(200, {{"Content-Type", "application/json"}});
          stream->on_gone([this] { ++gone; });
        })) {}
  bool open(RawClient& client, std::string_view request = kGet) {
    client.send(request);
    return pump(*server, [&] { return stream.has_value(); });
  }
};

TEST(HttpStream, ChunksAreSentOneByOneAndTheEndLeavesTheConnectionUsable) {
  Streaming s;
  RawClient client(*s.server);
  ASSERT_TRUE(s.open(client));
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  s.stream->write("{\"type\":\"ADDED\"}\n");
  EXPECT_EQ(body_of(client.read_until("ADDED\"}\n\r\n")), "11\r\n{\"type\":\"ADDED\"}\n\r\n");
  s.stream->write("");
  s.stream->write("x");
  s.stream->end();
  EXPECT_THAT(client.read_until("0\r\n\r\n"), EndsWith("1\r\nx\r\n0\r\n\r\n"));
  EXPECT_FALSE(s.stream->is_open());
  EXPECT_EQ(s.gone, 0);
  s.stream.reset();
  client.forget();
  ASSERT_TRUE(s.open(client));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(HttpStream, Http10GetsBytesUntilTheConnectionEnds) {
  Streaming s;
  RawClient client(*s.server);
  ASSERT_TRUE(s.open(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  s.stream->write("one");
  s.stream->write("two");
  s.stream->end();
  const std::string all = client.read_all();
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_EQ(body_of(all), "onetwo");
}

TEST(HttpStream, HeadOfAStreamHasNoBody) {
  Streaming s;
  RawClient client(*s.server);
  ASSERT_TRUE(s.open(client, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  s.stream->write("x");
  s.stream->end();
  EXPECT_EQ(body_of(client.read_all()), "");
}

TEST(HttpStream, ItsHandlerHearsThatTheClientIsGone) {
  Streaming s;
  for (const bool half : {false, true}) {
    s.stream.reset();
    s.gone = 0;
    RawClient client(*s.server);
    ASSERT_TRUE(s.open(client));
    half ? client.end_sending() : client.close();
    EXPECT_TRUE(pump(*s.server, [&] { return s.gone == 1; }));
    EXPECT_FALSE(s.stream->is_open());
    s.stream->write("to nobody");
    s.stream->end();
  }
}

TEST(HttpStream, AClientThatReadsTooSlowlyIsCut) {
  ServerLimits limits;
  limits.stream_buffer_bytes = 100'000;
  Streaming s(limits);
  RawClient client(*s.server);
  client.small_window();
  ASSERT_TRUE(s.open(client));
  const std::string event(10'000, 'x');
  int written = 0;
  for (; written < 10'000 && s.gone == 0; ++written) {
    s.stream->write(event);
    s.server->run_until(Clock::now());
  }
  EXPECT_EQ(s.gone, 1);
  EXPECT_LT(written, 2'000);  // what the kernel takes is bounded too
  EXPECT_TRUE(pump(*s.server, [&] { return s.server->connections() == 0; }));
}

TEST(HttpStream, SaysHowMuchItsClientHasNotTaken) {
  Streaming s;
  RawClient client(*s.server);
  client.small_window();
  ASSERT_TRUE(s.open(client));
  s.stream->write("little");
  EXPECT_TRUE(pump(*s.server, [&] { return s.stream->waiting() == 0; }));
  const std::string event(10'000, 'x');
  for (int i = 0; i < 2'000 && s.stream->waiting() == 0; ++i) {
    s.stream->write(event);
    s.server->run_until(Clock::now());
  }
  EXPECT_GT(s.stream->waiting(), 0U);
  client.close();
  EXPECT_TRUE(pump(*s.server, [&] { return s.gone == 1; }));
  EXPECT_EQ(s.stream->waiting(), 0U);
}

TEST(HttpStream, ForgettingItCutsTheConnection) {
  Streaming s;
  RawClient client(*s.server);
  ASSERT_TRUE(s.open(client));
  s.stream->write("part");
  client.read_until("part");
  s.stream.reset();
  EXPECT_THAT(client.read_all(), Not(HasSubstr("0\r\n\r\n")));
  EXPECT_TRUE(client.is_over());
}

TEST(HttpStream, ThreeHundredWatchersGetTwoHundredEventsEachInOrder) {
  constexpr int kWatchers = 300;
  constexpr int kEvents = 200;
  std::vector<Stream> streams;
  const auto server = serve(
      {}, [&](const Request&, const Responder& responder) { streams.push_back(responder.begin_stream(200, {})); });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kWatchers; ++i) {
    clients.push_back(std::make_unique<RawClient>(*server));
    clients.back()->send(kGet);
  }
  ASSERT_TRUE(pump(*server, [&] { return streams.size() == kWatchers; }));
  std::string expected;
  for (int event = 0; event < kEvents; ++event) {
    const std::string text = "event " + std::to_string(event) + "\n";
    for (Stream& stream : streams) stream.write(text);
    char size[8];
    std::snprintf(size, sizeof size, "%zx", text.size());
    expected += std::string(size) + "\r\n" + text + "\r\n";
  }
  for (Stream& stream : streams) stream.end();
  for (const auto& client : clients) {
    EXPECT_EQ(body_of(client->read_until("\r\n0\r\n\r\n")), expected + "0\r\n\r\n");
  }
}

// --- WebSocket -----------------------------------------------------------------------------------------------------

constexpr std::string_view kUpgrade =
    "GET /watch HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: v2.example, v1.example\r\n\r\n";

// A client's frame: masked with zeros.
std::string frame(int opcode, const std::string& text) {
  return std::string{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | text.size()), 0, 0, 0, 0} + text;
}

struct Socketing {
  std::optional<WebSocket> socket;
  std::vector<std::string> offered;
  std::vector<std::string> messages;
  int gone = 0;
  std::unique_ptr<HttpServer> server;

  explicit Socketing(ServerLimits limits = {})
      : server(
            serve({"127.0.0.1", 0, std::nullopt, limits}, [this](const Request& request, const Responder& responder) {
              if (!wants_websocket(request)) return responder.send(echo(request));
              offered = offered_protocols(request);
              socket = responder.accept_websocket(offered.empty() ? "" : offered.back());
              socket->on_gone([this] { ++gone; });
              socket->on_message([this](const std::string& text, bool binary) {
                messages.push_back((binary ? "binary " : "text ") + text);
              });
            })) {}
};

// The example of RFC 6455, section 1.3.
TEST(WebSocket, TheHandshakeNamesTheProtocolThatTheHandlerChose) {
  Socketing s;
  RawClient client(*s.server);
  client.send(kUpgrade);
  const std::string answer = client.read_until("\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Protocol: v1.example\r\n"));
  EXPECT_THAT(s.offered, ElementsAre("v2.example", "v1.example"));
}

TEST(WebSocket, MessagesGoBothWays) {
  Socketing s;
  RawClient client(*s.server);
  client.send(std::string(kUpgrade) + frame(1, "early"));  // in the same packet as the request
  ASSERT_TRUE(pump(*s.server, [&] { return !s.messages.empty(); }));
  client.read_until("\r\n\r\n");
  client.forget();
  s.socket->send_text("hello");
  s.socket->send_binary("bits");
  EXPECT_EQ(client.read_until("bits"),
            "\x81\x05hello\x82\x04"
            "bits");
  client.send(frame(2, "later"));
  ASSERT_TRUE(pump(*s.server, [&] { return s.messages.size() == 2; }));
  EXPECT_THAT(s.messages, ElementsAre("text early", "binary later"));
  client.forget();
  client.send(frame(9, "ping"));
  EXPECT_EQ(client.read_until("ping"), "\x8A\x04ping");
}

// fabric8's Vert.x client (Spark 4) asks for one frame at a time, and never gets to the end of a message in pieces.
TEST(WebSocket, ALongMessageIsOneFrame) {
  Socketing s;
  RawClient client(*s.server);
  client.send(kUpgrade);
  ASSERT_TRUE(pump(*s.server, [&] { return s.socket.has_value(); }));
  client.read_until("\r\n\r\n");
  client.forget();
  s.socket->send_text(std::string(20'000, 'x') + "end");
  const std::string got = client.read_until("end");
  ASSERT_GE(got.size(), 4U);
  EXPECT_EQ(got.substr(0, 2), "\x81\x7E") << "the last frame of a text, with a length of two bytes";
  EXPECT_EQ(got.size(), 4U + 20'003U);
}

TEST(WebSocket, CloseSaysWhyAndAGoneClientIsTold) {
  Socketing s;
  RawClient client(*s.server);
  client.send(kUpgrade);
  client.read_until("\r\n\r\n");
  client.forget();
  s.socket->send_text("last");
  s.socket->close(1000, "done");
  EXPECT_EQ(client.read_until("done"), std::string("\x81\x04last\x88\x06\x03\xE8", 10) + "done");
  client.send(frame(8, "\x03\xE8"));
  EXPECT_TRUE(pump(*s.server, [&] { return s.server->connections() == 0; }));
  EXPECT_EQ(s.gone, 0);
  RawClient other(*s.server);
  other.send(kUpgrade);
  other.read_until("\r\n\r\n");
  other.close();
  EXPECT_TRUE(pump(*s.server, [&] { return s.gone == 1; }));
  EXPECT_FALSE(s.socket->is_open());
}

TEST(WebSocket, AClientThatReadsTooSlowlyOrSendsTooMuchIsCut) {
  ServerLimits limits;
  limits.stream_buffer_bytes = 100'000;
  limits.message_bytes = 50;
  Socketing s(limits);
  RawClient slow(*s.server);
  slow.small_window();
  slow.send(kUpgrade);
  ASSERT_TRUE(pump(*s.server, [&] { return s.socket.has_value(); }));
  for (int i = 0; i < 2'000 && s.gone == 0; ++i) {
    s.socket->send_text(std::string(10'000, 'x'));
    s.server->run_until(Clock::now());
  }
  EXPECT_EQ(s.gone, 1);
  RawClient loud(*s.server);
  loud.send(kUpgrade);
  loud.read_until("\r\n\r\n");
  loud.send(frame(1, std::string(60, 'x')));
  EXPECT_TRUE(pump(*s.server, [&] { return s.gone == 2; }));
}

TEST(WebSocket, AHandlerMayRefuseItWithAnOrdinaryAnswer) {
  const auto server =
      serve({}, [](const Request& request, const Responder& responder) { responder.send(echo(request)); });
  RawClient client(*server);
  client.send(kUpgrade);
  EXPECT_THAT(client.read_until("GET /watch 0"), StartsWith("HTTP/1.1 200 OK"));
  client.forget();
  client.send(kGet);
  EXPECT_THAT(client.read_until("GET /watch 0"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(WebSocket, AHandleOutlivesItsServer) {
  std::optional<WebSocket> kept;
  {
    Socketing s;
    RawClient client(*s.server);
    client.send(kUpgrade);
    ASSERT_TRUE(pump(*s.server, [&] { return s.socket.has_value(); }));
    kept = s.socket;
  }
  kept->send_text("to nobody");
  EXPECT_FALSE(kept->is_open());
}

}  // namespace
}  // namespace podramp::http::http_streams_test
