#include "fakeapi/http/secrets.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace podramp::fakeapi::rest::secrets_test {
namespace {

using nlohmann::json;

json secret(const std::string& value) { return {{"data", {{"k", value}}}}; }

TEST(SecretVault, AValueHasANameAndIsGivenBack) {
  SecretVault vault;
  json one = {{"stringData", {{"k", "canary"}}}};
  vault.conceal(one, 0);
  EXPECT_FALSE(one.contains("stringData"));
  EXPECT_TRUE(one["data"]["k"].get<std::string>().starts_with("hidden-"));
  json same = secret("Y2FuYXJ5");
  vault.conceal(same, 0);
  EXPECT_EQ(one, same);
  vault.reveal(one);
  EXPECT_EQ(one, secret("Y2FuYXJ5"));
}

TEST(SecretVault, ValuesThatNoSecretHoldsAnyMoreAreForgotten) {
  SecretVault vault;
  json kept = secret("a2VwdA==");
  vault.conceal(kept, 0);
  json gone = secret("Z29uZQ==");
  vault.conceal(gone, 0);
  for (int i = 0; i < 2'000; ++i) {
    json other = secret("other" + std::to_string(i));
    vault.conceal(other, 0);
  }
  json fresh = secret("ZnJlc2g=");  // on its way into the store
  vault.conceal(fresh, kHourUs);
  vault.forget_gone(kHourUs, [&](const auto& look) { look(kept); });
  const auto shown = [&](json one) {
    vault.reveal(one);
    return one["data"]["k"].get<std::string>();
  };
  EXPECT_EQ(shown(kept), "a2VwdA==");
  EXPECT_EQ(shown(fresh), "ZnJlc2g=");
  EXPECT_TRUE(shown(gone).starts_with("hidden-"));
}

}  // namespace
}  // namespace podramp::fakeapi::rest::secrets_test
