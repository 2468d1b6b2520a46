// The memory resize plugin's decisions against 02 7.8, S-K2.
#include "backend/executor_resize.h"

#include <gtest/gtest.h>

namespace podramp::backend::executor_resize_test {
namespace {

constexpr std::int64_t kGigabyte = 1'000'000'000;

using Usage = std::map<std::string, std::vector<ContainerUsage>>;

PodPtr pod(int executor, std::optional<std::int64_t> limit, const std::string& container = "spark-kubernetes-executor",
           bool with_id = true) {
  PodTemplate tmpl;
  tmpl.containers.resize(1);
  tmpl.containers[0].name = container;
  tmpl.containers[0].limits.memory_bytes = limit;
  Pod one;
  one.name = "spark-executor-" + std::to_string(executor);
  one.tmpl = share(std::move(tmpl));
  if (with_id) one.own_labels = {{"spark-exec-id", std::to_string(executor)}};
  return std::make_shared<const Pod>(std::move(one));
}

Usage used(int executor, std::int64_t bytes, const std::string& container = "spark-kubernetes-executor") {
  return {{"spark-executor-" + std::to_string(executor), {{container, bytes}}}};
}

ResizeSettings with_threshold(double threshold) {
  ResizeSettings settings;
  settings.threshold = threshold;
  return settings;
}

std::vector<std::int64_t> sizes(const ResizeDecision& decision) {
  std::vector<std::int64_t> all;
  for (const ResizePatch& patch : decision.patches) all.push_back(patch.to_bytes);
  return all;
}

using Sizes = std::vector<std::int64_t>;

TEST(ExecutorResize, S_K2_an_empty_list_measures_and_patches_nothing) {
  EXPECT_EQ(ExecutorResize::to_measure({}), std::vector<std::string>{});
  EXPECT_EQ(sizes(ExecutorResize({}).decide({}, {})), Sizes{});
}

TEST(ExecutorResize, S_K2_a_pod_without_an_executor_id_is_skipped) {
  const auto nameless = pod(1, kGigabyte, "spark-kubernetes-executor", false);
  EXPECT_EQ(ExecutorResize::to_measure({nameless}), std::vector<std::string>{});
  EXPECT_EQ(sizes(ExecutorResize({}).decide({nameless}, used(1, 950'000'000))), Sizes{});
  EXPECT_EQ(ExecutorResize::to_measure({pod(1, kGigabyte)}), std::vector<std::string>{"spark-executor-1"});
}

TEST(ExecutorResize, S_K2_below_the_threshold_nothing_happens) {
  EXPECT_EQ(sizes(ExecutorResize({}).decide({pod(1, kGigabyte)}, used(1, 500'000'000))), Sizes{});
}

TEST(ExecutorResize, S_K2_exactly_at_the_threshold_nothing_happens) {
  EXPECT_EQ(sizes(ExecutorResize({}).decide({pod(1, kGigabyte)}, used(1, 900'000'000))), Sizes{});
  EXPECT_EQ(sizes(ExecutorResize({}).decide({pod(1, kGigabyte)}, used(1, 900'000'001))), Sizes{1'100'000'000});
}

TEST(ExecutorResize, S_K2_above_the_threshold_request_and_limit_grow_by_a_tenth) {
  const ResizeDecision decision = ExecutorResize({}).decide({pod(1, kGigabyte)}, used(1, 950'000'000));
  EXPECT_EQ(
      decision.patches,
      (std::vector<ResizePatch>{{"spark-executor-1", "spark-kubernetes-executor", "1", kGigabyte, 1'100'000'000}}));
}

TEST(ExecutorResize, S_K2_a_pod_without_a_memory_limit_is_skipped) {
  EXPECT_EQ(sizes(ExecutorResize({}).decide({pod(1, std::nullopt)}, used(1, 500'000'000))), Sizes{});
}

TEST(ExecutorResize, S_K2_of_several_pods_only_those_above_are_patched) {
  Usage usage = used(1, 500'000'000);
  usage.merge(used(2, 950'000'000));
  const ResizeDecision decision = ExecutorResize({}).decide({pod(1, kGigabyte), pod(2, kGigabyte)}, usage);
  ASSERT_EQ(decision.patches.size(), 1U);
  EXPECT_EQ(decision.patches[0].pod, "spark-executor-2");
}

TEST(ExecutorResize, S_K2_a_lower_threshold_acts_earlier) {
  EXPECT_EQ(sizes(ExecutorResize(with_threshold(0.5)).decide({pod(1, kGigabyte)}, used(1, 600'000'000))),
            Sizes{1'100'000'000});
  EXPECT_EQ(sizes(ExecutorResize(with_threshold(0.9)).decide({pod(1, kGigabyte)}, used(1, 600'000'000))), Sizes{});
}

TEST(ExecutorResize, S_K2_without_the_default_name_the_first_container_counts) {
  const ResizeDecision decision =
      ExecutorResize({}).decide({pod(1, kGigabyte, "custom-executor")}, used(1, 950'000'000, "custom-executor"));
  ASSERT_EQ(decision.patches.size(), 1U);
  EXPECT_EQ(decision.patches[0].container, "custom-executor");
}

TEST(ExecutorResize, S_K2_growth_is_cut_at_the_maximum) {
  ResizeSettings settings;
  settings.max_memory_bytes = 1'050'000'000;
  EXPECT_EQ(sizes(ExecutorResize(settings).decide({pod(1, kGigabyte)}, used(1, 950'000'000))), Sizes{1'050'000'000});
}

TEST(ExecutorResize, S_K2_at_the_maximum_it_is_skipped_and_logged_once_until_the_executor_has_been_gone) {
  ResizeSettings settings;
  settings.max_memory_bytes = kGigabyte;
  ExecutorResize plugin(settings);
  const std::vector<PodPtr> one{pod(1, kGigabyte)};
  const auto notes = [&](const std::vector<PodPtr>& pods) {
    const ResizeDecision decision = plugin.decide(pods, used(1, 950'000'000));
    EXPECT_EQ(sizes(decision), Sizes{});
    return decision.notes.size();
  };
  EXPECT_EQ(notes(one), 1U);
  EXPECT_EQ(notes(one), 0U);
  EXPECT_EQ(notes({}), 0U);
  EXPECT_EQ(notes(one), 1U);
  EXPECT_EQ(notes(one), 0U);
}

TEST(ExecutorResize, APodWithoutMetricsOrWithoutTheMemoryFigureIsLeftAlone) {
  ExecutorResize plugin({});
  EXPECT_EQ(sizes(plugin.decide({pod(1, kGigabyte)}, {})), Sizes{});
  EXPECT_EQ(sizes(plugin.decide({pod(1, kGigabyte)}, {{"spark-executor-1", {}}})), Sizes{});
  EXPECT_EQ(
      sizes(plugin.decide({pod(1, kGigabyte)}, {{"spark-executor-1", {{"spark-kubernetes-executor", std::nullopt}}}})),
      Sizes{});
}

TEST(ExecutorResize, TheNewLimitIsTruncated) {
  EXPECT_EQ(sizes(ExecutorResize({}).decide({pod(1, 1'000'000'009)}, used(1, 950'000'000))), Sizes{1'100'000'009});
}

}  // namespace
}  // namespace podramp::backend::executor_resize_test
