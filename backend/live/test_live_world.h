// A live run's surroundings: the small API server, a kubeconfig that leads to it, a plan. Only for tests.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "backend/http/test_certificates.h"
#include "backend/live/live_run.h"
#include "backend/live/plan_file.h"
#include "backend/live/test_api_server.h"

namespace podramp::live {

inline std::string kubeconfig_for(const std::string& url, const std::string& user = "token: canary-token") {
  return fmt::format(
      "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
      "clusters: [{{name: k, cluster: {{server: \"{}\"}}}}]\nusers: [{{name: u, user: {{{}}}}}]\n",
      url, user);
}

// One application of so many executors; conf: more settings, `"key":"value",`.
inline std::string live_scenario(int executors, const std::string& conf = "", const std::string& more = "") {
  return fmt::format(R"({{"schema":"podramp/v1","name":"small","applications":[{{"name":"etl","namespace":"spark",)"
                     R"("conf":{{{}"spark.kubernetes.allocation.batch.delay":"1s","spark.executor.instances":"{}"}}}}])"
                     R"({}}})",
                     conf, executors, more);
}

struct LiveWorld {
  http::TestFolder folder;
  TestApiServer server;
  LiveClock clock;
  std::optional<ClusterAccess> access;
  std::optional<ClusterClient> client;
  LivePlan plan;
  RunSettings settings;
  std::string said;

  explicit LiveWorld(const std::string& scenario, bool dry_run = false) {
    Surroundings none;
    none.variable = [](const char*) { return std::nullopt; };
    access.emplace(
        ClusterAccess::open(folder.write("config", kubeconfig_for(server.url())), "", none, clock.zero()).value());
    client.emplace(*access, clock);
    auto read = read_plan(scenario, {"small.json", "r-1", "", dry_run});
    EXPECT_TRUE(read.has_value()) << (read ? "" : to_string(read.error().front()));
    plan = std::move(*read);
    settings.run = "r-1";
    settings.log_path = folder.path() + "/events.jsonl";
    settings.loop.hold_us = 300 * kMillisecondUs;
    settings.loop.stuck_us = 4 * kSecondUs;
    settings.loop.dry_run = dry_run;
    settings.say = [this](const std::string& line) { said += line + "\n"; };
  }
  RunOutcome run() { return run_live(*client, clock, plan, settings); }
  std::string log() const { return read_text_file(settings.log_path).value_or(""); }
  std::size_t requests_that_start_with(const std::string& text) const {
    const auto all = server.requests();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const std::string& one) { return one.starts_with(text); }));
  }
};

}  // namespace podramp::live
