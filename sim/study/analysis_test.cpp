// Statistics by hand, the front, the ranking, paired seeds, sensitivity: small numbers that can be checked on paper.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/study/sensitivity.h"

namespace podramp::sim::analysis_test {
namespace {

using testing::ElementsAre;

Amount whole(std::int64_t n) { return {n * 1000}; }
const Amount kNever{};

Study study_of(std::size_t objectives, std::int64_t replicates) {
  Study study;
  study.replicates = replicates;
  for (std::size_t i = 0; i < objectives; ++i) {
    study.objectives.push_back({{i == 0 ? "time_to_95_ms" : "requests", *statistic_of("median")}, Goal::minimize});
  }
  return study;
}

Outcome outcome_of(std::int64_t time, std::int64_t requests = 0) {
  Outcome outcome;
  outcome.ended = "quiet";
  outcome.kpis = {{"time_to_95_ms", time}, {"requests", requests}};
  return outcome;
}

TEST(Statistics, AreExactAndNeverIsWorseThanAnyNumber) {
  const std::vector<Amount> four{whole(4), whole(1), whole(3), whole(2)};
  EXPECT_EQ(statistic_of(four, *statistic_of("mean")), Amount{2500});
  EXPECT_EQ(statistic_of(four, *statistic_of("median")), Amount{2500});
  EXPECT_EQ(statistic_of(four, *statistic_of("p50")), whole(2));
  EXPECT_EQ(statistic_of(four, *statistic_of("p99")), whole(4));
  EXPECT_EQ(statistic_of(four, *statistic_of("p75")), whole(3));
  EXPECT_EQ(statistic_of(four, *statistic_of("min")), whole(1));
  EXPECT_EQ(statistic_of(four, *statistic_of("max")), whole(4));
  const std::vector<Amount> once_never{whole(1), kNever, whole(2)};
  EXPECT_EQ(statistic_of(once_never, *statistic_of("median")), whole(2));
  EXPECT_EQ(statistic_of(once_never, *statistic_of("mean")), kNever);
  EXPECT_EQ(statistic_of(once_never, *statistic_of("max")), kNever);
  EXPECT_EQ(statistic_of({whole(1), kNever}, *statistic_of("median")), kNever);
  EXPECT_EQ(statistic_of(std::vector<Amount>{}, *statistic_of("max")), kNever);
  for (const char* none : {"p101", "p", "p9.99", "average", "p100.5"}) EXPECT_FALSE(statistic_of(none)) << none;
}

TEST(Statistics, AreWrittenWithoutTrailingZeros) {
  EXPECT_EQ(amount_text(Amount{12'000}), "12");
  EXPECT_EQ(amount_text(Amount{12'340}), "12.34");
  EXPECT_EQ(amount_text(Amount{-500}), "-0.5");
  EXPECT_EQ(amount_text(kNever), "inf");
}

TEST(Constraints, NeverMeetsNoneAndBoundsAreInclusive) {
  Constraint constraint;
  constraint.at_most = 5;
  EXPECT_TRUE(meets(constraint, whole(5)));
  EXPECT_FALSE(meets(constraint, Amount{5001}));
  EXPECT_FALSE(meets(constraint, kNever));
  constraint.at_least = 5;
  EXPECT_TRUE(meets(constraint, whole(5)));
  EXPECT_FALSE(meets(constraint, whole(4)));
}

TEST(Ranking, TheFrontIsWhatNobodyBeatsAndTheBestIsNearestToBothBests) {
  const Study study = study_of(2, 1);
  // Variants: fast and dear, middling, slow and cheap, beaten by the middling one, never there.
  const Outcomes outcomes{{{0, 0}, outcome_of(10, 100)},
                          {{1, 0}, outcome_of(12, 20)},
                          {{2, 0}, outcome_of(30, 10)},
                          {{3, 0}, outcome_of(13, 21)},
                          {{4, 0}, outcome_of(-1, 5)}};
  const std::vector<Assessed> ranking = assess(study, outcomes, 5);
  std::vector<std::size_t> order;
  std::vector<std::size_t> front;
  for (const Assessed& one : ranking) {
    order.push_back(one.variant);
    if (one.on_front) front.push_back(one.variant);
  }
  EXPECT_THAT(order, ElementsAre(1, 3, 0, 2, 4));
  EXPECT_THAT(front, ElementsAre(1, 0, 2));
  EXPECT_EQ(ranking[0].score, 2'000'000 / 20 + 10'000'000 / 90);
  EXPECT_FALSE(ranking[4].feasible);
}

TEST(Ranking, AFailedRunMakesAVariantUnfit) {
  const Study study = study_of(1, 2);
  Outcome crashed;
  crashed.exit = 139;
  const Outcomes outcomes{{{0, 0}, outcome_of(1)}, {{0, 1}, crashed}, {{1, 0}, outcome_of(9)}, {{1, 1}, outcome_of(9)}};
  const Verdict verdict = judge(study, outcomes, 2);
  EXPECT_EQ(verdict.recommended, 1U);
  EXPECT_EQ(verdict.ranking[1].failed, 1);
  EXPECT_TRUE(verdict.against_runner_up.empty());
}

TEST(PairedSeeds, TheSignTestIsTheBinomialTail) {
  const Study study = study_of(1, 8);
  Outcomes outcomes;
  for (std::int64_t r = 0; r < 8; ++r) {
    outcomes[{0, r}] = outcome_of(100 + 50 * r);  // seeds differ far more than variants do
    outcomes[{1, r}] = outcome_of(100 + 50 * r + (r == 7 ? -1 : 2));
  }
  const Paired paired = compare_on_seeds(study, outcomes, 0, 0, 1, true);
  EXPECT_EQ(paired.better, 7);
  EXPECT_EQ(paired.worse, 1);
  EXPECT_EQ(paired.p_millionths, 70'313);  // 2 * (1 + 8) / 256
  EXPECT_FALSE(paired.is_told_apart());
  ASSERT_TRUE(paired.has_interval);
  EXPECT_LT(paired.low_milli, -1000);
  EXPECT_LE(paired.high_milli, 0);
  outcomes[{1, 7}] = outcome_of(1000);
  EXPECT_EQ(compare_on_seeds(study, outcomes, 0, 0, 1, false).p_millionths, 7813);  // 2 / 256
}

TEST(PairedSeeds, EqualRunsAreNoEvidence) {
  const Study study = study_of(1, 3);
  Outcomes outcomes;
  for (std::int64_t r = 0; r < 3; ++r) outcomes[{0, r}] = outcomes[{1, r}] = outcome_of(5 + r);
  const Verdict verdict = judge(study, outcomes, 2);
  EXPECT_EQ(verdict.recommended, 0U);
  EXPECT_EQ(verdict.against_runner_up.front().p_millionths, 1'000'000);
  EXPECT_THAT(verdict.not_told_apart, ElementsAre(1U));
}

TEST(SensitivityTest, MainEffectsOfAnAdditiveGridExplainAllOfIt) {
  Study study = study_of(1, 1);
  study.dimensions = {{"a", "a", {"1", "2"}, {}}, {"b", "b", {"x", "y"}, {}}};
  const auto variants = variants_of(study);
  ASSERT_TRUE(variants);
  Outcomes outcomes;
  const std::int64_t times[] = {10, 14, 40, 44};  // a adds 30, b adds 4
  for (std::size_t v = 0; v < 4; ++v) outcomes[{v, 0}] = outcome_of(times[v]);
  const auto all = sensitivities(study, *variants, assess(study, outcomes, 4));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].dimension, 0U);
  EXPECT_EQ(all[0].share_permille, 983);  // 900 / (900 + 16)
  EXPECT_EQ(all[1].share_permille, 17);
  EXPECT_EQ(all[0].effects[0].mean_milli, 12'000);
  EXPECT_EQ(all[0].effects[1].mean_milli, 42'000);
}

}  // namespace
}  // namespace podramp::sim::analysis_test
