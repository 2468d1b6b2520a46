#include "backend/live/base64.h"

#include <gtest/gtest.h>

namespace podramp::live::base64_test {
namespace {

TEST(Base64, ReadsWhatItWrites) {
  for (const std::string bytes : {"", "a", "ab", "abc", "abcd", "\x00\xff\x80 text\n"}) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
  EXPECT_EQ(encode_base64("Man is"), "TWFuIGlz");
  EXPECT_EQ(encode_base64("M"), "TQ==");
}

TEST(Base64, SkipsLineBreaksAndRefusesWhatIsNone) {
  EXPECT_EQ(decode_base64("TWFu\n IGlz\r\n"), "Man is");
  for (const char* text : {"T", "TQ", "TQ=", "TQ===", "T?==", "TQ==TQ=="}) EXPECT_FALSE(decode_base64(text)) << text;
}

}  // namespace
}  // namespace podramp::live::base64_test
