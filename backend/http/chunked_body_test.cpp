#include "backend/http/chunked_body.h"

#include <gtest/gtest.h>

#include <utility>

namespace podramp::http::chunked_body_test {
namespace {

using State = ChunkedBody::State;

// What comes of the text when it arrives in pieces of this size; what is left over stays in the buffer.
std::pair<State, std::string> read(std::string_view text, std::size_t piece, std::uint64_t limit = 1000) {
  ChunkedBody chunks(limit);
  std::string buffer;
  while (!text.empty()) {
    buffer += text.substr(0, piece);
    text.remove_prefix(std::min(piece, text.size()));
    buffer.erase(0, chunks.feed(buffer));
  }
  return {chunks.state(), chunks.state() == State::malformed ? chunks.why() : chunks.body()};
}

void expect(std::string_view text, State state, const std::string& what, std::uint64_t limit = 1000) {
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto [got, said] = read(text, piece, limit);
    ASSERT_EQ(got, state) << text << " in pieces of " << piece;
    ASSERT_EQ(said, what) << text << " in pieces of " << piece;
  }
}

TEST(ChunkedBody, ChunksBecomeOneBodyWhereverTheyAreCut) {
  expect("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", State::done, "abcdefg");
  expect("0\r\n\r\n", State::done, "");
  expect("A \r\n0123456789\r\n00\r\nT: u\r\nV: w\r\n\r\n", State::done, "0123456789");
}

TEST(ChunkedBody, ExtensionsAreDroppedEvenOnesWithAnOpenQuote) {
  expect("2;a=\"\r\nab\r\n0;b\r\n\r\n", State::done, "ab");
}

TEST(ChunkedBody, MistakesAreToldApart) {
  expect("x\r\n", State::malformed, "a chunk's size is no number");
  expect("\r\n", State::malformed, "a chunk's size is no number");
  expect("-1\r\n", State::malformed, "a chunk's size is no number");
  expect("2 3\r\n", State::malformed, "a chunk's size is no number");
  expect("2\nab", State::malformed, "a line between chunks does not end in CR LF");
  expect("2;\r;\r\nab", State::malformed, "a line between chunks does not end in CR LF");
  expect("2\r\nabc\r\n", State::malformed, "a chunk is longer than its size");
  expect("0\r\nno header\r\n\r\n", State::malformed, "a trailer is no header");
  expect(std::string(20'000, '1'), State::malformed, "a chunk's head or the trailers are too long");
}

TEST(ChunkedBody, MoreThanTheLimitIsTooLargeBeforeItIsRead) {
  expect("5\r\nabcde\r\n", State::reading, "abcde", 5);
  expect("5\r\nabcde\r\n1\r\n", State::too_large, "abcde", 5);
  expect("fffffffffffffffff\r\n", State::too_large, "");
}

}  // namespace
}  // namespace podramp::http::chunked_body_test
