// Each framing against packed texts that the test writes out itself, whole, cut off, bent and too large.
#include "sim/import/byte_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/import/line_reader.h"
#include "sim/import/test_codecs.h"

namespace podramp::sim::byte_stream_test {
namespace {

using testing::HasSubstr;

class TextStream final : public ByteStream {
 public:
  explicit TextStream(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    const std::size_t some = text_.copy(into, std::min<std::size_t>(size, 1000), at_);  // in small pieces
    at_ += some;
    return some;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

ByteStreamPtr text_stream(std::string text) { return std::make_unique<TextStream>(std::move(text)); }

// Several blocks: one that packs well, one that does not.
std::string sample() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"Event\":\"" + std::to_string(i) + "\"}\n";
  std::uint32_t noise = 1;
  for (int i = 0; i < 70'000; ++i) {
    noise = noise * 1'664'525U + 1'013'904'223U;
    text += static_cast<char>(noise >> 24);
  }
  return text;
}

struct Read {
  std::string text;
  bool cut_off = false;
  std::string error;
};

Read all_of(ByteStreamPtr stream) {
  Read read;
  std::string buffer(4096, '\0');
  for (;;) {
    const auto some = stream->read(buffer.data(), buffer.size());
    if (!some) {
      read.error = some.error().message;
      return read;
    }
    if (*some == 0) break;
    read.text.append(buffer, 0, *some);
  }
  read.cut_off = stream->cut_off();
  return read;
}

struct Packing {
  std::string name;
  std::string packed;
  ByteStreamPtr (*unpack)(ByteStreamPtr);
};

std::vector<Packing> packings(const std::string& text) {
  return {{"zstd", zstd_packed(text), zstd_stream},
          {"lz4", lz4_packed(text), lz4_stream},
          {"snappy", snappy_packed(text), snappy_stream},
          {"lzf", lzf_packed(text), lzf_stream}};
}

TEST(ByteStream, EveryFramingGivesTheTextBack) {
  const std::string text = sample();
  for (const Packing& packing : packings(text)) {
    const Read read = all_of(packing.unpack(text_stream(packing.packed)));
    EXPECT_EQ(read.error, "") << packing.name;
    EXPECT_TRUE(read.text == text) << packing.name;
    EXPECT_FALSE(read.cut_off) << packing.name;
  }
}

TEST(ByteStream, SeveralStreamsInARowAreOne) {
  for (std::size_t i = 0; i < 4; ++i) {
    const Packing first = packings("one\n")[i];
    const Packing second = packings("two\n")[i];
    const Read read = all_of(first.unpack(text_stream(first.packed + second.packed)));
    EXPECT_EQ(read.text, "one\ntwo\n") << first.name;
    EXPECT_EQ(read.error, "") << first.name;
  }
}

TEST(ByteStream, AFileThatEndsWithinABlockIsCutOff) {
  const std::string text = sample();
  for (const Packing& packing : packings(text)) {
    const Read read = all_of(packing.unpack(text_stream(packing.packed.substr(0, packing.packed.size() / 2))));
    EXPECT_EQ(read.error, "") << packing.name;
    EXPECT_TRUE(read.cut_off) << packing.name;
    EXPECT_TRUE(text.starts_with(read.text)) << packing.name;
    EXPECT_FALSE(read.text.empty()) << packing.name;
  }
}

TEST(ByteStream, WhatIsNotThatFramingIsRefused) {
  for (const Packing& packing : packings("x")) {
    const Read read = all_of(packing.unpack(text_stream("{\"Event\":\"SparkListenerLogStart\"}\n")));
    EXPECT_THAT(read.error, HasSubstr("is not what")) << packing.name;
  }
}

TEST(ByteStream, BentBlocksAreRefused) {
  std::string lz4 = lz4_packed(std::string(10'000, 'a'));
  lz4[30] = '\x7F';
  EXPECT_THAT(all_of(lz4_stream(text_stream(lz4))).error, HasSubstr("cannot be unpacked"));
  std::string snappy = snappy_packed(std::string(10'000, 'a'));
  snappy[24] = '\x7F';
  EXPECT_THAT(all_of(snappy_stream(text_stream(snappy))).error, HasSubstr("cannot be unpacked"));
  std::string lzf = lzf_packed(std::string(10'000, 'a'));
  lzf[6] = '\x01';
  EXPECT_THAT(all_of(lzf_stream(text_stream(lzf))).error, HasSubstr("cannot be unpacked"));
}

TEST(ByteStream, ABlockThatSaysItIsHugeIsRefusedUnread) {
  const std::string lz4 = "LZ4Block\x25" + little(100) + little(0x7FFFFFFF) + little(0) + std::string(100, 'x');
  EXPECT_THAT(all_of(lz4_stream(text_stream(lz4))).error, HasSubstr("unpacks to 2147483647"));
  const std::string head = std::string("\x82SNAPPY\0", 8) + big(1, 4) + big(1, 4);
  EXPECT_THAT(all_of(snappy_stream(text_stream(head + big(0x7FFFFFFF, 4) + "x"))).error,
              HasSubstr("Snappy block of 2147483647"));
  const std::string bomb = big(5, 4) + "\xFF\xFF\xFF\xFF\x0F";  // five bytes that say 4 GiB
  EXPECT_THAT(all_of(snappy_stream(text_stream(head + bomb))).error, HasSubstr("says it unpacks to 4294967295"));
}

TEST(LineReader, LinesAreNumberedAndTheLastMayHaveNoEnd) {
  LineReader lines(text_stream("one\r\n\nthree"));
  std::string line;
  ASSERT_TRUE(*lines.next(line));
  EXPECT_EQ(line, "one");
  EXPECT_TRUE(lines.complete());
  ASSERT_TRUE(*lines.next(line));
  EXPECT_EQ(line, "");
  ASSERT_TRUE(*lines.next(line));
  EXPECT_EQ(line, "three");
  EXPECT_EQ(lines.number(), 3);
  EXPECT_FALSE(lines.complete());
  EXPECT_FALSE(*lines.next(line));
}

TEST(LineReader, ALineBeyondTheLimitIsRefused) {
  // 65 MiB of one letter are some 8 KB of zstd: a decompression bomb.
  const std::string packed = zstd_packed(std::string(std::size_t{65} << 20, 'a'));
  EXPECT_LT(packed.size(), 20'000U);
  LineReader lines(zstd_stream(text_stream(packed)));
  std::string line;
  EXPECT_EQ(lines.next(line).error().message, "line 1 has more than 64 MiB");
}

}  // namespace
}  // namespace podramp::sim::byte_stream_test
