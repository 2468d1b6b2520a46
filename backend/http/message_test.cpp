#include "backend/http/message.h"

#include <gtest/gtest.h>

namespace podramp::http::message_test {
namespace {

TEST(HttpMessage, AHeaderIsFoundWhateverItsCaseAndTheFirstOneCounts) {
  const Headers headers{{"Accept", "a"}, {"accept", "b"}, {"X-Empty", ""}};
  EXPECT_EQ(find_header(headers, "ACCEPT"), "a");
  EXPECT_EQ(find_header(headers, "x-empty"), "");
  EXPECT_EQ(find_header(headers, "Accep"), std::nullopt);
}

}  // namespace
}  // namespace podramp::http::message_test
