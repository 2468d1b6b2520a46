#include "backend/conf_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "backend/conf.h"

namespace podramp::backend::conf_keys_test {
namespace {

constexpr std::array<Compat, 5> kLevels{Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1, Compat::spark_4_2,
                                        Compat::spark_4_4};

TEST(CompatTest, LevelsAreNamedAsUsersWriteThem) {
  EXPECT_EQ(to_text(Compat::spark_4_0), "spark-4.0");
  EXPECT_EQ(from_text<Compat>("spark-3.5"), Compat::spark_3_5);
  EXPECT_EQ(from_text<Compat>("spark-4.4"), Compat::spark_4_4);
  EXPECT_EQ(from_text<Compat>("spark-4.3"), std::nullopt);
  EXPECT_EQ(spark_release(Compat::spark_4_2), 402);
  EXPECT_EQ(spark_version(Compat::spark_4_0), "4.0.0");
}

TEST(ConfKeys, NamesAreUniqueAndFound) {
  std::set<std::string_view> seen;
  for (const KeySpec& key : all_keys()) {
    EXPECT_TRUE(seen.insert(key.name).second) << key.name;
    EXPECT_EQ(find_key(key.name), &key);
    EXPECT_TRUE(key.name.starts_with("spark.")) << key.name;
  }
  EXPECT_EQ(find_key("spark.kubernetes.maxPendingPods"), nullptr);
}

TEST(ConfKeys, EveryKeyThatIsNotModelledSaysWhatHappensInstead) {
  for (const KeySpec& key : all_keys()) {
    const bool needs_note = key.influence != Influence::none && key.influence != Influence::modelled;
    EXPECT_EQ(!key.note.empty(), needs_note) << key.name;
  }
}

TEST(ConfKeys, TheTableHoldsTheWholeOfTheSpecification) {
  const auto count = [](std::string_view prefix) {
    return std::ranges::count_if(all_keys(), [&](const KeySpec& key) { return key.name.starts_with(prefix); });
  };
  EXPECT_EQ(count("spark.kubernetes.allocation."), 9);
  EXPECT_EQ(count("spark.dynamicAllocation."), 12);
  EXPECT_EQ(count("spark.kubernetes."), 95);
}

TEST(ConfKeys, TheLongestFamilyPrefixWins) {
  EXPECT_EQ(find_key_family("spark.kubernetes.authenticate.driver.mounted.oauthTokenFile")->prefix,
            "spark.kubernetes.authenticate.driver.mounted.");
  EXPECT_EQ(find_key_family("spark.executorEnv.HOME")->prefix, "spark.executorEnv.");
  EXPECT_EQ(find_key_family("spark.executorEnv."), nullptr);
  EXPECT_EQ(find_key_family("spark.sql.shuffle.partitions"), nullptr);
}

TEST(ConfKeys, DeprecatedNamesStandForTheirSuccessors) {
  EXPECT_EQ(deprecated_alias_of("spark.yarn.max.executor.failures"), "spark.executor.maxNumFailures");
  EXPECT_EQ(deprecated_alias_of("spark.yarn.executor.failuresValidityInterval"),
            "spark.executor.failuresValidityInterval");
  EXPECT_EQ(deprecated_alias_of("spark.blacklist.killBlacklistedExecutors"),
            "spark.excludeOnFailure.killExcludedExecutors");
  EXPECT_EQ(deprecated_alias_of("spark.executor.cores"), "");
}

struct DefaultRow {
  std::string_view key;
  std::array<std::string_view, 5> by_level;
};

class DefaultsByLevel : public testing::TestWithParam<DefaultRow> {};

TEST_P(DefaultsByLevel, AreThoseOfTheSpecification) {
  const KeySpec* key = find_key(GetParam().key);
  ASSERT_NE(key, nullptr);
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    EXPECT_EQ(key->default_at(kLevels[i]), GetParam().by_level[i]) << to_text(kLevels[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DefaultsByLevel,
    testing::Values(
        DefaultRow{"spark.kubernetes.allocation.batch.size", {"5", "10", "10", "20", "20"}},
        DefaultRow{"spark.kubernetes.executor.checkAllContainers", {"false", "true", "true", "true", "true"}},
        DefaultRow{"spark.kubernetes.allocation.batch.delay", {"1s", "1s", "1s", "1s", "1s"}},
        DefaultRow{"spark.kubernetes.allocation.executor.timeout", {"600s", "600s", "600s", "600s", "600s"}},
        DefaultRow{"spark.kubernetes.executor.apiPollingInterval", {"30s", "30s", "30s", "30s", "30s"}},
        DefaultRow{"spark.speculation.multiplier", {"1.5", "3", "3", "3", "3"}},
        DefaultRow{"spark.speculation.quantile", {"0.75", "0.9", "0.9", "0.9", "0.9"}},
        DefaultRow{"spark.stage.ignoreDecommissionFetchFailure", {"false", "true", "true", "true", "true"}},
        DefaultRow{"spark.executor.memory", {"1g", "1g", "1g", "1g", "1g"}}));

TEST(ConfKeys, EveryAliasStandsForAKeyOfTheTable) {
  for (const KeyAlias& alias : all_key_aliases()) {
    EXPECT_NE(find_key(alias.official), nullptr) << alias.old_name;
    EXPECT_EQ(find_key(alias.old_name), nullptr) << alias.old_name;
  }
}

class EveryLevel : public testing::TestWithParam<Compat> {};

// Each default, written out by hand, is accepted and gives the same settings as leaving it out.
TEST_P(EveryLevel, AcceptsItsOwnDefaultsInEveryKey) {
  StringMap all;
  for (const KeySpec& key : all_keys()) {
    const auto value = key.default_at(GetParam());
    if (value && key.exists_at(GetParam())) all.emplace(key.name, *value);
  }
  const ConfOutcome outcome = make_conf(all, GetParam());
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  for (const ConfWarning& warning : outcome.warnings) ADD_FAILURE() << to_string(warning);
  ASSERT_TRUE(outcome.conf.has_value());
  const ConfOutcome plain = make_conf({}, GetParam());
  ASSERT_TRUE(plain.conf.has_value());
  EXPECT_EQ(outcome.conf->batch_size, plain.conf->batch_size);
  EXPECT_EQ(outcome.conf->creation_timeout_us, plain.conf->creation_timeout_us);
  EXPECT_EQ(outcome.conf->executor_memory_mib, plain.conf->executor_memory_mib);
}

INSTANTIATE_TEST_SUITE_P(Levels, EveryLevel, testing::ValuesIn(kLevels));

class EveryRangedKey : public testing::TestWithParam<std::string_view> {};

// A key with a lower bound rejects the value just below it, and the message names key, bound and value.
TEST_P(EveryRangedKey, RejectsTheValueBelowItsRange) {
  const KeySpec* key = find_key(GetParam());
  ASSERT_NE(key, nullptr);
  const std::int64_t low = *key->range.low;
  const std::int64_t below = key->range.low_open ? low : low - 1;
  StringMap raw{{std::string(key->name), std::to_string(below)}};
  if (key->checked_by_dynamic) raw.emplace("spark.dynamicAllocation.enabled", "true");
  const ConfOutcome outcome = make_conf(raw, Compat::spark_4_4);
  EXPECT_FALSE(outcome.conf.has_value());
  ASSERT_GE(outcome.errors.size(), 1U);
  const auto mine = std::ranges::find(outcome.errors, std::string(key->name), &FieldError::path);
  ASSERT_NE(mine, outcome.errors.end());
  EXPECT_NE(mine->message.find(std::to_string(low)), std::string::npos) << mine->message;
  EXPECT_NE(mine->message.find("must be "), std::string::npos) << mine->message;
}

std::vector<std::string_view> ranged_keys() {
  std::vector<std::string_view> names;
  for (const KeySpec& key : all_keys()) {
    if (key.range.low && !key.range.or_zero) names.push_back(key.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryRangedKey, testing::ValuesIn(ranged_keys()));

class EveryTypedKey : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryTypedKey, RejectsNonsense) {
  const ConfOutcome outcome = make_conf({{std::string(GetParam()), "nonsense"}}, Compat::spark_4_4);
  ASSERT_GE(outcome.errors.size(), 1U);
  EXPECT_EQ(outcome.errors.front().path, GetParam());
  EXPECT_NE(outcome.errors.front().message.find("nonsense"), std::string::npos);
}

std::vector<std::string_view> typed_keys() {
  std::vector<std::string_view> names;
  for (const KeySpec& key : all_keys()) {
    if ((key.type != ValueType::text && key.type != ValueType::list) || !key.range.one_of.empty()) {
      names.push_back(key.name);
    }
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryTypedKey, testing::ValuesIn(typed_keys()));

}  // namespace
}  // namespace podramp::backend::conf_keys_test
