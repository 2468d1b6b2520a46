#include "backend/pod_names.h"

#include <gtest/gtest.h>

namespace podramp::backend::pod_names_test {
namespace {

TEST(PodNames, TheUniquePartIsSixHexDigitsAndTheClock) {
  EXPECT_EQ(unique_id(0xABC, 0x18F00000001), "000abcf00000001");
  EXPECT_EQ(unique_id(0x1FFFFFF, 0), "ffffff0");
}

TEST(SparkAcceptance, S_G10_ThePrefixBeginsWithALetterForAnyApplicationName) {
  EXPECT_EQ(resource_name_prefix("Spark Pi", "1a2b3c"), "spark-pi-1a2b3c");
  EXPECT_EQ(resource_name_prefix("123 go", "u"), "x23-go-u");
  EXPECT_EQ(resource_name_prefix("--a__b..c--", "u"), "a-b-c-u");
  EXPECT_EQ(resource_name_prefix("-9lives", "u"), "xlives-u");
  EXPECT_EQ(resource_name_prefix("", "9f"), "xf");
  EXPECT_EQ(resource_name_prefix("caf\xC3\xA9", "u"), "caf-u");
  EXPECT_EQ(resource_name_prefix("  Tabs\t", "u"), "tabs-u");
}

TEST(SparkAcceptance, S_G9_TheApplicationsLabelIsCutBeforeItIsTrimmed) {
  EXPECT_EQ(app_name_label("-" + std::string(63, 'a')), std::string(62, 'a'));
  EXPECT_EQ(app_name_label(std::string(63, 'a') + "-"), std::string(63, 'a'));
  EXPECT_EQ(app_name_label(std::string(62, 'a') + "-b"), std::string(62, 'a'));
  EXPECT_EQ(app_name_label("My App!"), "my-app");
  EXPECT_EQ(app_name_label("a b_c"), "a-b-c");
  EXPECT_EQ(app_name_label("---"), "");
}

TEST(SparkAcceptance, S_H6_HostnamesAreAtMost63CharactersAndValid) {
  EXPECT_EQ(executor_hostname("app-exec-1"), "app-exec-1");
  const std::string name = executor_pod_name(std::string(100, 'a'), 17);
  EXPECT_EQ(executor_hostname(name), std::string(55, 'a') + "-exec-17");
  EXPECT_EQ(executor_hostname(name).size(), 63U);
  EXPECT_EQ(executor_hostname("..-a.b..c-exec-1"), "a_b_c-exec-1");
  // The cut falls on a separator, which is stripped.
  EXPECT_EQ(executor_hostname("aaaa." + std::string(55, 'b') + "-exec-1"), std::string(55, 'b') + "-exec-1");
}

TEST(PodNames, PrefixesAreDnsSubdomains) {
  EXPECT_TRUE(is_valid_pod_name_prefix("a"));
  EXPECT_TRUE(is_valid_pod_name_prefix("9a.b-c"));
  EXPECT_FALSE(is_valid_pod_name_prefix("a."));
  EXPECT_FALSE(is_valid_pod_name_prefix(std::string(238, 'a')));
}

TEST(PodNames, EnvironmentNames) {
  EXPECT_TRUE(is_valid_env_name("-._A9"));
  EXPECT_FALSE(is_valid_env_name("9A"));
  EXPECT_FALSE(is_valid_env_name("A=B"));
  EXPECT_FALSE(is_valid_env_name(""));
}

}  // namespace
}  // namespace podramp::backend::pod_names_test
