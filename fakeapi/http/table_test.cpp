#include "fakeapi/http/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::table_test {
namespace {

using nlohmann::json;

TEST(Table, AgesAreAsKubectlPrintsThem) {
  const auto age = [](std::int64_t seconds) { return human_duration(seconds * kSecondUs); };
  EXPECT_EQ(age(-5), "<invalid>");
  EXPECT_EQ(age(0), "0s");
  EXPECT_EQ(age(119), "119s");
  EXPECT_EQ(age(120), "2m");
  EXPECT_EQ(age(200), "3m20s");
  EXPECT_EQ(age(11 * 60 + 5), "11m");
  EXPECT_EQ(age(4 * 3600 + 12 * 60), "4h12m");
  EXPECT_EQ(age(30 * 3600), "30h");
  EXPECT_EQ(age(3 * 86400), "3d");
  EXPECT_EQ(age(100 * 86400), "100d");
  EXPECT_EQ(age(3 * 365 * 86400L), "3y");
}

// The cells of the first row of a list.
json first_row(FrontWorld& world, const std::string& path) {
  return world.json_of(world.get(path, kTable))["rows"][0]["cells"];
}

TEST(Table, WhatAPodWaitsForIsItsStatus) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/pods",
             R"({"metadata":{"name":"big"},"spec":{"containers":[{"name":"m","image":"i",)"
             R"("resources":{"requests":{"cpu":"90"}}}]}})");
  world.world.run_until(kMinuteUs);
  EXPECT_EQ(first_row(world, "/api/v1/namespaces/ns/pods")[2], "Pending");
  world.post("/api/v1/namespaces/ns/pods", kPod);
  world.world.run_until(2 * kMinuteUs);
  world.ask(http_request("DELETE", "/api/v1/namespaces/ns/pods/a"));
  EXPECT_EQ(first_row(world, "/api/v1/namespaces/ns/pods")[2], "Terminating");
}

TEST(Table, AnIndexedJobIsKeptAndNobodyRunsIt) {
  FrontWorld world;
  const std::string job =
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"study"},"spec":{"completions":8,)"
      R"("completionMode":"Indexed","template":{"spec":{"restartPolicy":"Never",)"
      R"("containers":[{"name":"tune","image":"i"PLUS}]}}}})";
  const auto with = [&](const std::string& more) {
    return job.substr(0, job.find("PLUS")) + more + job.substr(job.find("PLUS") + 4);
  };
  const std::string jobs = "/apis/batch/v1/namespaces/ns/jobs";
  EXPECT_EQ(world.post(jobs + "?fieldValidation=Strict", with(R"(,"imag":"x")")).status, 400);
  EXPECT_EQ(world.post(jobs + "?fieldValidation=Strict", with("")).status, 201);
  world.world.run_until(kMinuteUs);
  const json row = first_row(world, "/apis/batch/v1/jobs");
  EXPECT_EQ(row[0], "study");
  EXPECT_EQ(row[1], "Running");
  EXPECT_EQ(row[2], "0/8");
  EXPECT_EQ(world.json_of(world.get(jobs + "/study"))["spec"]["completionMode"], "Indexed");
  EXPECT_TRUE(world.json_of(world.get("/api/v1/namespaces/ns/pods"))["items"].empty());
}

TEST(Table, NodesSetsClaimsAndEventsHaveTheirOwnColumns) {
  FrontWorld world;
  world.post("/apis/apps/v1/namespaces/ns/deployments",
             R"({"metadata":{"name":"d"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":)"
             R"({"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"m","image":"i"}]}}}})");
  world.post("/api/v1/namespaces/ns/persistentvolumeclaims",
             R"({"metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],)"
             R"("resources":{"requests":{"storage":"1Gi"}}}})");
  world.world.run_until(kMinuteUs);
  EXPECT_EQ(first_row(world, "/apis/apps/v1/deployments")[1], "2/2");
  EXPECT_EQ(first_row(world, "/apis/apps/v1/replicasets")[1], 2);
  EXPECT_EQ(first_row(world, "/api/v1/persistentvolumeclaims")[1], "Pending");
  EXPECT_EQ(first_row(world, "/api/v1/namespaces/ns/events")[1], "Normal");
  EXPECT_EQ(world.json_of(world.get("/api/v1/events?limit=1", kTable))["rows"].size(), 1U);
}

}  // namespace
}  // namespace podramp::fakeapi::rest::table_test
