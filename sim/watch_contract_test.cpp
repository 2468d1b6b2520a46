#include "sim/watch_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_stream.h"

namespace podramp::sim::watch_contract_test {
namespace {

using testing::HasSubstr;

class WatchContractTest : public testing::Test {
 protected:
  void open(std::uint64_t call, std::uint64_t rv, const std::string& after = "") {
    ApiRequest request;
    request.verb = Verb::watch;
    request.ns = "ns";
    request.resource_version = after;
    request.label_selector = *parse_label_selector("app=etl");
    stream_.add(out::Called{CallId{call}, 1, request});
    ApiReply reply;
    reply.code = 200;
    reply.resource_version = rv;
    stream_.add(in::Replied{CallId{call}, reply});
  }
  static PodPtr pod(std::uint64_t rv, const std::string& app = "etl") {
    Pod made = *stream_pod(1);
    made.name = "p";
    made.resource_version = rv;
    made.own_labels["app"] = app;
    made.uid = fakeapi::uid_text(1);
    return std::make_shared<const Pod>(made);
  }
  // The world changes: the contract is told before the state applies it, as in a run.
  template <class F>
  void happens(const F& fact) {
    stream_.add(fact);
    state_.apply(fact);
  }
  void sees(std::uint64_t call, WatchEventType type, std::uint64_t rv) {
    stream_.add(in::Watched{CallId{call}, {{type, pod(rv)}}});
  }
  std::string violation() const {
    return properties_.violations().empty() ? "" : properties_.violations().front().detail;
  }
  void SetUp() override { contract_.look_at(state_); }

  fakeapi::ClusterState state_;
  Properties properties_{{}};
  WatchContract contract_{properties_};
  Stream stream_{contract_};
};

TEST_F(WatchContractTest, EveryChangeOnceAndInOrderIsFine) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  happens(fact::PodBound{"ns/p", 2, "n"});
  sees(1, WatchEventType::added, 1);
  sees(1, WatchEventType::modified, 2);
  happens(fact::PodGone{"ns/p", 3, "api"});
  sees(1, WatchEventType::deleted, 3);
  EXPECT_EQ(violation(), "");
}

TEST_F(WatchContractTest, AGapIsAViolation) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  happens(fact::PodBound{"ns/p", 2, "n"});
  sees(1, WatchEventType::modified, 2);
  EXPECT_THAT(violation(), HasSubstr("version 2 of ns/p came, 1 was next"));
}

TEST_F(WatchContractTest, ADuplicateIsAViolation) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  sees(1, WatchEventType::added, 1);
  sees(1, WatchEventType::added, 1);
  EXPECT_THAT(violation(), HasSubstr("nothing was next after 1"));
}

TEST_F(WatchContractTest, WhatIsThereAtTheStartComesAsAdded) {
  happens(fact::PodCreated{pod(5)});
  open(1, 6);
  sees(1, WatchEventType::added, 5);
  EXPECT_EQ(violation(), "");
}

TEST_F(WatchContractTest, AResumedWatchMissesNothing) {
  happens(fact::PodCreated{pod(1)});
  happens(fact::PodBound{"ns/p", 2, "n"});
  open(1, 2, "1");
  happens(fact::PodRunning{"ns/p", 3, "10.0.0.1"});
  sees(1, WatchEventType::modified, 3);
  EXPECT_THAT(violation(), HasSubstr("version 3 of ns/p came, 2 was next"));
}

TEST_F(WatchContractTest, ABookmarkBeyondWhatHasComeIsAViolation) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  sees(1, WatchEventType::bookmark, 1);
  EXPECT_THAT(violation(), HasSubstr("a bookmark says 1, but version 1 has not come"));
}

TEST_F(WatchContractTest, PodsOfOthersAreNotMissed) {
  open(1, 0);
  happens(fact::PodCreated{pod(1, "other")});
  sees(1, WatchEventType::bookmark, 1);
  EXPECT_EQ(violation(), "");
}

TEST_F(WatchContractTest, APodThatLosesItsLabelIsStillAnEvent) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  sees(1, WatchEventType::added, 1);
  happens(fact::PodLabelled{"ns/p", 2, {{"app", "other"}}});
  sees(1, WatchEventType::deleted, 2);
  happens(fact::PodBound{"ns/p", 3, "n"});
  sees(1, WatchEventType::bookmark, 3);
  EXPECT_EQ(violation(), "");
}

TEST_F(WatchContractTest, AFaultThatBreaksItOnPurposeEndsTheChecking) {
  open(1, 0);
  happens(fact::PodCreated{pod(1)});
  stream_.add(fault::Fired{"watch.drop", "etl/ns/p"});
  happens(fact::PodBound{"ns/p", 2, "n"});
  sees(1, WatchEventType::modified, 2);
  EXPECT_EQ(violation(), "");
}

}  // namespace
}  // namespace podramp::sim::watch_contract_test
