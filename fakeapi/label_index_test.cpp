#include "fakeapi/label_index.h"

#include <gtest/gtest.h>

#include "backend/port/random.h"

namespace podramp::fakeapi::label_index_test {
namespace {

class LabelIndexTest : public testing::Test {
 protected:
  void apply(const Fact& fact) {
    state_.apply(fact);
    index_.on_fact(fact, state_);
  }
  void create(PodId id, const std::string& ns, const std::string& name, StringMap labels) {
    auto pod = std::make_shared<Pod>();
    pod->name = name;
    pod->ns = ns;
    pod->uid = uid_text(id);
    pod->resource_version = ++rv_;
    pod->tmpl = share({});
    pod->own_labels = std::move(labels);
    apply(fact::PodCreated{pod});
  }
  std::vector<std::string> names(const std::string& selector) {
    std::vector<std::string> found;
    for (const auto& [name, id] : index_.candidates(state_, parse_label_selector(selector).value()))
      found.push_back(name);
    return found;
  }
  using Names = std::vector<std::string>;

  ClusterState state_;
  LabelIndex index_{0};
  std::uint64_t rv_ = 0;
};

TEST_F(LabelIndexTest, GivesThePodsOfAValueInTheServersOrder) {
  create(1, "b", "x", {{"app", "one"}});
  create(2, "a", "y", {{"app", "one"}});
  create(3, "a", "z", {{"app", "two"}});
  EXPECT_EQ(names("app=one"), (Names{"a/y", "b/x"}));
  EXPECT_EQ(names("role!=x,app=two"), (Names{"a/z"}));
  EXPECT_EQ(names("app=none"), Names{});
  EXPECT_EQ(names("app in (one,two)").size(), 3U) << "no equality: every pod is a candidate";
}

TEST_F(LabelIndexTest, TakesTheRarestValueOfASelector) {
  create(1, "a", "x", {{"role", "executor"}, {"app", "one"}});
  create(2, "a", "y", {{"role", "executor"}, {"app", "two"}});
  EXPECT_EQ(names("role=executor,app=two"), (Names{"a/y"}));
  EXPECT_EQ(names("app=two,role=executor"), (Names{"a/y"}));
}

TEST_F(LabelIndexTest, FollowsCreatesLabelsAndRemovals) {
  EXPECT_EQ(names("app=one"), Names{});
  create(1, "a", "x", {{"app", "one"}});
  create(2, "a", "y", {});
  EXPECT_EQ(names("app=one"), (Names{"a/x"}));
  apply(fact::PodLabelled{"a/y", ++rv_, {{"app", "one"}}});
  apply(fact::PodLabelled{"a/x", ++rv_, {{"app", "two"}}});
  EXPECT_EQ(names("app=one"), (Names{"a/y"}));
  EXPECT_EQ(names("app=two"), (Names{"a/x"}));
  apply(fact::PodGone{"a/y", ++rv_, "api"});
  EXPECT_EQ(names("app=one"), Names{});
}

}  // namespace
}  // namespace podramp::fakeapi::label_index_test
