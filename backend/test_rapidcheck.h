// rapidcheck inside a GoogleTest case: a fixed seed, so that a test does the same everywhere, and a number of cases; a
// failure is shrunk and printed with what reproduces it. Only for tests.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>

namespace podramp {

// `property` is a callable whose parameters rapidcheck draws; inside it RC_ASSERT, or draws of its own (*rc::gen::...).
template <class Property>
void check_property(std::uint64_t seed, int cases, Property&& property) {
  rc::detail::TestMetadata metadata;
  metadata.id = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  metadata.description = metadata.id;
  rc::detail::TestParams params;
  params.seed = seed;
  params.maxSuccess = cases;
  const auto result = rc::detail::checkTestable(std::forward<Property>(property), metadata, params);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  ADD_FAILURE() << text.str();
}

}  // namespace podramp
