#include "sim/dashboard/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::sim::feed_test {
namespace {

TEST(Feed, WhoHasNothingGetsTheWholeState) {
  Feed feed("r1");
  EXPECT_EQ(feed.newest(), 0U);
  feed.update({{"head", "<h1>\"a\"</h1>\n"}, {"clock", "1 s"}});
  feed.update({{"clock", "2 s"}});
  EXPECT_EQ(feed.message(0, false),
            "id: r1-2\nevent: state\ndata: {\"head\":\"<h1>\\\"a\\\"</h1>\\n\",\"clock\":\"2 s\"}\n\n");
}

TEST(Feed, AMessageHoldsWhatIsNewerThanTheReadersLast) {
  Feed feed("r1");
  feed.update({{"head", "a"}, {"clock", "1"}, {"quota", "q"}});
  feed.update({{"clock", "2"}});
  feed.update({{"clock", "3"}, {"quota", "r"}});
  EXPECT_EQ(feed.message(1, false), "id: r1-3\nevent: update\ndata: {\"clock\":\"3\",\"quota\":\"r\"}\n\n");
  EXPECT_EQ(feed.message(2, true), "id: r1-3\nevent: end\ndata: {\"clock\":\"3\",\"quota\":\"r\"}\n\n");
}

TEST(Feed, WhatIsTheSameAsBeforeIsNoUpdate) {
  Feed feed("r1");
  feed.update({{"head", "a"}});
  feed.update({{"head", "a"}});
  EXPECT_EQ(feed.newest(), 1U);
}

TEST(Feed, IdsOfOtherRunsAndOtherWordsCountForNothing) {
  Feed feed("r1");
  feed.update({{"head", "a"}});
  EXPECT_EQ(feed.has("r1-1"), 1U);
  for (const char* id : {"", "r1", "r1-", "r1-2", "r2-1", "1", "r1-1x", "r1--1", "r1-99999999999999999999999"}) {
    EXPECT_EQ(feed.has(id), 0U) << id;
  }
}

}  // namespace
}  // namespace podramp::sim::feed_test
