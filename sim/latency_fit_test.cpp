#include "sim/latency_fit.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sim/test_runs.h"

namespace podramp::sim::latency_fit_test {

using fakeapi::Latencies;
using fakeapi::LatencyKind;
using fakeapi::LatencyModel;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<DurationUs> samples_of(const LatencyModel& model, std::size_t n) {
  std::vector<DurationUs> samples;
  for (std::size_t i = 0; i < n; ++i) samples.push_back(model.sample(Draw(7, "test", "sample", i)));
  return samples;
}

void expect_near(DurationUs found, DurationUs wanted, int percent) {
  EXPECT_GE(found, wanted - wanted * percent / 100);
  EXPECT_LE(found, wanted + wanted * percent / 100);
}

TEST(LatencyFit, a_lognormal_model_is_found_again) {
  const LatencyFit fit = fit_latency("start", "", samples_of(LatencyModel::lognormal(1'000'000, 300), 2000));
  EXPECT_EQ(fit.model.kind, LatencyKind::lognormal);
  expect_near(fit.model.base_us, 1'000'000, 3);
  EXPECT_NEAR(static_cast<double>(fit.model.sigma_milli), 300, 20);
  EXPECT_LT(fit.error_permille, 40);
}

TEST(LatencyFit, what_no_lognormal_model_fits_becomes_a_table_of_quantiles) {
  std::vector<DurationUs> samples(500, 10'000);
  samples.resize(1000, 2'000'000);
  const LatencyFit fit = fit_latency("start", "", samples);
  EXPECT_EQ(fit.model.kind, LatencyKind::quantiles);
  EXPECT_EQ(fit.p50_us, 10'000);
  EXPECT_EQ(fit.model_p95_us, 2'000'000);
}

TEST(LatencyFit, what_is_only_seen_in_a_sum_gets_what_the_others_leave) {
  Latencies base;
  for (const auto& [name, member] : Latencies::kByName) base.*member = LatencyModel::constant(1'000);
  Observed observed;
  observed.writes.assign(10, 12'000);
  observed.running.assign(10, 500'000);
  const Calibration found = calibrate(observed, base, false);
  ASSERT_EQ(found.fits.size(), 2U);
  EXPECT_EQ(found.fits[0].name, "write");
  EXPECT_EQ(found.fits[0].p50_us, 10'000) << "without request and reply";
  EXPECT_EQ(found.fits[1].name, "start");
  EXPECT_EQ(found.fits[1].p50_us, 498'000) << "without kubelet and status";
  EXPECT_EQ(found.left.size(), 4U);
}

TEST(LatencyFit, a_live_run_says_nothing_of_jvms) {
  Observed observed;
  observed.registered.assign(10, 1'000'000);
  EXPECT_THAT(calibrate(observed, Latencies{}, true).left, testing::Contains(HasSubstr("jvm: a live run has no JVMs")));
}

Observed observed_in(const Scenario& scenario) {
  ObservedPods pods;
  RunOptions run;
  run.engine = EngineKind::fluid;
  run.more_sinks = {&pods};
  EXPECT_TRUE(run_experiment(scenario, run));
  return pods.observed();
}

DurationUs median_of(std::vector<DurationUs> values) {
  EXPECT_FALSE(values.empty());
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Runs with a strange cluster's latencies, calibrates, runs with what was found: drivers see the same as before.
TEST(LatencyFit, a_run_with_the_calibrated_models_looks_to_its_driver_as_the_one_they_came_from) {
  Scenario strange = shipped_scenario("ramp_500.json");
  strange.cluster.latency.write = LatencyModel::lognormal(25'000, 300);
  strange.cluster.latency.bind = LatencyModel::lognormal(150'000, 200);
  strange.cluster.latency.start = LatencyModel::lognormal(4'000'000, 400);
  strange.cluster.latency.jvm = LatencyModel::lognormal(9'000'000, 300);
  const Observed before = observed_in(strange);
  const Calibration found = calibrate(before, Latencies{}, false);
  Scenario again = shipped_scenario("ramp_500.json");
  for (const LatencyFit& fit : found.fits) {
    EXPECT_LT(fit.error_permille, 120) << fit.name;
    for (const auto& [name, member] : Latencies::kByName) {
      if (name == fit.name) again.cluster.latency.*member = fit.model;
    }
  }
  const Observed after = observed_in(again);
  EXPECT_EQ(before.bound.size(), 500U);
  EXPECT_EQ(before.registered.size(), 500U);
  expect_near(median_of(after.writes), median_of(before.writes), 5);
  expect_near(median_of(after.bound), median_of(before.bound), 10);
  expect_near(median_of(after.running), median_of(before.running), 5);
  expect_near(median_of(after.registered), median_of(before.registered), 5);
}

}  // namespace podramp::sim::latency_fit_test
