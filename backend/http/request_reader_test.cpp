#include "backend/http/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::http::request_reader_test {
namespace {

using State = RequestReader::State;

constexpr std::string_view kPost =
    "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;e=f\r\ndefg\r\n0\r\nT: u\r\n\r\n";

// Feeds `bytes` in pieces as sockets do: what is not used comes again with the next piece.
std::string read_in_pieces(RequestReader& reader, std::string_view bytes, std::size_t piece) {
  std::string buffer;
  while (!bytes.empty() && reader.state() != State::done && reader.state() != State::refused) {
    buffer += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    buffer.erase(0, reader.feed(buffer));
  }
  return buffer + std::string(bytes);
}

TEST(RequestReader, EveryCutOfARequestGivesTheSameRequest) {
  for (std::size_t piece = 1; piece <= kPost.size(); ++piece) {
    RequestReader reader(ServerLimits{});
    EXPECT_EQ(read_in_pieces(reader, kPost, piece), "");
    ASSERT_EQ(reader.state(), State::done) << piece;
    EXPECT_TRUE(reader.keeps_alive());
    const Request request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a");
    EXPECT_EQ(request.body, "abcdefg");
    EXPECT_EQ(find_header(request.headers, "host"), "x");
    EXPECT_EQ(reader.state(), State::head);
  }
}

TEST(RequestReader, EveryCutOfAnEmptyChunkedBodyGivesTheSameRequest) {
  constexpr std::string_view kEmpty = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= kEmpty.size(); ++piece) {
    RequestReader reader(ServerLimits{});
    EXPECT_EQ(read_in_pieces(reader, kEmpty, piece), "");
    ASSERT_EQ(reader.state(), State::done) << piece;
    EXPECT_EQ(reader.take().body, "");
  }
}

TEST(RequestReader, StopsBehindOneRequest) {
  RequestReader reader(ServerLimits{});
  EXPECT_EQ(read_in_pieces(reader, "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 ", 1'000), "GET /2 ");
  EXPECT_EQ(reader.state(), State::done);
}

TEST(RequestReader, HeadersThatDripInAreCountedTogether) {
  ServerLimits limits;
  limits.header_bytes = 200;
  RequestReader reader(limits);
  std::string text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 50; ++i) text += "A: b\r\n";
  read_in_pieces(reader, text, 6);
  ASSERT_EQ(reader.state(), State::refused);
  EXPECT_EQ(reader.refusal().status, 431);
}

TEST(RequestReader, AbsoluteTargetsBecomePaths) {
  EXPECT_EQ(origin_form("http://a/b?c"), "/b?c");
  EXPECT_EQ(origin_form("https://a?c"), "/?c");
  EXPECT_EQ(origin_form("http://"), "/");
  EXPECT_EQ(origin_form("/x://y"), "/x://y");
  EXPECT_EQ(origin_form("*"), "*");
}

}  // namespace
}  // namespace podramp::http::request_reader_test
